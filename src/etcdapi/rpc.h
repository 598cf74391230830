// RPCs on a completion queue of gRPC, which one thread empties.  Includes gRPC: for .cc
// files of this room only.
//
// Not gRPC's callback API: there two threads take turns at the sockets, and each call is
// handed to a third to be begun.  Waking one another cost a third of the server's CPU for
// a put (bench store; gRPC 1.51).
//
// Threads: what an RPC calls on its arrival and for its events runs on the queue's thread,
// so it must not wait for anything.  Answers and messages may be given by any.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include "etcdapi/call.h"
#include "etcdapi/core/budget.h"

namespace rollcall::etcdapi {

// A tag: what comes out of the queue.
class Event {
 public:
  virtual ~Event() = default;
  virtual void Happened(bool ok) = 0;
};

class Queue {
 public:
  Queue(std::unique_ptr<grpc::ServerCompletionQueue> queue, std::size_t most_calls)
      : queue_(std::move(queue)), calls_(most_calls) {}
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() { Close(); }

  void Start() {
    thread_ = std::thread([this] { Run(); });
  }
  // Waits until all RPCs have ended.  Requires: the server has been shut down.
  void Close();

  [[nodiscard]] grpc::ServerCompletionQueue* get() const { return queue_.get(); }
  // For a call that has arrived, until it ends.  Nothing: there are too many, and it is to
  // be cut.  One who asks and does not read would fill our memory with his calls.
  [[nodiscard]] std::optional<Budget::Share> TakeCall() { return calls_.Take(1); }
  [[nodiscard]] std::size_t calls() const { return calls_.held(); }
  static Error TooManyCalls() { return {ErrorCode::kExhausted, "too many requests"}; }

  // Something that awaits events of it.
  class Guest {
   public:
    explicit Guest(Queue& queue) : queue_(queue) { queue_.Enter(); }
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

   protected:
    ~Guest() { queue_.Leave(); }
    [[nodiscard]] Queue& queue() const { return queue_; }

   private:
    Queue& queue_;
  };

 private:
  void Run();
  void Enter();
  void Leave();

  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  Budget calls_;
  std::mutex mutex_;
  std::condition_variable empty_;
  std::size_t guests_ = 0;
  std::thread thread_;
};

// How many calls of a method gRPC may hand over at once; the others wait a moment.
inline constexpr int kAccepts = 4;

template <typename Owner, void (Owner::*Handler)(bool)>
class EventOf final : public Event {
 public:
  explicit EventOf(Owner& owner) : owner_(owner) {}
  void Happened(bool ok) override { (owner_.*Handler)(ok); }
  [[nodiscard]] void* tag() { return static_cast<Event*>(this); }

 private:
  Owner& owner_;
};

// --- one request, one answer

// As the services' handlers see it: fill `response` and Answer(), or Refuse().
template <typename Request, typename Response>
class Unary : public Call {
 public:
  Request request;
  Response response;
};

template <typename Service, typename Request, typename Response, typename Serve>
class UnaryRpc final : public Unary<Request, Response>, private Queue::Guest {
 public:
  using Accept = void (Service::*)(grpc::ServerContext*, Request*,
                                   grpc::ServerAsyncResponseWriter<Response>*,
                                   grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*);

  UnaryRpc(Queue& queue, Service& service, Accept accept, const Serve& serve)
      : Queue::Guest(queue), service_(service), accept_(accept), serve_(serve) {
    if constexpr (kTellsGone) this->context().AsyncNotifyWhenDone(gone_.tag());
    (service_.*accept_)(&this->context(), &this->request, &writer_, queue.get(), queue.get(),
                        arrived_.tag());
  }

 private:
  void OnArrived(bool ok) {
    if (!ok) return delete this;  // the server has been shut down
    new UnaryRpc(this->queue(), service_, accept_, serve_);
    auto place = this->queue().TakeCall();
    if (!place) return this->Cut(Queue::TooManyCalls());
    place_ = *std::move(place);
    serve_(static_cast<Unary<Request, Response>&>(*this));
  }
  void Finish(const grpc::Status& status) override {
    if (status.ok()) {
      // gRPC has its own copy at once; ours is not to wait with it until it is sent.
      const Response sent = std::move(this->response);
      writer_.Finish(sent, status, answered_.tag());
    } else {
      writer_.FinishWithError(status, answered_.tag());
    }
  }
  void OnAnswered(bool) { End(); }
  void OnGone(bool) {
    if (this->context().IsCancelled()) this->SetGone();
    End();
  }
  void End() {
    if (--owed_ == 0) delete this;
  }

  Service& service_;
  const Accept accept_;
  const Serve serve_;
  Budget::Share place_;
  grpc::ServerAsyncResponseWriter<Response> writer_{&this->context()};
  // Raw calls are those that may take long.  For the others it would be one event more to
  // no use.
  static constexpr bool kTellsGone = std::is_same_v<Request, grpc::ByteBuffer>;
  int owed_ = kTellsGone ? 2 : 1;  // events once it has arrived: answered, gone, in either order
  EventOf<UnaryRpc, &UnaryRpc::OnArrived> arrived_{*this};
  EventOf<UnaryRpc, &UnaryRpc::OnAnswered> answered_{*this};
  EventOf<UnaryRpc, &UnaryRpc::OnGone> gone_{*this};
};

// Serves one call after the other: `accept` is the service's RequestMETHOD, and
// `serve(Unary<Request, Response>&)` is called for each; what it is given lives until it
// is answered.
template <typename Service, typename Base, typename Request, typename Response, typename Serve>
void ServeUnary(Queue& queue, Service& service,
                void (Base::*accept)(grpc::ServerContext*, Request*,
                                     grpc::ServerAsyncResponseWriter<Response>*,
                                     grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*),
                Serve serve) {
  for (int i = 0; i < kAccepts; ++i) {
    new UnaryRpc<Base, Request, Response, Serve>(queue, service, accept, serve);
  }
}

// --- streams in both directions

// What a stream tells whoever serves it; one event at a time.
class StreamEvents {
 public:
  virtual ~StreamEvents() = default;
  virtual void OnReadDone(bool ok) = 0;
  virtual void OnWriteDone(bool ok) = 0;
  virtual void OnGone() = 0;  // the client; also behind Finish()
  virtual void OnDone() = 0;  // the last one: Finish() has been called, and all has ended
};

// Lives until OnDone() has been called.  One read and one write are under way at a time;
// nothing may be started behind Finish(), which may overtake them.
template <typename In, typename Out>
class Stream {
 public:
  virtual ~Stream() = default;  // by itself
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] grpc::ServerContext& context() { return context_; }
  // Before anything else.
  void Tell(StreamEvents& events) { events_ = &events; }
  void Read(In& message) {
    ++owed_;
    line_.Read(&message, read_.tag());
  }
  void Write(const Out& message) {
    ++owed_;
    line_.Write(message, written_.tag());
  }
  void Finish(const grpc::Status& status) { line_.Finish(status, finished_.tag()); }
  // Instead of all these, without waiting until the client reads it.
  void Refuse(const Error& why) {
    Cutter(context_).Cut(why);
    Finish(ToGrpc(why));
  }

 protected:
  Stream() { context_.AsyncNotifyWhenDone(gone_.tag()); }
  [[nodiscard]] auto& line() { return line_; }

 private:
  void OnRead(bool ok) {
    if (events_) events_->OnReadDone(ok);
    End();
  }
  void OnWritten(bool ok) {
    if (events_) events_->OnWriteDone(ok);
    End();
  }
  void OnFinished(bool) { End(); }
  void OnGone(bool) {
    if (events_ && context_.IsCancelled()) events_->OnGone();
    End();
  }
  void End() {
    if (--owed_ > 0) return;
    if (events_) events_->OnDone();
    delete this;
  }

  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<Out, In> line_{&context_};
  StreamEvents* events_ = nullptr;
  std::atomic<int> owed_{
      2};  // events once it has arrived: finished and gone, and what is under way
  EventOf<Stream, &Stream::OnRead> read_{*this};
  EventOf<Stream, &Stream::OnWritten> written_{*this};
  EventOf<Stream, &Stream::OnFinished> finished_{*this};
  EventOf<Stream, &Stream::OnGone> gone_{*this};
};

template <typename Service, typename In, typename Out, typename Serve>
class StreamRpc final : public Stream<In, Out>, private Queue::Guest {
 public:
  using Accept = void (Service::*)(grpc::ServerContext*, grpc::ServerAsyncReaderWriter<Out, In>*,
                                   grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*);

  StreamRpc(Queue& queue, Service& service, Accept accept, const Serve& serve)
      : Queue::Guest(queue), service_(service), accept_(accept), serve_(serve) {
    (service_.*accept_)(&this->context(), &this->line(), queue.get(), queue.get(), arrived_.tag());
  }

 private:
  void OnArrived(bool ok) {
    if (!ok) return delete this;  // the server has been shut down
    new StreamRpc(this->queue(), service_, accept_, serve_);
    serve_(static_cast<Stream<In, Out>&>(*this));
  }

  Service& service_;
  const Accept accept_;
  const Serve serve_;
  EventOf<StreamRpc, &StreamRpc::OnArrived> arrived_{*this};
};

// As ServeUnary(); `serve(Stream<In, Out>&)`.
template <typename Service, typename Base, typename In, typename Out, typename Serve>
void ServeStreams(Queue& queue, Service& service,
                  void (Base::*accept)(grpc::ServerContext*,
                                       grpc::ServerAsyncReaderWriter<Out, In>*,
                                       grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*),
                  Serve serve) {
  for (int i = 0; i < kAccepts; ++i) {
    new StreamRpc<Base, In, Out, Serve>(queue, service, accept, serve);
  }
}

}  // namespace rollcall::etcdapi
