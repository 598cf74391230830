// Readers of a Publisher for those who have no thread of their own: lent for as long as one
// looks at the view, and used again.
//
// Threads: any may call Borrow(); a Loan belongs to one.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "catalog/publisher.h"

namespace rollcall::catalog {

class Readers {
 public:
  // Borrows `publisher` until destroyed; outlives its loans.
  explicit Readers(Publisher& publisher) : publisher_(publisher) {}

  class Loan {
   public:
    Loan(Readers& home, Publisher::Reader reader) : home_(home), reader_(std::move(reader)) {}
    ~Loan() { home_.idle_.Lock()->push_back(std::move(reader_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    // As Publisher::Reader::Enter().
    [[nodiscard]] Publisher::Reader::Guard Enter() { return reader_.Enter(); }

   private:
    Readers& home_;
    Publisher::Reader reader_;
  };
  [[nodiscard]] Loan Borrow() {
    auto idle = idle_.Lock();
    if (idle->empty()) return {*this, publisher_.AddReader()};
    Publisher::Reader reader = std::move(idle->back());
    idle->pop_back();
    return {*this, std::move(reader)};
  }

 private:
  Publisher& publisher_;
  Guarded<std::vector<Publisher::Reader>> idle_;  // as many as looked at one time
};

}  // namespace rollcall::catalog
