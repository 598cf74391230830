#include "answer/weights.h"

#include <cmath>

namespace rollcall::answer {
namespace {

std::int64_t WeightOf(const catalog::Registration::Service& service) {
  return service.weight == 0 ? 100 : service.weight;
}

// Go's conversion on amd64: through 32 bits, where what does not fit gives a
// number whose low half is 0.
std::uint16_t Low16(double value) {
  if (!(value >= -2147483648.0 && value <= 2147483647.0)) return 0;
  return static_cast<std::uint16_t>(static_cast<std::int32_t>(value));
}

}  // namespace

void Weights::Add(const catalog::Registration::Service& service) {
  std::int64_t& sum = sums_[PriorityOf(service)];
  // Wraps as Go's int does.
  sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) +
                                  static_cast<std::uint64_t>(WeightOf(service)));
}

std::uint16_t Weights::Of(const catalog::Registration::Service& service) const {
  const auto sum = static_cast<double>(sums_.at(PriorityOf(service)));
  if (sum == 0) return 1;
  const double part = 100.0 / sum * static_cast<double>(WeightOf(service));
  const std::uint16_t weight = Low16(std::floor(part));
  return weight == 0 ? 1 : weight;
}

}  // namespace rollcall::answer
