// Which services each zone has, for Consul's catalog.
//
// A service is what instances are registered directly under: `node` of server01.node.ZONE,
// `node.a` of server01.node.a.ZONE.  Those of addresses alone (ns.dns, apex.dns) are no services
// that anybody scrapes, and are left out.  One whose values cannot be read is in: a client that
// misses it would forget its instances.
//
// Threads: any.  List() takes about 0.1 us for each registration there is, one caller at a time,
// and holds the view for a few thousand of them at a time.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "answer/zones.h"
#include "base/guarded.h"
#include "catalog/readers.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::sd {

class Services {
 public:
  // Borrows both.
  Services(catalog::Readers& readers, const answer::Zones& zones)
      : readers_(readers), zones_(zones) {}

  // When anything was touched last: while it is the same, so are the services.
  [[nodiscard]] static std::uint64_t TouchedAt(const catalog::View& view);

  struct Listed {
    std::string json;  // {"node":["tag"],...}
    // The publication by which it was first seen to be so: moves only when the list does.
    std::uint64_t index = 0;
    std::uint64_t touched = 0;  // at least of when it was asked for
    store::Revision revision = 0;
  };
  // As of now.
  [[nodiscard]] Listed List(const answer::Zone& zone);
  // As of the last List(), without waiting for one in hand; 0: there was none.
  [[nodiscard]] std::uint64_t IndexOf(const answer::Zone& zone) const;

 private:
  using ByName = std::map<std::string, std::set<std::string>>;  // its tags
  using ByZone = std::map<const answer::Zone*, Listed>;

  [[nodiscard]] std::map<const answer::Zone*, ByName> Walk();
  void Refresh(ByZone& listed);

  catalog::Readers& readers_;
  const answer::Zones& zones_;
  Guarded<ByZone> listed_;  // for as long as a walk takes
  mutable Guarded<std::map<const answer::Zone*, std::uint64_t>> indexes_;
};

}  // namespace rollcall::serving::sd
