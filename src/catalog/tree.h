// All registrations as the tree of names that RFC 1034 section 3.1 draws, and in
// the order of their keys.
//
// A node is a name; it is there exactly while a registration is at or below it,
// so that empty non-terminals come out right by construction.  Nodes are found
// by one hash of the whole lower-cased name; what is below a name is one range of
// keys, as it is in etcd.  A registration's own spelling stays in it.
//
// Threads: none of its own.  Const members may be called by any number of threads
// while no other member runs.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_set.h>
#include <absl/container/inlined_vector.h>
#include <absl/functional/function_ref.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/registration.h"
#include "wire/name.h"

namespace rollcall::catalog {

class Node {
 public:
  // The registrations at exactly this name, in key order: usually one; several
  // where keys differ only in spelling (`A` and `a`, a trailing slash).
  [[nodiscard]] std::span<const RegistrationPtr> own() const { return {held_.data(), own_count_}; }
  // Whether a registration is below this name; a nameless one counts as below the
  // name that holds it, as its key does.
  [[nodiscard]] bool has_children() const { return count_ > own_count_; }
  // How many registrations are at or below this name.
  [[nodiscard]] std::size_t count() const { return count_; }
  // The store's revision of the last change at or below this name.
  [[nodiscard]] store::Revision changed() const { return changed_; }
  // When a registration at or below this name, or how one of them is, changed last, counted
  // in publications of this process (View::changes).  Unlike changed() it only ever grows,
  // whatever becomes of the store, and knows of our own records.
  [[nodiscard]] std::uint64_t touched() const { return touched_; }
  // In lower case.
  [[nodiscard]] wire::NameView name() const { return wire::NameView(wire()); }

 private:
  friend class Tree;
  struct Delete {
    void operator()(Node* node) const;
  };
  using Ptr = std::unique_ptr<Node, Delete>;

  // A node's name lies in the same allocation, right behind it.
  static Ptr Make(std::string_view wire);
  explicit Node(std::string_view wire);
  ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  [[nodiscard]] std::string_view wire() const {
    return {reinterpret_cast<const char*>(this + 1), wire_size_};
  }

  // Most services are of few instances.  A node has all that is below it at hand as long as they
  // are no more than these: to look for them in the order of all keys would be some twenty steps,
  // each to memory that nobody had asked for lately.
  static constexpr std::size_t kFew = 4;
  [[nodiscard]] bool few() const { return count_ - own_count_ <= kFew; }
  // Requires: few().  In byte order of the whole keys.
  [[nodiscard]] std::span<const RegistrationPtr> below() const {
    return std::span(held_.data(), held_.size()).subspan(own_count_);
  }

  // Of these three `registration` is any at or below the name.
  // Whether its name is this one.
  [[nodiscard]] bool IsHolder(const Registration& registration) const {
    return registration.name.size() == wire_size_;
  }
  // Whether own() has it.
  [[nodiscard]] bool IsOwn(const Registration& registration) const {
    return IsHolder(registration) && !registration.nameless;
  }
  [[nodiscard]] bool IsHeld(const Registration& registration) const {
    return few() || IsHolder(registration);
  }
  void Add(const RegistrationPtr& registration);
  void Replace(const Registration& old, const RegistrationPtr& registration);
  void Remove(const Registration& registration);

  // own(), then below() if few(), else those of them that no other node holds: the nameless ones
  // with this name.  Each of the two in byte order of the whole keys.
  absl::InlinedVector<RegistrationPtr, 2> held_;
  store::Revision changed_ = 0;
  std::uint64_t touched_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t stray_count_ = 0;  // see Tree::strays_
  std::uint32_t own_count_ = 0;
  std::uint8_t wire_size_;
};

class Tree {
 public:
  Tree();
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // Null: no registration is at or below `name`.  One hash, whatever the size;
  // no allocation.
  [[nodiscard]] const Node* Find(wire::NameView name) const {
    Stamp stamp = 0;
    return Find(name, stamp);
  }

  // Where it is written when something at or below a name changed last, whether the name is
  // there or not: for who keeps what he made of a name as long as it holds.  Some names share a
  // stamp, and then seem to change together.
  using Stamp = std::uint32_t;
  [[nodiscard]] const Node* Find(wire::NameView name, Stamp& stamp) const;
  // The publication, as Node::touched().
  [[nodiscard]] std::uint64_t touched(Stamp stamp) const { return stamps_[stamp]; }

  // False: stop here.
  using Visitor = absl::FunctionRef<bool(const Registration&)>;

  // Calls `visit` for each registration below `node` (and at it, if
  // `include_own`), in byte order of the whole keys.  Stops when `visit` returns
  // false.  O(log size) to the first one, O(1) where they are few, and no allocation;
  // O(subtree) and a sort where a key below `node` has another spelling of `node` or of
  // what is above it.
  void VisitSubtree(const Node& node, bool include_own, Visitor visit) const;

  // The same in any order, and O(log size) to the first one whatever the spelling.
  void VisitUnordered(const Node& node, bool include_own, Visitor visit) const;

  // The same for all with keys from `key` on, in byte order; for who goes through all of
  // them in pieces.  O(log size) to the first one.
  void VisitFrom(std::string_view key, Visitor visit) const;

  // The registration with this key; null if there is none.  O(log size).
  [[nodiscard]] RegistrationPtr FindKey(std::string_view key) const;

  // The publication that the changes to come belong to.
  void BeginPublication(std::uint64_t number) { publication_ = number; }
  // What is known about the registration with this key has changed, not itself; nothing, if
  // there is none.  O(depth + log size).
  void Touch(std::string_view key);

  // Adds, or replaces the one with the same key.  O(depth of the name + log size).
  // Requires: it was made with the same prefix as all others.
  void Put(const RegistrationPtr& registration);
  // Put() of each.  In the order of keys, what is common to one and the next is looked for once:
  // so a whole fleet costs a step for each name, not one for each name above it too.
  void PutAll(std::span<const RegistrationPtr> registrations);
  // That many are about to be put, so that the hash table grows once.
  void Reserve(std::size_t registrations);
  // False: there is no such key.  `revision`: of the deletion.  O(depth + log size).
  bool Erase(std::string_view key, store::Revision revision);

  [[nodiscard]] std::size_t size() const { return by_key_.size(); }  // registrations

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view wire) const;
    std::size_t operator()(const Node::Ptr& node) const { return (*this)(node->wire()); }
  };
  struct Equal {
    using is_transparent = void;
    static std::string_view Wire(std::string_view wire) { return wire; }
    static std::string_view Wire(const Node::Ptr& node) { return node->wire(); }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return Wire(a) == Wire(b);
    }
  };
  struct KeyLess {
    using is_transparent = void;
    static std::string_view Key(std::string_view key) { return key; }
    static std::string_view Key(const Registration* registration) { return registration->key; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return Key(a) < Key(b);
    }
  };
  using ByKey = absl::btree_set<const Registration*, KeyLess>;

  // One name at or above a registration, its own first and the root last.
  struct Step {
    std::string_view wire;  // lower case
    bool holder = false;    // its own
    bool stray = false;
  };
  template <typename Visit>
  void ForEachName(const Registration& registration, Visit visit) const;

  // The nodes of one name and of all above it, to be followed from one name to the next.
  // Requires: none of them is erased meanwhile, and the publication is the same.
  class Path;
  // `behind`: the first registration whose key is not before that of this one.  Returns where it
  // is.
  ByKey::iterator Insert(const RegistrationPtr& registration, ByKey::iterator behind, Path& path);
  void Replace(const Registration& old, const RegistrationPtr& registration);
  // VisitUnordered() by the order of all keys.
  void VisitByKey(const Node& node, bool include_own, Visitor visit) const;
  // What is below has become few: takes it all to hand.
  void Gather(Node& node) const;
  // `KEY/` or `KEY0`, between which lies what is below the node.
  [[nodiscard]] std::string_view RangeBelow(const Node& node, char last) const;
  void EraseStray(const Registration& registration);

  [[nodiscard]] Node& NodeOf(std::string_view wire);
  static constexpr std::size_t kStamps = 1 << 16;
  [[nodiscard]] static Stamp StampOf(std::size_t hash) { return hash % kStamps; }
  // Writes the publication to a name's stamp, and returns the name's hash.
  std::size_t TouchStamp(std::string_view wire);

  absl::flat_hash_set<Node::Ptr, Hash, Equal> nodes_;
  ByKey by_key_;  // each held by the node of its name at least
  std::string prefix_;
  std::uint64_t publication_ = 0;
  std::vector<std::uint64_t> stamps_ = std::vector<std::uint64_t>(kStamps);

  // Registrations whose key is not the one that KeyOf() makes of their name
  // (capitals, a bare dot, a trailing slash, needless escapes), by the one it
  // makes.  Seen from a name whose spelling in the key is the odd part, such a
  // registration lies outside that name's range of keys: a stray of the node.
  absl::btree_multimap<std::string, const Registration*, KeyLess> strays_;
};

}  // namespace rollcall::catalog
