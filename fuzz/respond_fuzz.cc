// Any datagram, by UDP and TCP, while names change: a reply that was kept is the one that would be
// made.
#include <algorithm>
#include <string>
#include <vector>

#include "answer/respond.h"
#include "catalog/registration.h"
#include "require.h"

namespace {

using namespace rollcall;

class World {
 public:
  World() {
    for (const char* const path : {"node/a", "node/b"}) Put(path, Address());
    Put("alias", "a.node.prom.internal");
  }

  // What each name that a question can have hangs on comes, goes and becomes something else, one
  // after the other.
  void Change() {
    switch (++changes_ % 6) {
      case 0:
        return Put("node/a", Address());
      case 1:
        return Erase("node/a");
      case 2:
        return Put("node/a", "alias.prom.internal");
      case 3:
        return Put("alias", "b.node.prom.internal");
      case 4:
        return Put("node/a/below", Address());
      default:
        Erase("node/a/below");
        return Put("alias", changes_ % 12 == 5 ? "10.0.0.300" : "a.node.prom.internal");
    }
  }

  void Ask(std::span<const std::uint8_t> message, bool tcp) {
    answer::Request request;
    request.message = message;
    request.tcp = tcp;
    const answer::Responded made = maker_.Respond(view_, request, expected_);
    request.foreseen = keeper_.Foresee(message);
    keeper_.Await(request.foreseen);
    const answer::Responded said = keeper_.Respond(view_, request, out_);
    REQUIRE(said.outcome == made.outcome && said.rcode == made.rcode && said.size == made.size);
    REQUIRE(said.truncated == made.truncated && said.several == made.several);
    REQUIRE(said.asked == made.asked && said.type == made.type);
    REQUIRE(!said.asked || said.name.wire() == made.name.wire());
    REQUIRE(std::equal(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(said.size),
                       expected_.begin()));
  }

 private:
  void Put(const std::string& path, const std::string& host) {
    const std::string value = R"({"host":")" + host + R"(","port":9100})";
    store::KeyValue kv{.key = "/skydns/internal/prom/" + path, .value = value};
    kv.mod_revision = ++view_.revision;
    view_.tree.BeginPublication(++view_.changes);
    view_.tree.Put(catalog::MakeRegistration("/skydns", kv, nullptr).value());
  }
  void Erase(const std::string& path) {
    view_.tree.BeginPublication(++view_.changes);
    view_.tree.Erase("/skydns/internal/prom/" + path, ++view_.revision);
  }
  static wire::Name Long() {
    wire::Name name = wire::Name::FromText("internal").value();
    for (int i = 0; i < 4; ++i) (void)name.PrependLabel(std::string(54, 'l'));
    return name;
  }
  std::string Address() { return "10.0.0." + std::to_string(view_.changes % 250 + 1); }

  catalog::View view_;
  unsigned changes_ = 0;
  // The SOA of the second, asked in another case, is too much for 512 octets.
  const answer::Zones zones_{{.names = {wire::Name::FromText("prom.internal").value(), Long()}}};
  answer::Responder maker_{zones_, {.nsid = "rollcall"}};
  answer::Responder keeper_{zones_, answer::WithReady({.nsid = "rollcall"}, 1 << 16)};
  std::vector<std::uint8_t> expected_ = std::vector<std::uint8_t>(wire::kMaxMessageSize);
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(wire::kMaxMessageSize);
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  const std::span message(data, size);
  for (const bool tcp : {false, true}) {
    world.Ask(message, tcp);
    world.Ask(message, tcp);
    world.Change();
    world.Ask(message, tcp);
  }
  return 0;
}
