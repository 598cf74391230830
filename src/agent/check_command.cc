// ProbeCommand.

#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "agent/check_output.h"
#include "agent/check_probe.h"

namespace rollcall::agent {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using model::Health;
using std::chrono::milliseconds;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
// Kept of what it says.  Some more is read and dropped, then it has to wait: a command that
// never stops talking is to end by its deadline, and not to keep us busy till then.
constexpr std::size_t kKept = 4096;
constexpr std::size_t kMostRead = 1 << 20;
constexpr milliseconds kLook{20};

int OpenPidfd(pid_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

bool HasEnded(pid_t pid) {
  siginfo_t info{};
  // ECHILD: nobody keeps its status, which Collect() will say.
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info.si_pid == pid;
}

// A command from its start to its end; killed when it goes.
class Running : public std::enable_shared_from_this<Running> {
 public:
  Running(const asio::any_io_executor& executor, const StartedCommand& started, Reaper& reaper)
      : reaper_(reaper), leader_(started.leader), output_(executor), exit_(executor) {
    error_code error;
    output_.assign(started.output, error);
    if (error) close(started.output);
    if (!error) output_.non_blocking(true, error);
    const int pidfd = OpenPidfd(leader_);
    if (pidfd < 0) return;  // a kernel before 5.3
    exit_.assign(pidfd, error);
    if (error) close(pidfd);
  }
  ~Running() { End(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // Keeps reading, beside whatever else happens.
  void Read() {
    if (!output_.is_open() || read_ >= kMostRead) return;
    // Not async_read_some(): what it has read is nobody's until its handler's turn.
    output_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [weak = weak_from_this()](const error_code& error) {
                         const auto self = weak.lock();
                         if (!error && self && self->ReadSome()) self->Read();
                       });
  }
  // False: it has not ended by `until`.
  asio::awaitable<bool> WaitForExit(SteadyTime until) {
    asio::steady_timer alarm(exit_.get_executor(), until);
    if (exit_.is_open()) {
      alarm.async_wait([weak = weak_from_this()](const error_code& error) {
        const auto self = weak.lock();
        if (!error && self) self->exit_.cancel();
      });
      (void)co_await exit_.async_wait(asio::posix::stream_descriptor::wait_read, kAsTuple);
      co_return HasEnded(leader_);
    }
    while (!HasEnded(leader_)) {
      if (std::chrono::steady_clock::now() >= until) co_return false;
      alarm.expires_at(std::min(until, std::chrono::steady_clock::now() + kLook));
      (void)co_await alarm.async_wait(kAsTuple);
    }
    co_return true;
  }
  // Requires: it has ended.
  Result<int> Collect() { return Reaper::Collect(std::exchange(leader_, -1)); }
  // What it has said that was not read yet.  A child of its own may keep the pipe open, so
  // its end is not waited for.
  void ReadRest() {
    while (text_.size() < kKept && ReadSome()) continue;
  }
  void End() {
    error_code ignored;
    output_.close(ignored);
    exit_.close(ignored);
    if (leader_ > 0) reaper_.End(std::exchange(leader_, -1));
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  // False: there is nothing now, or no more.
  bool ReadSome() {
    std::array<char, 4096> buffer;
    error_code error;
    const std::size_t size = output_.read_some(asio::buffer(buffer), error);
    read_ += size;
    text_.append(buffer.data(), std::min(size, kKept - text_.size()));
    return !error;
  }

  Reaper& reaper_;
  pid_t leader_;
  asio::posix::stream_descriptor output_;
  asio::posix::stream_descriptor exit_;  // a pidfd; not open: there is none
  std::string text_;
  std::size_t read_ = 0;
};

Outcome Judge(int status, const std::string& text) {
  std::string output = FirstLine(text);
  if (WIFSIGNALED(status)) {
    return Critical(fmt::format("ended by signal {}{}{}", WTERMSIG(status),
                                output.empty() ? "" : ": ", output));
  }
  const int code = WEXITSTATUS(status);
  if (output.empty()) output = fmt::format("exit status {}", code);
  const Health health = code == 0   ? Health::kPassing
                        : code == 1 ? Health::kWarning
                                    : Health::kCritical;
  return {health, std::move(output), false};
}

}  // namespace

asio::awaitable<Outcome> ProbeCommand(const CheckSpec& spec, SteadyTime until, ProbeRoom& room) {
  const auto started = StartCommand(spec.command);
  if (!started && started.error().code == ErrorCode::kExhausted) {
    co_return Inconclusive(started.error().message);
  }
  if (!started) co_return Critical(started.error().message);
  const auto running =
      std::make_shared<Running>(co_await asio::this_coro::executor, *started, room.reaper);
  running->Read();
  const bool ended = co_await running->WaitForExit(until);
  if (!ended) {
    running->End();
    co_return TimedOut(spec.timeout);
  }
  const auto status = running->Collect();
  running->ReadRest();
  running->End();
  if (!status) co_return Critical(status.error().message);
  co_return Judge(*status, running->text());
}

}  // namespace rollcall::agent
