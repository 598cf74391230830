// All registrations as the tree of names that RFC 1034 section 3.1 draws.
//
// A node is a name; it is there exactly while a registration is at or below it,
// so that empty non-terminals come out right by construction.  Labels are held in
// lower case; a registration's own spelling stays in it.
//
// Threads: none of its own.  Const members may be called by any number of threads
// while no other member runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "catalog/registration.h"
#include "wire/name.h"

namespace rollcall::catalog {

class Node {
 public:
  // The registrations at exactly this name, in key order: usually one; several
  // where keys differ only in spelling (`A` and `a`, a trailing slash).
  [[nodiscard]] std::span<const RegistrationPtr> own() const { return own_; }
  [[nodiscard]] bool has_children() const;
  // How many registrations are at or below this name.
  [[nodiscard]] std::size_t count() const { return count_; }
  // The store's revision of the last change at or below this name.
  [[nodiscard]] store::Revision changed() const { return changed_; }

  Node();
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

 private:
  friend class Tree;
  struct Children;
  Node* parent_ = nullptr;
  std::string label_;  // lower case, without its length octet
  std::vector<RegistrationPtr> own_;
  std::unique_ptr<Children> children_;
  std::size_t count_ = 0;
  store::Revision changed_ = 0;
};

class Tree {
 public:
  Tree();
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // Null: no registration is at or below `name`.  O(labels).
  [[nodiscard]] const Node* Find(wire::NameView name) const;

  // Calls `visit` for each registration below `node` (and at it, if
  // `include_own`), in byte order of the whole keys.  Stops when `visit` returns
  // false.
  // Template-free on purpose: it is called with a lambda on the path of a query,
  // so absl::FunctionRef, which does not allocate, would do as well; see tree.cc.
  void VisitSubtree(const Node& node, bool include_own,
                    const std::function<bool(const Registration&)>& visit) const;

  // The registration with this key; null if there is none.
  [[nodiscard]] RegistrationPtr FindKey(std::string_view key) const;

  // Adds, or replaces the one with the same key.  O(depth of the name).
  void Put(RegistrationPtr registration);
  // False: there is no such key.  `revision`: of the deletion.  O(depth).
  bool Erase(std::string_view key, store::Revision revision);

  [[nodiscard]] std::size_t size() const;  // registrations

 private:
  Node root_;
};

}  // namespace rollcall::catalog
