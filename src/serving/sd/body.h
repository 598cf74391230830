// One answer for all who ask the same.  Its octets come in pieces, and who made it may still be at
// the later ones while the first are on their way: so the first octet of a hundred thousand targets
// waits for a few hundred of them, and everybody is sent the same memory.
//
// Threads: `facts` never change.  One adds the pieces; any may have them sent, at the same time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "answer/instances.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "serving/http/exchange.h"
#include "serving/sd/gather.h"

namespace rollcall::serving::sd {

class Body {
 public:
  struct Facts {
    unsigned status = 200;
    answer::Presence presence = answer::Presence::kThere;
    store::Revision revision = 0;
    Moment moment = {};
    std::uint64_t index = 0;  // for Consul's clients: moves exactly when the body does
    bool elsewhere = false;   // true only while nothing at all changes
    std::optional<WallTime> good_until = {};
  };
  explicit Body(Facts known) : facts(known) {}
  // One that is whole.
  Body(Facts known, std::string octets) : Body(known) {
    Add(std::move(octets));
    End();
  }
  // Who was promised the rest of one that never was whole is cut off, and keeps what he has.
  ~Body() = default;
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  // Pieces are immutable once here, and go to all who wait for them.
  void Add(std::string piece);
  // It is whole.
  void End();

  // Answers with it: by its length if it is whole, else by what is there and then each piece as
  // it comes.  `head`: without a body.
  void SendTo(const http::ExchangePtr& exchange, http::Response head);

  // Of what is there.
  [[nodiscard]] std::size_t size() const { return state_.Lock()->size; }
  [[nodiscard]] http::Pieces pieces() const { return state_.Lock()->pieces; }
  // Octets of pieces that nobody is being sent.
  [[nodiscard]] std::size_t unused() const;

  const Facts facts;

 private:
  struct State {
    http::Pieces pieces;
    std::size_t size = 0;
    bool whole = false;
    std::vector<http::ExchangePtr> followers;  // until it is
  };
  mutable Guarded<State> state_;
};
using BodyPtr = std::shared_ptr<Body>;

}  // namespace rollcall::serving::sd
