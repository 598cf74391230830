// GET /api/v1/dns: what the DNS answers, and how large that is on the wire.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>

#include "answer/resolve.h"
#include "base/quote.h"
#include "serving/api/endpoints.h"
#include "serving/api/envelope.h"
#include "serving/api/instance_json.h"
#include "serving/api/names.h"
#include "serving/api/parameters.h"

namespace rollcall::serving::api {
namespace {

namespace json = boost::json;
using wire::Type;

constexpr std::array kTypes = {Type::kA,  Type::kAaaa, Type::kAny, Type::kCname, Type::kMx,
                               Type::kNs, Type::kPtr,  Type::kSoa, Type::kSrv,   Type::kTxt};

struct Budget {
  const char* name;
  std::size_t octets;
  bool edns;
};
constexpr std::array<Budget, 4> kBudgets = {{{"udp_512", 512, false},
                                             {"udp_1232", 1232, true},
                                             {"udp_4096", 4096, true},
                                             {"tcp", wire::kMaxMessageSize, false}}};

std::optional<Type> ReadType(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                  [&](Type type) { return wire::ToText(type) == text; });
  return found == kTypes.end() ? std::nullopt : std::optional(*found);
}

json::array Lines(const std::vector<wire::Record>& records) {
  json::array lines;
  for (const wire::Record& record : records) lines.emplace_back(Text(wire::ToText(record)));
  return lines;
}

std::string_view InWords(std::uint16_t code) {
  if (code == wire::kStaleAnswer) return "Stale Answer";
  if (code == wire::kNotReady) return "Not Ready";
  return "";
}

// One reply, encoded for a client with this budget.
json::object SizeJson(const wire::Question& question, const answer::Answer& said,
                      const Budget& budget, std::vector<std::uint8_t>& out) {
  wire::Query query;
  query.has_question = true;
  query.question = question;
  query.edns.present = budget.edns;
  query.edns.udp_size = static_cast<std::uint16_t>(budget.octets);
  const std::size_t size = wire::EncodeReply(query, said.reply(), {budget.octets, 1232}, out);
  constexpr std::size_t kTcAt = 2;
  constexpr std::size_t kAnswersAt = 6;
  return {{"octets", size},
          {"records", out[kAnswersAt] << 8 | out[kAnswersAt + 1]},
          {"truncated", (out[kTcAt] & 0x02) != 0}};
}

json::array FlagsOf(const answer::Answer& said, bool truncated) {
  json::array flags{"qr"};
  if (said.authoritative) flags.emplace_back("aa");
  if (truncated) flags.emplace_back("tc");
  return flags;
}

json::object AnswerJson(const wire::Question& question, const answer::Answer& said) {
  json::object data{{"name", TextOf(question.name)},       {"type", wire::ToText(question.type)},
                    {"rcode", wire::ToText(said.rcode)},   {"flags", json::array()},
                    {"answer", Lines(said.answer)},        {"authority", Lines(said.authority)},
                    {"additional", Lines(said.additional)}};
  if (said.extended_error) {
    data["ede"] = json::object{{"code", said.extended_error->info_code},
                               {"text", Text(InWords(said.extended_error->info_code))}};
  }
  json::object sizes;
  std::vector<std::uint8_t> out(wire::kMaxMessageSize);
  bool truncated = false;
  for (const Budget& budget : kBudgets) {
    json::object size = SizeJson(question, said, budget, out);
    truncated = size["truncated"].as_bool();
    if (truncated) data["truncated_at"] = budget.name;
    sizes[budget.name] = std::move(size);
  }
  data["flags"] = FlagsOf(said, truncated);
  data["sizes"] = std::move(sizes);
  data["records"] = said.answer.size();
  return data;
}

}  // namespace

Response AnswerDns(const Sources& sources, const Request& request, Publisher::Reader& reader) {
  if (auto ok = CheckParameters(request, {"name", "type"}); !ok) return Failure(ok.error());
  if (request.Parameter("name") == nullptr) {
    return Failure(
        {ErrorCode::kInvalid, "the parameter name is missing: which name is asked for?"});
  }
  const auto name = ReadName(TextParameter(request, "name"));
  if (!name) return Failure(name.error());
  const std::string* const type_text = request.Parameter("type");
  const auto type = type_text == nullptr ? Type::kSrv : ReadType(*type_text);
  if (!type) {
    return Failure({ErrorCode::kInvalid,
                    fmt::format("{} is no type that is answered here: A, AAAA, ANY, CNAME, MX, NS, "
                                "PTR, SOA, SRV and TXT are",
                                Quote(std::string_view(*type_text).substr(0, 64)))});
  }
  const wire::Question question{*name, *type, wire::Class::kIn};
  answer::Answer said;
  const answer::Zone* const zone = sources.zones.Match(*name);
  if (zone == nullptr) {
    said.rcode = wire::Rcode::kRefused;  // or forwarded, which is another's answer
    said.authoritative = false;
    return Success(AnswerJson(question, said));
  }
  answer::Context context;
  context.standing = sources.standing();
  context.now = sources.clock.Now();
  context.wall_now = sources.clock.WallNow();
  const auto view = reader.Enter();
  answer::Resolve(*view, sources.zones, *zone, question, context, said);
  return Success(AnswerJson(question, said));
}

}  // namespace rollcall::serving::api
