// The writing half of a connection.
#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <utility>

#include "serving/http/connection.h"
#include "serving/http/response_head.h"

namespace rollcall::serving::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kMostGathered = 16;            // items of one write
constexpr std::size_t kCopied = 4096;                // a body up to this size goes with its head
constexpr std::chrono::milliseconds kEndTime{1000};  // for the client to close

}  // namespace

// Takes up what the handler has said since.
void Connection::Flush() {
  if (!pending_ || phase_ != Phase::kAnswer || whole_) return;
  std::optional<Response> response;
  std::vector<Pending::Piece> pieces;
  bool begun = false;
  bool over = false;
  {
    auto state = pending_->state.Lock();
    state->scheduled = false;
    if (state->cut) {
      shared_.cut_off.fetch_add(1, std::memory_order_relaxed);
    } else if (state->dropped && !state->begun) {
      response = Response{500, std::string("nobody answered\n")};
    } else {
      response = std::exchange(state->response, std::nullopt);
    }
    pieces.swap(state->pieces);
    begun = state->begun;
    over = state->over;
    // Its end cannot be told from a whole answer's, so it gets none.
    if (state->cut || (state->dropped && begun)) {
      over = false;
      whole_ = true;
    }
  }
  if (whole_) return Close();
  if (response && !begun) return Answer(*std::move(response));
  if (response) {  // the head of a stream
    chunked_ = !old_version_ && !head_only_ && HasBody(response->status);
    if (old_version_) keep_alive_ = false;
    shared_.Answered(response->status);
    Send(MakeHead(*response, {old_version_, keep_alive_, std::nullopt}, policy_->headers,
                  loop_->Date()));
  }
  for (auto& [octets, waiting] : pieces) {
    const std::string size = chunked_ ? fmt::format("{:x}\r\n", octets->size()) : "";
    out_.push_back({size, std::move(octets), chunked_, waiting});
  }
  if (begun && over) {
    if (chunked_) Send("0\r\n\r\n");
    whole_ = true;
  }
  Write();
}

bool Connection::MakeRoom(std::size_t octets) {
  const Options& options = shared_.options;
  const std::size_t most = options.most_untaken / std::max<std::size_t>(options.threads, 1);
  const SteadyTime now = SystemClock().Now();
  while (loop_->untaken > 0 && loop_->untaken + octets > most) {
    if (!loop_->CutOneOff(now - options.take_time)) return false;
  }
  loop_->untaken += octets;
  untaken_ = octets;
  taking_since_ = now;
  return true;
}

void Connection::GiveRoom() {
  loop_->untaken -= std::exchange(untaken_, 0);
  taking_since_.reset();
}

void Connection::Answer(Response response) {
  const auto* const alone = std::get_if<std::string>(&response.body);
  if (alone != nullptr && alone->size() > kCopied && !MakeRoom(alone->size())) {
    response = shared_.Complaint(
        {503, std::string("too many answers wait for clients that do not read theirs\n")},
        route_ != nullptr ? route_->path : "");
  }
  whole_ = true;
  shared_.Answered(response.status);
  Pieces shared;
  if (Octets* const octets = std::get_if<Octets>(&response.body)) shared = {std::move(*octets)};
  if (Pieces* const pieces = std::get_if<Pieces>(&response.body)) shared = std::move(*pieces);
  std::string text;
  if (std::string* const own = std::get_if<std::string>(&response.body)) text = std::move(*own);
  std::size_t length = text.size();
  for (const Octets& piece : shared) length += piece->size();
  std::string head =
      MakeHead(response, {old_version_, keep_alive_, length}, policy_->headers, loop_->Date());
  const bool has_body = !head_only_ && HasBody(response.status);
  if (!has_body) {
    shared.clear();
  } else if (text.size() <= kCopied) {
    head += text;
  } else {
    shared = {std::make_shared<const std::string>(std::move(text))};
  }
  Send(std::move(head));
  for (Octets& piece : shared) out_.push_back({"", std::move(piece)});
  Write();
}

void Connection::Send(std::string text) {
  out_.push_back({std::move(text)});
}

void Connection::Write() {
  if (writing_ || phase_ == Phase::kClosed) return;
  if (out_.empty()) {
    if (whole_) OnAnswered();
    return;
  }
  std::vector<asio::const_buffer> buffers;
  std::size_t skip = written_;
  const auto add = [&](std::string_view octets) {
    const std::size_t skipped = std::min(skip, octets.size());
    skip -= skipped;
    if (octets.size() > skipped)
      buffers.emplace_back(octets.data() + skipped, octets.size() - skipped);
  };
  std::size_t gathered = 0;
  for (const Item& item : out_) {
    if (gathered++ == kMostGathered) break;
    add(item.text);
    if (item.shared) add(*item.shared);
    if (item.end_of_chunk) add("\r\n");
  }
  writing_ = true;
  write_deadline_ = SystemClock().Now() + shared_.options.progress_time;
  auto done = [self = shared_from_this()](const error_code& error, std::size_t size) {
    self->writing_ = false;
    if (self->phase_ == Phase::kClosed) return;
    if (error) return self->Close();
    self->OnWritten(size);
  };
  if (tls_) {
    tls_->stream.async_write_some(buffers, std::move(done));
  } else {
    socket_.async_write_some(buffers, std::move(done));
  }
}

void Connection::OnWritten(std::size_t size) {
  write_deadline_ = SteadyTime::max();
  written_ += size;
  std::size_t waited = 0;
  while (!out_.empty() && written_ >= out_.front().size()) {
    written_ -= out_.front().size();
    waited += out_.front().waiting;
    out_.pop_front();
  }
  if (waited > 0 && pending_) pending_->state.Lock()->waiting -= waited;
  Write();
}

void Connection::OnAnswered() {
  GiveRoom();
  pending_.reset();
  whole_ = false;
  if (keep_alive_ && !loop_->stopping()) {
    Enter(Phase::kIdle, shared_.options.idle_time);
    return Parse();
  }
  if (ended_) return Close();
  Enter(Phase::kEnd, kEndTime);
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  in_ = std::string();
  Read();
}

}  // namespace rollcall::serving::http
