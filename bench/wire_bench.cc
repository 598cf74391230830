// What it costs to read a query and to write a reply.
#include <benchmark/benchmark.h>

#include <array>
#include <deque>
#include <vector>

#include "wire/build_query.h"
#include "wire/decode.h"
#include "wire/encode.h"

namespace {

using namespace rollcall::wire;

constexpr std::string_view kService = "node.prom.internal";

std::vector<std::uint8_t> Ask(Type type) {
  return BuildQuery({Name::FromText(kService).value(), type, Class::kIn},
                    {.id = 7, .edns_udp_size = 4096});
}

Query Parsed(Type type) {
  Query query;
  (void)ParseQuery(Ask(type), query);
  return query;
}

// A service with `count` instances, each with a host name and an address.
struct Instances {
  explicit Instances(std::size_t count) {
    const NameView owner = names.emplace_back(Name::FromText(kService).value());
    for (std::size_t i = 0; i < count; ++i) {
      Name target = Name::FromText(kService).value();
      (void)target.PrependLabel("server" + std::to_string(i));
      const NameView name = names.emplace_back(target);
      answer.push_back({owner, Type::kSrv, 15, Srv{10, 100, 9100, name}});
      additional.push_back({name, Type::kA, 15, A{{10, 0, 0, 1}}});
    }
  }
  std::deque<Name> names;
  std::vector<Record> answer;
  std::vector<Record> additional;
};

void Encode(benchmark::State& state, const Query& query, const Reply& reply, std::size_t max_size) {
  static std::array<std::uint8_t, kMaxMessageSize> out;
  std::size_t size = 0;
  for (auto _ : state) {
    size = EncodeReply(query, reply, {max_size, 1232}, out);
    benchmark::DoNotOptimize(out);
  }
  state.counters["octets"] = static_cast<double>(size);
}

void BM_ParseQuery(benchmark::State& state) {
  const auto message = Ask(Type::kSrv);
  Query query;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ParseQuery(message, query));
    benchmark::DoNotOptimize(query);
  }
}
BENCHMARK(BM_ParseQuery);

void BM_EncodeA(benchmark::State& state) {
  const Query query = Parsed(Type::kA);
  const Record answer[] = {{query.question.name, Type::kA, 15, A{{10, 0, 0, 1}}}};
  Reply reply;
  reply.answer = answer;
  Encode(state, query, reply, 1232);
}
BENCHMARK(BM_EncodeA);

void BM_EncodeNxDomain(benchmark::State& state) {
  const Query query = Parsed(Type::kA);
  const Name zone = Name::FromText("prom.internal").value();
  const Name mname = Name::FromText("ns.dns.prom.internal").value();
  const Name rname = Name::FromText("hostmaster.prom.internal").value();
  const Record authority[] = {{zone, Type::kSoa, 5, Soa{mname, rname, 1, 7200, 1800, 86400, 5}}};
  Reply reply;
  reply.rcode = Rcode::kNxDomain;
  reply.authority = authority;
  Encode(state, query, reply, 1232);
}
BENCHMARK(BM_EncodeNxDomain);

// SRV with glue: few; what UDP holds of many; as many as TCP holds, and more.
void BM_EncodeSrv(benchmark::State& state) {
  const Query query = Parsed(Type::kSrv);
  const Instances instances(static_cast<std::size_t>(state.range(0)));
  Reply reply;
  reply.answer = instances.answer;
  reply.additional = instances.additional;
  Encode(state, query, reply, static_cast<std::size_t>(state.range(1)));
}
BENCHMARK(BM_EncodeSrv)
    ->ArgNames({"instances", "max_size"})
    ->Args({3, 1232})
    ->Args({1300, 1232})
    ->Args({900, 65535})
    ->Args({1300, 65535});

void BM_DecodeSrv(benchmark::State& state) {
  const Instances instances(static_cast<std::size_t>(state.range(0)));
  Reply reply;
  reply.answer = instances.answer;
  reply.additional = instances.additional;
  std::vector<std::uint8_t> message(kMaxMessageSize);
  message.resize(EncodeReply(Parsed(Type::kSrv), reply, {kMaxMessageSize, 1232}, message));
  for (auto _ : state) benchmark::DoNotOptimize(DecodeResponse(message));
}
BENCHMARK(BM_DecodeSrv)->ArgName("instances")->Arg(3)->Arg(900);

}  // namespace
