#include "serving/dns/forwarder.h"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <thread>

#include "base/log.h"
#include "serving/dns/upstream.h"

namespace rollcall::serving::dns {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Clients waiting per question in flight, on the average: merged questions and
// those that the cache will answer are cheap, but not free.
constexpr std::size_t kClientsPerFlight = 8;
constexpr milliseconds kStopPatience{1000};
constexpr int kTriesPerTimeout = 3;
// RFC 8914 section 4.23: why a forwarded question got SERVFAIL.
constexpr wire::ExtendedError kNoReachableAuthority{22};

seconds AgeOf(const OutsideReply& reply) {
  return std::chrono::duration_cast<seconds>(steady_clock::now() - reply.received);
}

// AXFR and its like are between servers, OPT is no type at all (RFC 6895 section
// 3.1: 128 to 255 are questions and metadata; of those only ANY makes sense here).
bool MayBeForwarded(wire::Type type) {
  const auto number = static_cast<std::uint16_t>(type);
  return type == wire::Type::kAny ||
         (number != 0 && type != wire::Type::kOpt && (number < 128 || number > 255));
}

// What an upstream thinks of our question is no news to the client, and an extended
// rcode needs an OPT that it may not have sent.
wire::Rcode RcodeToPassOn(wire::Rcode rcode) {
  const bool ours = rcode == wire::Rcode::kFormErr || rcode == wire::Rcode::kNotImp ||
                    static_cast<std::uint16_t>(rcode) > 15;
  return ours ? wire::Rcode::kServFail : rcode;
}

}  // namespace

class Forwarder::Impl {
 public:
  Impl(catalog::Publisher& publisher, const answer::Zones& zones, StandingSource standing,
       Options options)
      : standing_(std::move(standing)),
        options_(std::move(options)),
        reader_(publisher.AddReader()),
        responder_(zones, options_.responder),
        reply_(wire::kMaxMessageSize),
        cache_(options_.cache_entries, options_.cache_octets) {}

  ~Impl() { Stop(); }

  Result<void> Start() {
    std::vector<SocketAddress> addresses;
    for (const Address& upstream : options_.upstreams) {
      auto address = ToSocketAddress(upstream);
      if (!address) return Fail(std::move(address.error()));
      addresses.push_back(*address);
    }
    upstreams_ = std::make_unique<Upstreams>(std::move(addresses));
    thread_ = std::jthread([this] { Run(); });
    return {};
  }

  void Stop() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] { BeginStopHere(); });
    thread_.join();
    // Nothing is delivered any more; whatever is left goes with the flights.
    flights_.clear();
  }

  bool Submit(Deferred deferred) {
    if (waiting_.fetch_add(1, std::memory_order_relaxed) >=
        options_.in_flight * kClientsPerFlight) {
      waiting_.fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    asio::post(io_, [this, job = std::make_shared<Job>(io_, std::move(deferred))] { Begin(job); });
    return true;
  }

  [[nodiscard]] const ThreadCounters& counters() const { return counters_; }

 private:
  // One client's request on its way.
  struct Job {
    Job(asio::io_context& io, Deferred d) : deferred(std::move(d)), timer(io) {}
    Deferred deferred;
    asio::steady_timer timer;  // for all rounds together
    bool done = false;
    std::size_t missing = 0;                     // of those: not there yet
    std::vector<answer::OutsideResult> outside;  // a place for each name asked for so far
    std::vector<OutsideReplyPtr> borrowed;       // what `outside` borrows from
  };
  using JobPtr = std::shared_ptr<Job>;
  using Waiter = std::function<void(const OutsideReplyPtr&)>;

  void Run() {
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception& error) {
        // One client waits in vain and asks again.
        log::Error("forwarder went on after an exception", {{"error", error.what()}});
      }
    }
  }

  void BeginStopHere() {
    stopping_ = true;
    if (waiting_.load(std::memory_order_relaxed) == 0) return io_.stop();
    stop_timer_.expires_after(kStopPatience);
    stop_timer_.async_wait([this](const boost::system::error_code&) { io_.stop(); });
  }

  void Begin(const JobPtr& job) {
    counters_.forwarded.Add(1);
    job->timer.expires_after(options_.timeout);
    job->timer.async_wait([this, job](const boost::system::error_code& error) {
      if (!error && !job->done) Expire(job);
    });
    AnswerFromView(job);
  }

  // Asks the view, with what was found outside so far; what it says decides what to
  // look up next.
  void AnswerFromView(const JobPtr& job) {
    answer::Request request;
    request.message = job->deferred.message;
    request.tcp = job->deferred.tcp;
    request.standing = standing_();
    request.now = steady_clock::now();
    request.wall_now = std::chrono::system_clock::now();
    request.outside = &job->outside;
    answer::Responded said;
    {
      const auto view = reader_.Enter();
      said = responder_.Respond(*view, request, reply_);
    }
    switch (said.outcome) {
      case answer::Outcome::kReply:
        return Deliver(job, said.size);
      case answer::Outcome::kNoReply:
        return Deliver(job, 0);
      case answer::Outcome::kForward:
        return Forward(job, responder_.query());
      case answer::Outcome::kNeedsOutside:
        return FindOutside(job, responder_.needs());
    }
  }

  // By value: the responder's own list is gone with its next use.
  void FindOutside(
      const JobPtr& job,
      std::vector<answer::Outside> names) {  // NOLINT(performance-unnecessary-value-param)
    const std::size_t first = job->outside.size();
    job->missing = names.size();
    for (const answer::Outside& name : names) job->outside.push_back({.asked = name, .answer = {}});
    for (std::size_t i = 0; i < names.size(); ++i) {
      LookUp({.name = names[i].name, .type = names[i].type},
             [this, job, place = first + i](const OutsideReplyPtr& reply) {
               if (job->done) return;
               if (reply) Fill(*job, job->outside[place], reply);
               if (--job->missing == 0) AnswerFromView(job);
             });
    }
  }

  static void Fill(Job& job, answer::OutsideResult& result, const OutsideReplyPtr& reply) {
    // A client by UDP is told to come by TCP, and gets the whole then.
    result.truncated = reply->message.truncated || (reply->truncated_by_udp && !job.deferred.tcp);
    result.answer = Aged(reply->message.answer, AgeOf(*reply));
    job.borrowed.push_back(reply);
  }

  void Forward(const JobPtr& job, const wire::Query& query) {
    if (!MayBeForwarded(query.question.type)) {
      return Deliver(job, responder_.ReplyEmpty(wire::Rcode::kRefused, reply_));
    }
    LookUp({.name = query.question.name,
            .type = query.question.type,
            .dnssec_ok = query.edns.present && query.edns.dnssec_ok,
            .checking_disabled = query.checking_disabled},
           [this, job](const OutsideReplyPtr& reply) {
             if (job->done) return;
             if (!reply) return GiveUp(job);
             PassOn(job, *reply);
           });
  }

  void PassOn(const JobPtr& job, const OutsideReply& found) {
    const seconds age = AgeOf(found);
    const std::vector<wire::Record> answer = Aged(found.message.answer, age);
    const std::vector<wire::Record> authority = Aged(found.message.authority, age);
    const std::vector<wire::Record> additional = Aged(found.message.additional, age);
    wire::Reply reply;
    reply.rcode = RcodeToPassOn(found.message.rcode);
    reply.truncated = found.message.truncated;
    reply.answer = answer;
    reply.authority = authority;
    reply.additional = additional;
    Deliver(job, Encode(*job, reply));
  }

  // Time is up for this client, though a flight may still come home into the cache:
  // an alias is answered without what is missing, another name not at all.
  void Expire(const JobPtr& job) {
    if (job->missing == 0) return GiveUp(job);
    job->outside.resize(answer::kMaxOutside);  // nothing more is asked for
    AnswerFromView(job);
  }

  void GiveUp(const JobPtr& job) {
    counters_.forward_failed.Add(1);
    wire::Reply reply;
    reply.rcode = wire::Rcode::kServFail;
    reply.extended_error = kNoReachableAuthority;
    Deliver(job, Encode(*job, reply));
  }

  // Makes a reply of a resolver, not of an authority, to the job's question.
  std::size_t Encode(const Job& job, wire::Reply reply) {
    wire::Query query;
    if (!wire::ParseQuery(job.deferred.message, query)) return 0;
    reply.authoritative = false;
    reply.recursion_available = true;
    wire::Limits limits;
    limits.our_udp_size = options_.responder.max_udp_size;
    const std::size_t asked = query.edns.present ? query.edns.udp_size : wire::kMinUdpSize;
    limits.max_size =
        job.deferred.tcp
            ? wire::kMaxMessageSize
            : std::max(wire::kMinUdpSize, std::min<std::size_t>(asked, limits.our_udp_size));
    return wire::EncodeReply(query, reply, limits, reply_);
  }

  // The first `size` octets of reply_; 0: no reply.
  void Deliver(const JobPtr& job, std::size_t size) {
    job->done = true;
    job->timer.cancel();
    if (size != 0) {
      counters_.CountReply(static_cast<wire::Rcode>(reply_[3] & 0x0F), (reply_[2] & 0x02) != 0);
    }
    job->deferred.deliver(std::span(reply_).first(size));
    if (waiting_.fetch_sub(1, std::memory_order_relaxed) == 1 && stopping_) io_.stop();
  }

  // Calls `waiter` with the reply, null if there is none: from the cache at once,
  // else when the upstream's reply is there.
  void LookUp(const OutsideQuestion& question, Waiter waiter) {
    const std::string key = question.Key();
    if (const OutsideReplyPtr kept = cache_.Find(key, steady_clock::now())) return waiter(kept);
    if (const auto flight = flights_.find(key); flight != flights_.end()) {
      flight->second.push_back(std::move(waiter));
      return;
    }
    if (flights_.size() >= options_.in_flight) return waiter(nullptr);
    flights_[key].push_back(std::move(waiter));
    const Patience patience{steady_clock::now() + options_.timeout,
                            options_.timeout / kTriesPerTimeout};
    asio::co_spawn(io_, Ask(*upstreams_, question, patience),
                   [this, key](const std::exception_ptr& failed, const OutsideReplyPtr& reply) {
                     Land(key, failed ? nullptr : reply);
                   });
  }

  void Land(const std::string& key, const OutsideReplyPtr& reply) {
    if (reply) cache_.Put(key, reply);
    auto flight = flights_.extract(key);
    for (const Waiter& waiter : flight.mapped()) waiter(reply);
  }

  std::unique_ptr<Upstreams> upstreams_;
  StandingSource standing_;
  Options options_;
  catalog::Publisher::Reader reader_;
  answer::Responder responder_;
  std::vector<std::uint8_t> reply_;
  Cache cache_;
  absl::flat_hash_map<std::string, std::vector<Waiter>> flights_;
  std::atomic<std::size_t> waiting_{0};
  ThreadCounters counters_;
  bool stopping_ = false;
  asio::io_context io_{1};
  // Waits for work until stopped.
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  asio::steady_timer stop_timer_{io_};
  std::jthread thread_;
};

Forwarder::Forwarder(catalog::Publisher& publisher, const answer::Zones& zones,
                     StandingSource standing, Options options)
    : impl_(std::make_unique<Impl>(publisher, zones, std::move(standing), std::move(options))) {
}
Forwarder::~Forwarder() = default;
Result<void> Forwarder::Start() {
  return impl_->Start();
}
void Forwarder::Stop() {
  impl_->Stop();
}
bool Forwarder::Submit(Deferred deferred) {
  return impl_->Submit(std::move(deferred));
}
const ThreadCounters& Forwarder::counters() const {
  return impl_->counters();
}

}  // namespace rollcall::serving::dns
