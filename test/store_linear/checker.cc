#include "checker.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace rollcall::linear {
namespace {

// What the register holds after `operation`; none: it cannot have answered so.
std::optional<std::int64_t> Step(std::int64_t state, const Operation& operation) {
  const bool unknown = operation.ended == kNever;
  switch (operation.kind) {
    case Operation::Kind::kRead:
      return unknown || operation.value == state ? std::optional(state) : std::nullopt;
    case Operation::Kind::kWrite:
      return operation.value;
    case Operation::Kind::kCompareAndSet: {
      const bool holds = state == operation.expected;
      if (!unknown && holds != operation.succeeded) return std::nullopt;
      return holds ? operation.value : state;
    }
  }
  return std::nullopt;
}

// Begins and ends in the order of time, as a list that operations are lifted out of once
// their place is chosen, and put back into when it was the wrong one.
class Search {
 public:
  explicit Search(const std::vector<Operation>& history)
      : history_(history), done_((history.size() + 63) / 64) {
    struct Moment {
      std::int64_t time;
      bool is_end;
      std::size_t operation;
    };
    std::vector<Moment> moments;
    for (std::size_t i = 0; i < history.size(); ++i) {
      moments.push_back({history[i].begun, false, i});
      moments.push_back({history[i].ended, true, i});
    }
    // At the same time begins come first: that allows more.
    std::sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) {
      return std::pair(a.time, a.is_end) < std::pair(b.time, b.is_end);
    });
    nodes_.resize(moments.size() + 1);  // the last is the ring's own
    begin_of_.resize(history.size());
    end_of_.resize(history.size());
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      nodes_[i].next = (i + 1) % nodes_.size();
      nodes_[i].previous = (i + nodes_.size() - 1) % nodes_.size();
      if (i == moments.size()) continue;
      nodes_[i].is_end = moments[i].is_end;
      nodes_[i].operation = moments[i].operation;
      (moments[i].is_end ? end_of_ : begin_of_)[moments[i].operation] = i;
    }
  }

  bool Run() {
    std::vector<std::pair<std::size_t, std::int64_t>> chosen;  // operation, state before it
    std::int64_t state = 0;
    std::size_t node = nodes_.back().next;
    while (nodes_.back().next != ring()) {
      const Node& here = nodes_[node];
      if (!here.is_end) {
        const auto next = Step(state, history_[here.operation]);
        if (next && Visit(here.operation, *next)) {
          chosen.emplace_back(here.operation, state);
          state = *next;
          Lift(here.operation);
          node = nodes_.back().next;
        } else {
          node = here.next;
        }
        continue;
      }
      // One ends here that has not been chosen: what was chosen before it was wrong.
      if (chosen.empty()) return false;
      const auto [operation, before] = chosen.back();
      chosen.pop_back();
      state = before;
      done_[operation / 64] &= ~(std::uint64_t{1} << operation % 64);
      Unlift(operation);
      node = nodes_[begin_of_[operation]].next;
    }
    return true;
  }

 private:
  struct Node {
    std::size_t next = 0;
    std::size_t previous = 0;
    bool is_end = false;
    std::size_t operation = 0;
  };
  [[nodiscard]] std::size_t ring() const { return nodes_.size() - 1; }

  // Marks it as done, unless the same have been done before with the same result.
  bool Visit(std::size_t operation, std::int64_t state) {
    done_[operation / 64] |= std::uint64_t{1} << operation % 64;
    if (seen_.emplace(done_, state).second) return true;
    done_[operation / 64] &= ~(std::uint64_t{1} << operation % 64);
    return false;
  }
  void Lift(std::size_t operation) {
    for (const std::size_t node : {begin_of_[operation], end_of_[operation]}) {
      nodes_[nodes_[node].previous].next = nodes_[node].next;
      nodes_[nodes_[node].next].previous = nodes_[node].previous;
    }
  }
  void Unlift(std::size_t operation) {
    for (const std::size_t node : {end_of_[operation], begin_of_[operation]}) {
      nodes_[nodes_[node].previous].next = node;
      nodes_[nodes_[node].next].previous = node;
    }
  }

  const std::vector<Operation>& history_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> begin_of_;
  std::vector<std::size_t> end_of_;
  std::vector<std::uint64_t> done_;
  std::set<std::pair<std::vector<std::uint64_t>, std::int64_t>> seen_;
};

}  // namespace

bool IsLinearizable(const std::vector<Operation>& history) {
  return Search(history).Run();
}

}  // namespace rollcall::linear
