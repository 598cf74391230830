#include "catalog/tree.h"

#include <absl/hash/hash.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <new>
#include <tuple>
#include <utility>
#include <vector>

namespace rollcall::catalog {
namespace {

// A name in lower case, on the stack.  Length octets are at most 63, so they are
// never taken for letters.
class LowerName {
 public:
  explicit LowerName(std::string_view wire) : size_(wire.size()) {
    std::transform(wire.begin(), wire.end(), wire_.begin(), wire::ToLower);
  }
  [[nodiscard]] std::string_view wire() const { return {wire_.data(), size_}; }

 private:
  std::array<char, wire::kMaxNameSize> wire_;
  std::size_t size_;
};

// The key that KeyOf() makes of a name.
std::string PlainKey(std::string_view prefix, std::string_view wire) {
  std::string key(prefix);
  model::AppendPath(key, wire::NameView(wire));
  return key;
}

// The order in which a node holds its registrations.
bool HeldBefore(const RegistrationPtr& a, const RegistrationPtr& b) {
  return std::tie(a->nameless, a->key) < std::tie(b->nameless, b->key);
}

auto FindHeld(auto& held, const Registration* registration) {
  const auto found = std::find_if(held.begin(), held.end(),
                                  [&](const auto& each) { return each.get() == registration; });
  assert(found != held.end());
  return found;
}

}  // namespace

Node::Node(std::string_view wire) : wire_size_(static_cast<std::uint8_t>(wire.size())) {
  std::memcpy(reinterpret_cast<char*>(this + 1), wire.data(), wire.size());
}

Node::Ptr Node::Make(std::string_view wire) {
  void* const memory = ::operator new(sizeof(Node) + wire.size());
  return Ptr(new (memory) Node(wire));
}

void Node::Delete::operator()(Node* node) const {
  node->~Node();
  ::operator delete(node);
}

std::size_t Tree::Hash::operator()(std::string_view wire) const {
  return absl::Hash<std::string_view>()(wire);
}

Tree::Tree() = default;
Tree::~Tree() = default;

std::size_t Tree::TouchStamp(std::string_view wire) {
  const std::size_t hash = Hash()(wire);
  stamps_[StampOf(hash)] = publication_;
  return hash;
}

const Node* Tree::Find(wire::NameView name, Stamp& stamp) const {
  const LowerName lower(name.wire());
  const std::size_t hash = Hash()(lower.wire());
  stamp = StampOf(hash);
  const auto found = nodes_.find(lower.wire(), hash);
  return found == nodes_.end() ? nullptr : found->get();
}

RegistrationPtr Tree::FindKey(std::string_view key) const {
  const auto found = by_key_.find(key);
  return RegistrationPtr(found == by_key_.end() ? nullptr : *found);
}

void Tree::VisitSubtree(const Node& node, bool include_own, Visitor visit) const {
  if (node.stray_count_ > 0) {
    std::vector<const Registration*> found;
    found.reserve(node.count());
    VisitUnordered(node, include_own, [&](const Registration& registration) {
      found.push_back(&registration);
      return true;
    });
    // Mostly they all share one odd spelling, and its order is theirs.
    if (!std::is_sorted(found.begin(), found.end(), KeyLess())) {
      std::sort(found.begin(), found.end(), KeyLess());
    }
    std::all_of(found.begin(), found.end(), [&](const Registration* r) { return visit(*r); });
    return;
  }
  // Without strays all own keys are `KEY` or `KEY/`, before all that is below, and
  // all that is below is in the range.
  if (include_own) {
    for (const RegistrationPtr& own : node.own()) {
      if (!visit(*own)) return;
    }
  }
  std::size_t left = node.count() - node.own().size();
  if (left == 0) return;
  for (auto at = by_key_.lower_bound(RangeBelow(node, '/')); left > 0; ++at) {
    if (node.IsOwn(**at)) continue;  // `KEY/`
    if (!visit(**at)) return;
    --left;
  }
}

void Tree::VisitUnordered(const Node& node, bool include_own, Visitor visit) const {
  for (const RegistrationPtr& held : node.held_) {
    if ((include_own || !node.IsOwn(*held)) && !visit(*held)) return;
  }
  if (!node.has_children()) return;
  const auto begin = by_key_.lower_bound(RangeBelow(node, '/'));
  const auto end = by_key_.lower_bound(RangeBelow(node, '0'));  // the octet behind the slash
  for (auto at = begin; at != end; ++at) {
    if ((*at)->name.size() != node.wire_size_ && !visit(**at)) return;  // else it was held
  }
  if (node.stray_count_ == 0) return;
  const std::string range(RangeBelow(node, '/'));
  for (auto at = strays_.lower_bound(range); at != strays_.end(); ++at) {
    if (!at->first.starts_with(range)) return;
    if (!at->second->key.starts_with(range) && !visit(*at->second)) return;
  }
}

void Tree::VisitFrom(std::string_view key, Visitor visit) const {
  for (auto at = by_key_.lower_bound(key); at != by_key_.end(); ++at) {
    if (!visit(**at)) return;
  }
}

// Borrowed until the next call on this thread: the memory is kept, so that a question
// allocates nothing.
std::string_view Tree::RangeBelow(const Node& node, char last) const {
  thread_local std::string range;
  range = prefix_;
  model::AppendPath(range, node.name());
  range += last;
  return range;
}

template <typename Visit>
void Tree::ForEachName(const Registration& registration, Visit visit) const {
  const LowerName lower(registration.name);
  const std::string_view key = registration.key;
  const std::string plain = PlainKey(prefix_, lower.wire());
  const std::size_t same = static_cast<std::size_t>(
      std::mismatch(plain.begin(), plain.end(), key.begin(), key.end()).first - plain.begin());

  // `size`: of the plain key of the name at hand, which is a prefix of `plain`.
  std::size_t size = plain.size();
  for (wire::NameView name(lower.wire());; name = name.Parent()) {
    const bool stray = size > same || (size < key.size() && key[size] != '/');
    visit(Step{name.wire(), name.size() == registration.name.size(), stray});
    if (name.IsRoot()) return;
    size = plain.rfind('/', size - 1);
  }
}

void Tree::Put(RegistrationPtr registration) {
  if (by_key_.empty()) prefix_ = registration->key.substr(0, registration->prefix_size);
  const auto old = by_key_.find(registration->key);
  if (old == by_key_.end()) return Insert(std::move(registration));
  Replace(**old, std::move(registration));
}

void Tree::Insert(RegistrationPtr registration) {
  ForEachName(*registration, [&](const Step& step) {
    auto found = nodes_.find(step.wire, TouchStamp(step.wire));
    if (found == nodes_.end()) found = nodes_.insert(Node::Make(step.wire)).first;
    Node& node = **found;
    ++node.count_;
    node.stray_count_ += step.stray ? 1 : 0;
    node.changed_ = std::max(node.changed_, registration->mod_revision);
    node.touched_ = publication_;
    if (!step.holder) return;
    const auto place =
        std::upper_bound(node.held_.begin(), node.held_.end(), registration, HeldBefore);
    node.held_.insert(place, registration);
    node.nameless_count_ += registration->nameless ? 1 : 0;
  });
  std::string plain = PlainKey(prefix_, registration->name);
  if (plain != registration->key) strays_.emplace(std::move(plain), registration.get());
  by_key_.insert(registration.get());
}

void Tree::Replace(const Registration& old, RegistrationPtr registration) {
  // The same key makes the same name, so that only pointers and revisions change.
  by_key_.erase(by_key_.find(old.key));
  by_key_.insert(registration.get());
  std::string plain = PlainKey(prefix_, registration->name);
  if (plain != registration->key) {
    EraseStray(old);
    strays_.emplace(std::move(plain), registration.get());
  }
  ForEachName(*registration, [&](const Step& step) {
    Node& node = **nodes_.find(step.wire, TouchStamp(step.wire));
    node.changed_ = std::max(node.changed_, registration->mod_revision);
    node.touched_ = publication_;
    if (!step.holder) return;
    // The end of `old`, unless somebody else holds it.
    *FindHeld(node.held_, &old) = registration;
  });
}

bool Tree::Erase(std::string_view key, store::Revision revision) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return false;
  const Registration* const gone = *found;
  by_key_.erase(found);
  EraseStray(*gone);
  RegistrationPtr keep;  // until the last name above it has been visited
  ForEachName(*gone, [&](const Step& step) {
    const auto at = nodes_.find(step.wire, TouchStamp(step.wire));
    Node& node = **at;
    node.changed_ = std::max(node.changed_, revision);
    node.touched_ = publication_;
    node.stray_count_ -= step.stray ? 1 : 0;
    if (step.holder) {
      const auto place = FindHeld(node.held_, gone);
      keep = std::move(*place);
      node.held_.erase(place);
      node.nameless_count_ -= gone->nameless ? 1 : 0;
    }
    if (--node.count_ == 0) nodes_.erase(at);
  });
  return true;
}

void Tree::Touch(std::string_view key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  const LowerName lower((*found)->name);
  for (wire::NameView name(lower.wire());; name = name.Parent()) {
    (*nodes_.find(name.wire(), TouchStamp(name.wire())))->touched_ = publication_;
    if (name.IsRoot()) return;
  }
}

void Tree::EraseStray(const Registration& registration) {
  const std::string plain = PlainKey(prefix_, registration.name);
  const auto [begin, end] = strays_.equal_range(plain);
  const auto found =
      std::find_if(begin, end, [&](const auto& stray) { return stray.second == &registration; });
  if (found != end) strays_.erase(found);
}

}  // namespace rollcall::catalog
