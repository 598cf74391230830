#include "wire/types.h"

namespace rollcall::wire {

std::string ToText(Type type) {
  switch (type) {
    case Type::kA:
      return "A";
    case Type::kNs:
      return "NS";
    case Type::kCname:
      return "CNAME";
    case Type::kSoa:
      return "SOA";
    case Type::kPtr:
      return "PTR";
    case Type::kHinfo:
      return "HINFO";
    case Type::kMx:
      return "MX";
    case Type::kTxt:
      return "TXT";
    case Type::kAaaa:
      return "AAAA";
    case Type::kSrv:
      return "SRV";
    case Type::kOpt:
      return "OPT";
    case Type::kDs:
      return "DS";
    case Type::kHttps:
      return "HTTPS";
    case Type::kIxfr:
      return "IXFR";
    case Type::kAxfr:
      return "AXFR";
    case Type::kAny:
      return "ANY";
  }
  return "TYPE" + std::to_string(static_cast<unsigned>(type));
}

std::string ToText(Rcode rcode) {
  switch (rcode) {
    case Rcode::kNoError:
      return "NOERROR";
    case Rcode::kFormErr:
      return "FORMERR";
    case Rcode::kServFail:
      return "SERVFAIL";
    case Rcode::kNxDomain:
      return "NXDOMAIN";
    case Rcode::kNotImp:
      return "NOTIMP";
    case Rcode::kRefused:
      return "REFUSED";
    case Rcode::kBadVers:
      return "BADVERS";
  }
  return "RCODE" + std::to_string(static_cast<unsigned>(rcode));
}

}  // namespace rollcall::wire
