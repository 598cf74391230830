// The part of Consul's HTTP API that discovery uses, with blocking queries: Prometheus's
// consul_sd, vmagent, Traefik and Consul's client libraries read it.
//
// A zone is a data centre, a service what lies below it (see services.h), and the instances of a
// service those that DNS answers for the name, selectors and all.
//
// X-Consul-Index is the publication of the view that touched the name last, counted from the
// microsecond in which this server began: it moves whenever the answer does, never back, and that
// of another server, or of this one before it was restarted, is another number.  So a query is
// held exactly while its index is that of the answer, and whoever comes with another one is
// answered at once.
//
// While the view is not surely that of the store, everything is 500, as a Consul without a
// leader says: its clients keep what they have.
//
// Threads: any may call the handlers; those who wait are answered by Waiting's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serving/http/exchange.h"
#include "serving/sd/answers.h"
#include "serving/sd/consul_ask.h"
#include "serving/sd/services.h"
#include "serving/sd/waiting.h"

namespace rollcall::serving::sd {

class Consul {
 public:
  // `node`: how this server calls itself.  Borrows `answers` until destroyed.
  Consul(Answers& answers, std::string node, WaitingOptions waiting);

  void AddRoutes(std::vector<http::Route>& routes);
  // Answers those who wait and have something to be told, now; its own thread does so too.
  void Look() { waiting_.Look(); }
  void Stop() { waiting_.Stop(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  using Renderer = Rendered (*)(const ConsulAsk&, const Gathered&, const Emit&);
  struct Query;  // one request, as understood
  using QueryPtr = std::shared_ptr<const Query>;

  void OfService(const http::ExchangePtr& exchange, std::string_view prefix, Renderer renderer);
  void OfCatalog(const http::ExchangePtr& exchange);
  void Begin(const QueryPtr& query);
  void Wait(const QueryPtr& query, std::uint64_t seen);
  void Answer(const QueryPtr& query);
  void AnswerService(const QueryPtr& query);
  void AnswerCatalog(const QueryPtr& query);
  void Reply(const Query& query, const BodyPtr& body) const;

  [[nodiscard]] std::uint64_t IndexNow(const Query& query);
  [[nodiscard]] Waiting::Subject SubjectOf(const Query& query);
  [[nodiscard]] BodyPtr BuildCatalog(const answer::Zone& zone);
  // Has the list of services made again, if it may be another one, but not all the time.
  void RefreshCatalog(const catalog::View& view, const answer::Zone& zone);

  Answers& answers_;
  const std::string node_;
  const std::uint64_t base_;  // of indexes
  Services services_;
  std::atomic<SteadyTime::rep> next_refresh_{0};
  std::atomic<std::uint64_t> waits_{0};
  Waiting waiting_;  // last: its thread uses the others
};

}  // namespace rollcall::serving::sd
