// Any datagram, by UDP and TCP, while names change: a reply that was kept is the one that would be
// made.
#include <algorithm>
#include <vector>

#include "answer/respond.h"
#include "catalog/registration.h"
#include "require.h"

namespace {

using namespace rollcall;

class World {
 public:
  World() {
    for (const char* const path : {"node/a", "node/b", "alias"}) Put(path);
  }

  void Put(const std::string& path) {
    view_.tree.BeginPublication(++view_.changes);
    const std::string key = "/skydns/internal/prom/" + path;
    const std::string host = path == "alias" ? "a.node.prom.internal" : Address();
    const std::string value = R"({"host":")" + host + R"(","port":9100})";
    store::KeyValue kv{.key = key, .value = value};
    kv.mod_revision = ++view_.revision;
    view_.tree.Put(catalog::MakeRegistration("/skydns", kv, nullptr).value());
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
  std::string Address() { return "10.0.0." + std::to_string(view_.changes % 250 + 1); }

  catalog::View view_;
  const answer::Zones zones_{{.names = {wire::Name::FromText("prom.internal").value()}}};
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
    world.Put("node/a");
    world.Ask(message, tcp);
  }
  return 0;
}
