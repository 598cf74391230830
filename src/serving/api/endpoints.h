// What the routes answer, a function each; internal to the room, api.cc says which path is whose.
//
// Those that take a Reader run on the reading thread (reading.h).  The writes wait for the store
// and for the view.  All return an answer, whatever they are asked.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "catalog/publisher.h"
#include "model/records.h"
#include "serving/api/sources.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::api {

using catalog::Publisher;
using http::Request;
using http::Response;

inline constexpr std::string_view kInstances = "/api/v1/instances/";
inline constexpr std::string_view kMaintenance = "/api/v1/maintenance/";

// What is to be seen of the view by who writes, for a moment.
//
// Threads: any.
class Glance {
 public:
  struct Found {
    catalog::RegistrationPtr registration;  // null: there is none
    bool held = false;                      // it is not in the store, see catalog/ledger.h
    catalog::MarkPtr lost;                  // null: it is not, or nobody has dated it

    // As the store has it; 0: not.
    [[nodiscard]] store::Revision revision() const {
      return registration && !held ? registration->mod_revision : 0;
    }
  };

  explicit Glance(Publisher& publisher) : reader_(publisher.AddReader()) {}

  // The registration with this key.
  [[nodiscard]] Found Find(std::string_view key) {
    auto reader = reader_.Lock();
    const auto view = reader->Enter();
    const bool held = view->marks.Find(model::Area::kHeld, key) != nullptr;
    const auto& lost = view->marks.Of(model::Area::kLost);
    const auto dated = lost.find(key);
    return {view->tree.FindKey(key), held && !view->marks.settled().contains(key),
            dated == lost.end() ? nullptr : dated->second};
  }

 private:
  Guarded<Publisher::Reader> reader_;
};

[[nodiscard]] Response ListInstances(const Sources& sources, const Request& request,
                                     Publisher::Reader& reader);
[[nodiscard]] Response GetInstance(const Sources& sources, const Request& request,
                                   Publisher::Reader& reader);
[[nodiscard]] Response PutInstance(const Sources& sources, const Request& request, Glance& glance);
[[nodiscard]] Response DeleteInstance(const Sources& sources, const Request& request,
                                      Glance& glance);

[[nodiscard]] Response ListMaintenance(const Sources& sources, const Request& request,
                                       Publisher::Reader& reader);
[[nodiscard]] Response GetMaintenance(const Sources& sources, const Request& request,
                                      Publisher::Reader& reader);
[[nodiscard]] Response PutMaintenance(const Sources& sources, const Request& request,
                                      Glance& glance);
[[nodiscard]] Response DeleteMaintenance(const Sources& sources, const Request& request,
                                         Glance& glance);

[[nodiscard]] Response ListProtection(const Sources& sources, const Request& request,
                                      Publisher::Reader& reader);
[[nodiscard]] Response ReleaseProtection(const Sources& sources, const Request& request);

[[nodiscard]] Response ListHistory(const Sources& sources, const Request& request);
[[nodiscard]] Response ListConsumers(const Sources& sources, const Request& request,
                                     Publisher::Reader& reader);
[[nodiscard]] Response AnswerDns(const Sources& sources, const Request& request,
                                 Publisher::Reader& reader);

[[nodiscard]] Response Buildinfo(const Sources& sources, const Request& request);
[[nodiscard]] Response Flags(const Sources& sources, const Request& request);
[[nodiscard]] Response Config(const Sources& sources, const Request& request);
[[nodiscard]] Response Runtimeinfo(const Sources& sources, const Request& request,
                                   Publisher::Reader& reader, WallTime begun, std::size_t streams);
[[nodiscard]] Response StoreStatus(const Sources& sources, const Request& request,
                                   Publisher::Reader& reader);

// Who writes, for what stays in the store.
[[nodiscard]] inline std::string By(const Request& request) {
  return request.peer.user.empty() ? request.peer.address : request.peer.user;
}

// How long a write may take, and how long it then waits to be seen.
inline constexpr std::chrono::milliseconds kStorePatience{5000};
inline constexpr std::chrono::milliseconds kVisiblePatience{1000};

}  // namespace rollcall::serving::api
