// A question that has been asked before allocates nothing, from octets to octets.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "answer/fixture.h"
#include "answer/respond.h"
#include "wire/build_query.h"

// NOLINTBEGIN(cppcoreguidelines-no-malloc): this is what `new` is made of.
namespace {
std::atomic<std::size_t> g_allocations{0};

void* Allocate(std::size_t size) {
  ++g_allocations;
  void* const memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

// Of the whole test program: all allocations count, whoever makes them.
void* operator new(std::size_t size) {
  return Allocate(size);
}
void* operator new[](std::size_t size) {
  return Allocate(size);
}
// std::stable_sort() asks for its memory in this way.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++g_allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
// NOLINTEND(cppcoreguidelines-no-malloc)

namespace rollcall::answer {
namespace {

using testing::N;
using testing::ResolveTest;
using wire::Rcode;
using wire::Type;

class AllocationTest : public ResolveTest {
 protected:
  // How many allocations the question costs once it has been asked.
  std::size_t AllocationsOf(std::string_view name, Type type, bool tcp, Rcode expected) {
    wire::QueryOptions options;
    options.edns_udp_size = 1232;
    wire::Question question;
    question.name = N(name);
    question.type = type;
    const std::vector<std::uint8_t> message = wire::BuildQuery(question, options);
    Request request;
    request.message = message;
    request.tcp = tcp;
    request.now = context_.now;
    std::size_t before = 0;
    for (int round = 0; round < 3; ++round) {
      before = g_allocations;
      const Responded said = responder_.Respond(view_, request, out_);
      EXPECT_EQ(said.outcome, Outcome::kReply);
      EXPECT_EQ(said.rcode, expected);
    }
    return g_allocations - before;
  }

  Responder responder_{zones_, {}};
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(wire::kMaxMessageSize);
};

TEST_F(AllocationTest, ACountIsKeptAtAll) {
  const std::size_t before = g_allocations;
  EXPECT_NE(std::make_unique<std::string>(100, 'x'), nullptr);
  EXPECT_GE(g_allocations, before + 2);
}

TEST_F(AllocationTest, AQuestionAskedBeforeAllocatesNothing) {
  for (int i = 0; i < 3; ++i) {
    PutHost("test/z/node/server-number-" + std::to_string(i), "10.0.0." + std::to_string(i + 1));
  }
  for (int i = 0; i < 500; ++i) {
    Put("test/z/many/i" + std::to_string(i), R"({"host":"10.0.1.1","port":)" + std::to_string(i) +
                                                 R"(,"priority":)" + std::to_string(1 + i % 5) +
                                                 R"(,"ttl":)" + std::to_string(60 + i) + "}");
  }
  PutHost("test/z/odd/Mixed/Case", "10.0.0.4");
  PutHost("test/z/odd/mixed/dot.ted", "10.0.0.5");
  PutHost("test/z/alias", "node.z.test");
  PutHost("test/z/targets/a", "node.z.test");
  PutHost("test/z/targets/b", "outside.example");
  Put("test/z/text", R"({"text":"one text that is longer than any small string"})");
  Put("test/z/broken", "{");
  PutOwned("test/z/node/owned-and-lost", "10.0.0.6", std::nullopt);
  PutOwned("test/z/node/owned-and-well", "10.0.0.7", model::Health::kPassing);
  PutMark(model::Area::kMaintenance, "@server-number-2-with-a-long-name", {});
  PutHost("test/z/dns/ns/ns1", "10.0.0.9");

  struct Row {
    const char* name;
    Type type;
    bool tcp = false;
    Rcode rcode = Rcode::kNoError;
  };
  for (const Row& row : {
           Row{"server-number-1.node.z.test", Type::kA},
           Row{"SERVER-number-1.nOde.z.test", Type::kA},
           Row{"server-number-1.node.z.test", Type::kAaaa},
           Row{"node.z.test", Type::kSrv},
           Row{"node.z.test", Type::kSrv, true},
           Row{"_healthy.node.z.test", Type::kSrv},
           Row{"_healthy.server-number-1.node.z.test", Type::kA},
           Row{"many.z.test", Type::kSrv},
           Row{"many.z.test", Type::kSrv, true},
           Row{"many.z.test", Type::kA, true},
           Row{"targets.z.test", Type::kSrv},
           Row{"alias.z.test", Type::kA},
           Row{"alias.z.test", Type::kCname},
           Row{"alias.z.test", Type::kPtr},
           Row{"text.z.test", Type::kTxt},
           Row{"*.z.test", Type::kA},
           Row{"node.z.test", Type::kMx},
           Row{"node.z.test", Type::kAny},
           Row{"mixed.odd.z.test", Type::kHinfo},
           Row{"z.test", Type::kNs},
           Row{"z.test", Type::kSoa},
           Row{"z.test", Type::kA},
           Row{"nowhere.z.test", Type::kSrv, false, Rcode::kNxDomain},
           Row{"broken.z.test", Type::kA, false, Rcode::kServFail},
           Row{"elsewhere.example", Type::kA, false, Rcode::kRefused},
       }) {
    EXPECT_EQ(AllocationsOf(row.name, row.type, row.tcp, row.rcode), 0U)
        << row.name << " " << ToText(row.type) << (row.tcp ? " by tcp" : "");
  }
}

}  // namespace
}  // namespace rollcall::answer
