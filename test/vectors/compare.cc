#include "compare.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>
#include <sstream>

#include "case.h"
#include "wire/record.h"

namespace rollcall::vectors {
namespace {

namespace json = boost::json;
using wire::Record;
using wire::Response;

std::vector<std::string> Fields(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> fields;
  for (std::string field; in >> field;) fields.push_back(field);
  return fields;
}

// `*` stands for any field.
bool Matches(const std::string& expected, const std::string& got) {
  const std::vector<std::string> want = Fields(expected);
  const std::vector<std::string> have = Fields(got);
  return std::equal(want.begin(), want.end(), have.begin(), have.end(),
                    [](const std::string& w, const std::string& h) { return w == "*" || w == h; });
}

std::string Join(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += "\n    " + text;
  return joined;
}

// Sections are sets with multiplicity, unless `ordered`.
void CompareSection(const char* label, const json::object& expect, bool ordered,
                    const std::vector<Record>& records, std::vector<std::string>& wrong) {
  const json::value* section = expect.if_contains(label);
  if (section != nullptr && section->is_string()) return;  // "*"
  std::vector<std::string> want;
  if (section != nullptr) want = json::value_to<std::vector<std::string>>(*section);
  std::vector<std::string> got;
  for (const Record& record : records) got.push_back(ToText(record));

  std::vector<std::string> left = got;
  bool equal = want.size() == got.size();
  for (std::size_t i = 0; equal && i < want.size(); ++i) {
    const auto found =
        ordered ? left.begin() : std::find_if(left.begin(), left.end(), [&](const std::string& g) {
          return Matches(want[i], g);
        });
    equal = found != left.end() && Matches(want[i], *found);
    if (equal) left.erase(found);
  }
  if (!equal) {
    wrong.push_back(std::string(label) + " is:" + Join(got) + "\n  expected:" + Join(want));
  }
}

void CompareFlags(const json::object& expect, const Response& reply,
                  std::vector<std::string>& wrong) {
  const json::value* flags = expect.if_contains("flags");
  if (flags == nullptr) return;
  const auto flag = [&](std::string_view name) {
    if (name == "aa") return reply.authoritative;
    if (name == "tc") return reply.truncated;
    if (name == "rd") return reply.recursion_desired;
    if (name == "ra") return reply.recursion_available;
    if (name == "ad") return reply.authentic_data;
    return reply.checking_disabled;
  };
  for (const auto& [name, value] : flags->as_object()) {
    if (flag(name) != value.as_bool()) wrong.push_back("flag " + std::string(name) + " is wrong");
  }
}

void CompareOpt(const json::object& expect, const Response& reply,
                std::vector<std::string>& wrong) {
  const json::value* opt = expect.if_contains("opt");
  if (opt == nullptr) return;
  if (opt->is_null() == reply.has_edns) {
    wrong.push_back(reply.has_edns ? "an OPT record came" : "no OPT record came");
    return;
  }
  if (opt->is_null()) return;
  const json::object& want = opt->as_object();
  const auto differs = [&](const char* name, std::int64_t value) {
    const json::value* found = want.if_contains(name);
    if (found == nullptr) return false;
    return (found->is_bool() ? found->as_bool() : found->to_number<std::int64_t>()) != value;
  };
  if (differs("udp", reply.edns_udp_size)) wrong.push_back("the OPT's size is wrong");
  if (differs("version", reply.edns_version)) wrong.push_back("the OPT's version is wrong");
  if (differs("do", reply.edns_dnssec_ok)) wrong.push_back("the DO bit is wrong");
  if (differs("options", static_cast<std::int64_t>(reply.edns_options.size()))) {
    wrong.push_back("the number of EDNS options is wrong");
  }
}

void CompareCounts(const json::object& expect, const Response& reply, std::size_t size,
                   std::vector<std::string>& wrong) {
  if (const json::value* most = expect.if_contains("max_size")) {
    if (size > most->to_number<std::size_t>()) {
      wrong.push_back("the message has " + std::to_string(size) + " octets");
    }
  }
  const json::value* counts = expect.if_contains("count");
  if (counts == nullptr) return;
  for (const auto& [label, range] : counts->as_object()) {
    const std::size_t count = label == "answer"      ? reply.answer.size()
                              : label == "authority" ? reply.authority.size()
                                                     : reply.additional.size();
    if (count < range.as_array()[0].to_number<std::size_t>() ||
        count > range.as_array()[1].to_number<std::size_t>()) {
      wrong.push_back(std::string(label) + " has " + std::to_string(count) + " records");
    }
  }
}

// The question comes back octet for octet.
bool Echoes(const json::object& question, const Response& reply) {
  if (reply.questions.size() != 1) return false;
  const wire::Question& echoed = reply.questions[0];
  const wire::Name name = NameOf(question.at("name").as_string());
  return echoed.name.view().wire() == name.view().wire() &&
         echoed.type == TypeOf(question.at("type").as_string());
}

}  // namespace

std::vector<std::string> Compare(const json::object& expect, const json::object& question,
                                 const Response& reply, std::size_t size) {
  std::vector<std::string> wrong;
  if (!reply.is_response) wrong.push_back("QR is clear");
  if (reply.id != 0x1234) wrong.push_back("the id is another");
  const std::string rcode = ToText(reply.rcode);
  if (rcode != json::value_to<std::string>(expect.at("rcode"))) {
    wrong.push_back("rcode is " + rcode);
  }
  if (!expect.contains("question_any") && !Echoes(question, reply)) {
    wrong.push_back("the question is not echoed");
  }
  const bool ordered = expect.contains("ordered");
  CompareSection("answer", expect, ordered, reply.answer, wrong);
  CompareSection("authority", expect, ordered, reply.authority, wrong);
  CompareSection("additional", expect, ordered, reply.additional, wrong);
  CompareFlags(expect, reply, wrong);
  CompareOpt(expect, reply, wrong);
  CompareCounts(expect, reply, size, wrong);
  return wrong;
}

}  // namespace rollcall::vectors
