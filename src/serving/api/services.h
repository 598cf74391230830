// The names that instances are registered under, with what DNS makes of each.
//
// What an answer takes in octets is found out by making it, and kept until something at or below
// the name changes.
//
// Threads: one at a time.
#pragma once

#include <array>
#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "catalog/publisher.h"
#include "model/state.h"
#include "serving/api/answer_size.h"
#include "serving/api/sources.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::api {

class Services {
 public:
  // Borrows `sources` until destroyed.
  explicit Services(const Sources& sources) : sources_(sources) {}

  // GET /api/v1/services; on the reading thread, in short visits.
  [[nodiscard]] http::Response List(const http::Request& request,
                                    catalog::Publisher::Reader& reader);

 private:
  struct Measured {
    store::Revision changed = 0;
    catalog::Standing standing = catalog::Standing::kNever;
    AnswerSize size;
  };
  // What is registered right under one name, or at or below it.
  struct Count {
    std::array<std::size_t, 6> states{};  // by model::State
    std::size_t all = 0;
    std::size_t invalid = 0;
    std::size_t held = 0;
    bool direct = false;  // an instance lies right under it
  };
  using Counts = std::map<std::string, Count, std::less<>>;  // by name, in wire form, lower case

  // As counted before, if nothing was published since and it is not long ago.
  [[nodiscard]] const Counts& CountAll(catalog::Publisher::Reader& reader);
  void Take(const catalog::Registration& one, const catalog::View& view, WallTime now);
  [[nodiscard]] const AnswerSize& SizeOf(wire::NameView name, const catalog::View& view);
  [[nodiscard]] boost::json::object ServiceJson(wire::NameView name, const Count& count,
                                                std::size_t consumers, const catalog::View& view);

  const Sources& sources_;
  Counts counts_;
  std::uint64_t counted_changes_ = 0;  // View::changes, when they were
  SteadyTime counted_at_{};            // never: {}
  std::map<std::string, Measured, std::less<>> sizes_;
};

}  // namespace rollcall::serving::api
