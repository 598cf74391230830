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
    LowerCaseTo(wire, wire_.data());
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

bool KeyBefore(const RegistrationPtr& a, const RegistrationPtr& b) {
  return a->key < b->key;
}

// Who reads several waits for their memory once, not for each: what an answer is made of lies at
// the front.
void Fetch(std::span<const RegistrationPtr> registrations) {
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kFront = 4 * kLine;
  for (const RegistrationPtr& registration : registrations) {
    const auto* const octets = reinterpret_cast<const char*>(registration.get());
    for (std::size_t at = 0; at < kFront; at += kLine) __builtin_prefetch(octets + at);
  }
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

void Node::Add(const RegistrationPtr& registration) {
  const bool own = IsOwn(*registration);
  const bool were_few = few();
  ++count_;
  const auto below = held_.begin() + own_count_;
  if (own) {
    held_.insert(std::upper_bound(held_.begin(), below, registration, KeyBefore), registration);
    ++own_count_;
    return;
  }
  if (were_few && !few()) {
    const auto elsewhere = [&](const RegistrationPtr& one) { return !IsHeld(*one); };
    held_.erase(std::remove_if(below, held_.end(), elsewhere), held_.end());
    held_.shrink_to_fit();
  }
  if (!IsHeld(*registration)) return;
  held_.insert(std::upper_bound(held_.begin() + own_count_, held_.end(), registration, KeyBefore),
               registration);
}

void Node::Replace(const Registration& old, const RegistrationPtr& registration) {
  if (!IsHeld(old)) return;
  *std::find(held_.begin(), held_.end(), &old) = registration;
}

void Node::Remove(const Registration& registration) {
  if (IsHeld(registration)) held_.erase(std::find(held_.begin(), held_.end(), &registration));
  own_count_ -= IsOwn(registration) ? 1 : 0;
  --count_;
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
  if (node.few() && !include_own) {
    Fetch(node.below());
    for (const RegistrationPtr& one : node.below()) {
      if (!visit(*one)) return;
    }
    return;
  }
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
  if (!node.few()) return VisitByKey(node, include_own, visit);
  const std::span all(node.held_.data(), node.held_.size());
  for (const RegistrationPtr& one : all.subspan(include_own ? 0 : node.own_count_)) {
    if (!visit(*one)) return;
  }
}

void Tree::VisitByKey(const Node& node, bool include_own, Visitor visit) const {
  for (const RegistrationPtr& held : node.held_) {
    if ((include_own || !node.IsOwn(*held)) && !visit(*held)) return;
  }
  if (!node.has_children()) return;
  const auto begin = by_key_.lower_bound(RangeBelow(node, '/'));
  const auto end = by_key_.lower_bound(RangeBelow(node, '0'));  // the octet behind the slash
  for (auto at = begin; at != end; ++at) {
    if (!node.IsHolder(**at) && !visit(**at)) return;  // else it was held
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

Node& Tree::NodeOf(std::string_view wire) {
  const std::size_t hash = TouchStamp(wire);
  auto found = nodes_.find(wire, hash);
  if (found == nodes_.end()) found = nodes_.insert(Node::Make(wire)).first;
  return **found;
}

class Tree::Path {
 public:
  // Makes the nodes that are not there.
  void MoveTo(Tree& tree, std::string_view wire) {
    std::array<std::uint8_t, wire::kMaxLabels + 1> begins;  // of the names, this one's first
    std::size_t count = 0;                                  // of its labels
    for (wire::NameView name(wire);; name = name.Parent(), ++count) {
      begins[count] = static_cast<std::uint8_t>(wire.size() - name.size());
      if (name.IsRoot()) break;
    }
    // Of as many labels.
    const auto name_of = [&](std::size_t labels) { return wire.substr(begins[count - labels]); };
    if (nodes_.empty()) nodes_.push_back(&tree.NodeOf(name_of(0)));
    std::size_t same = 0;
    while (same < count && same + 1 < nodes_.size() &&
           nodes_[same + 1]->wire() == name_of(same + 1)) {
      ++same;
    }
    nodes_.resize(same + 1);
    while (same < count) nodes_.push_back(&tree.NodeOf(name_of(++same)));
  }
  // The root first, the name itself last.
  [[nodiscard]] std::span<Node* const> nodes() const { return nodes_; }

 private:
  absl::InlinedVector<Node*, 16> nodes_;
};

void Tree::Put(const RegistrationPtr& registration) {
  PutAll({&registration, 1});
}

void Tree::PutAll(std::span<const RegistrationPtr> registrations) {
  Path path;
  auto behind = by_key_.end();
  for (const RegistrationPtr& registration : registrations) {
    if (by_key_.empty()) prefix_ = registration->key.substr(0, registration->prefix_size);
    const std::string_view key = registration->key;
    const bool follows = (behind == by_key_.end() || key <= (*behind)->key) &&
                         (behind == by_key_.begin() || (*std::prev(behind))->key < key);
    if (!follows) behind = by_key_.lower_bound(key);
    if (behind == by_key_.end() || (*behind)->key != key) {
      behind = std::next(Insert(registration, behind, path));
    } else {
      Replace(*RegistrationPtr(*behind), registration);
      behind = by_key_.end();
    }
  }
}

void Tree::Reserve(std::size_t registrations) {
  nodes_.reserve(nodes_.size() + registrations);
}

Tree::ByKey::iterator Tree::Insert(const RegistrationPtr& registration, ByKey::iterator behind,
                                   Path& path) {
  const LowerName lower(registration->name);
  path.MoveTo(*this, lower.wire());
  for (Node* const node : path.nodes()) {
    node->Add(registration);
    node->changed_ = std::max(node->changed_, registration->mod_revision);
    node->touched_ = publication_;
  }
  std::string plain = PlainKey(prefix_, lower.wire());
  if (plain != registration->key) {
    std::size_t depth = path.nodes().size();
    ForEachName(*registration, [&](const Step& step) {
      path.nodes()[--depth]->stray_count_ += step.stray ? 1 : 0;
    });
    strays_.emplace(std::move(plain), registration.get());
  }
  return by_key_.insert(behind, registration.get());
}

void Tree::Replace(const Registration& old, const RegistrationPtr& registration) {
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
    node.Replace(old, registration);
  });
}

bool Tree::Erase(std::string_view key, store::Revision revision) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return false;
  const RegistrationPtr gone(*found);
  by_key_.erase(found);
  EraseStray(*gone);
  ForEachName(*gone, [&](const Step& step) {
    const auto at = nodes_.find(step.wire, TouchStamp(step.wire));
    Node& node = **at;
    node.changed_ = std::max(node.changed_, revision);
    node.touched_ = publication_;
    node.stray_count_ -= step.stray ? 1 : 0;
    const bool were_few = node.few();
    node.Remove(*gone);
    if (!were_few && node.few()) Gather(node);
    if (node.count_ == 0) nodes_.erase(at);
  });
  return true;
}

void Tree::Gather(Node& node) const {
  absl::InlinedVector<RegistrationPtr, Node::kFew> below;
  VisitByKey(node, false, [&](const Registration& one) {
    below.emplace_back(&one);
    return true;
  });
  std::sort(below.begin(), below.end(), KeyBefore);
  node.held_.resize(node.own_count_);
  node.held_.insert(node.held_.end(), below.begin(), below.end());
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
