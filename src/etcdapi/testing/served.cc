#include "etcdapi/testing/served.h"

#include <thread>

namespace rollcall::etcdapi::testing {

std::string Describe(const grpc::Status& status) {
  static const char* const kNames[] = {"OK",
                                       "CANCELLED",
                                       "UNKNOWN",
                                       "INVALID_ARGUMENT",
                                       "DEADLINE_EXCEEDED",
                                       "NOT_FOUND",
                                       "ALREADY_EXISTS",
                                       "PERMISSION_DENIED",
                                       "RESOURCE_EXHAUSTED",
                                       "FAILED_PRECONDITION",
                                       "ABORTED",
                                       "OUT_OF_RANGE",
                                       "UNIMPLEMENTED",
                                       "INTERNAL",
                                       "UNAVAILABLE",
                                       "DATA_LOSS",
                                       "UNAUTHENTICATED"};
  const std::string name = kNames[status.error_code()];
  return status.ok() ? name : name + " " + status.error_message();
}

Served::Served(ServerOptions options, const store::embedded::EngineOptions& engine,
               const Clock& clock)
    : Served(std::move(options), *store::embedded::Engine::Open(engine, clock)) {
}

Served::Served(ServerOptions options, std::unique_ptr<store::embedded::Engine> engine)
    : engine_(std::move(engine)) {
  if (options.listen_addresses.empty()) options.listen_addresses = {"127.0.0.1:0"};
  server_ = std::make_unique<Server>(*engine_, std::move(options));
  const auto started = server_->Start();
  EXPECT_TRUE(started) << started.error().message;
}

std::shared_ptr<grpc::Channel> Served::Connect() const {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  return grpc::CreateCustomChannel(address(), grpc::InsecureChannelCredentials(), arguments);
}

std::unique_ptr<store::etcd::Client> Served::MakeClient(store::etcd::Options options) const {
  if (options.endpoints.empty()) options.endpoints = {"http://" + address()};
  auto client = store::etcd::Connect(options);
  EXPECT_TRUE(client) << client.error().message;
  return client ? *std::move(client) : nullptr;
}

Stubs::Stubs(const std::shared_ptr<grpc::Channel>& channel)
    : kv(etcdserverpb::KV::NewStub(channel)),
      watch(etcdserverpb::Watch::NewStub(channel)),
      lease(etcdserverpb::Lease::NewStub(channel)),
      cluster(etcdserverpb::Cluster::NewStub(channel)),
      maintenance(etcdserverpb::Maintenance::NewStub(channel)),
      auth(etcdserverpb::Auth::NewStub(channel)) {
}

void Stubs::Prepare(grpc::ClientContext& context) const {
  context.set_deadline(std::chrono::system_clock::now() + kLong);
  if (!token.empty()) context.AddMetadata("token", token);
}

store::Revision Stubs::Put(std::string key, std::string value, store::LeaseId lease_id) const {
  etcdserverpb::PutRequest request;
  request.set_key(std::move(key));
  request.set_value(std::move(value));
  request.set_lease(lease_id);
  etcdserverpb::PutResponse response;
  EXPECT_EQ(Describe(Call(*kv, &etcdserverpb::KV::Stub::Put, request, &response)), "OK");
  return response.header().revision();
}

store::Revision Stubs::Delete(std::string key) const {
  etcdserverpb::DeleteRangeRequest request;
  request.set_key(std::move(key));
  etcdserverpb::DeleteRangeResponse response;
  EXPECT_EQ(Describe(Call(*kv, &etcdserverpb::KV::Stub::DeleteRange, request, &response)), "OK");
  return response.header().revision();
}

WatchClient::WatchClient(const Stubs& stubs) {
  stubs.Prepare(context_);
  stream_ = stubs.watch->Watch(&context_);
}

WatchClient::~WatchClient() {
  context_.TryCancel();
  if (!over_) (void)stream_->Finish();
}

void WatchClient::Create(const etcdserverpb::WatchCreateRequest& request) {
  etcdserverpb::WatchRequest message;
  *message.mutable_create_request() = request;
  Write(message);
}

void WatchClient::Create(std::string key) {
  etcdserverpb::WatchCreateRequest request;
  request.set_key(std::move(key));
  Create(request);
}

void WatchClient::Cancel(std::int64_t id) {
  etcdserverpb::WatchRequest message;
  message.mutable_cancel_request()->set_watch_id(id);
  Write(message);
}

void WatchClient::AskProgress() {
  etcdserverpb::WatchRequest message;
  message.mutable_progress_request();
  Write(message);
}

void WatchClient::Write(const etcdserverpb::WatchRequest& request) {
  EXPECT_TRUE(stream_->Write(request));
}

etcdserverpb::WatchResponse WatchClient::Next() {
  etcdserverpb::WatchResponse response;
  if (!stream_->Read(&response)) ADD_FAILURE() << "stream over: " << Describe(End());
  return response;
}

grpc::Status WatchClient::End() {
  etcdserverpb::WatchResponse response;
  while (stream_->Read(&response)) {
  }
  over_ = true;
  return stream_->Finish();
}

bool WaitUntil(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kLong;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    // Between two questions; the answer counts, not the time.
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace rollcall::etcdapi::testing
