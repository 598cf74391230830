#include "app/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

namespace rollcall::app {
namespace {

std::string ReadProc(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool ReadNumber(std::string_view text, std::uint64_t& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

// When the machine was started, in seconds since 1970.
std::optional<std::uint64_t> BootTime() {
  constexpr std::string_view kMark = "\nbtime ";
  const std::string text = ReadProc("/proc/stat");
  const std::size_t at = text.find(kMark);
  if (at == std::string::npos) return std::nullopt;
  const std::size_t begin = at + kMark.size();
  std::uint64_t time = 0;
  if (!ReadNumber(std::string_view(text).substr(begin, text.find('\n', begin) - begin), time)) {
    return std::nullopt;
  }
  return time;
}

void CollectFiles(Metrics& metrics) {
  std::error_code error;
  std::filesystem::directory_iterator open("/proc/self/fd", error);
  if (!error) {
    // But for the one that this look takes.
    const auto count = std::distance(begin(open), std::filesystem::directory_iterator()) - 1;
    metrics.Gauge("process_open_fds", "Number of open file descriptors.",
                  static_cast<double>(count));
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  metrics.Gauge("process_max_fds", "Maximum number of open file descriptors.",
                static_cast<double>(limit.rlim_cur));
}

}  // namespace

std::optional<ProcessStat> ParseProcessStat(std::string_view text) {
  // The program's name, in parentheses, may hold anything.
  const std::size_t name_end = text.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  std::vector<std::string_view> fields;  // from the third on (proc(5))
  for (std::size_t at = name_end + 2; at < text.size() && fields.size() < 64;) {
    const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    fields.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  const auto field = [&](std::size_t number, std::uint64_t& value) {
    return number - 3 < fields.size() && ReadNumber(fields[number - 3], value);
  };
  ProcessStat stat;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  if (!field(14, user) || !field(15, system) || !field(20, stat.threads) ||
      !field(22, stat.start_ticks) || !field(23, stat.virtual_bytes) ||
      !field(24, stat.resident_pages)) {
    return std::nullopt;
  }
  stat.cpu_ticks = user + system;
  return stat;
}

void CollectProcess(Metrics& metrics) {
  const auto stat = ParseProcessStat(ReadProc("/proc/self/stat"));
  const double hertz = static_cast<double>(sysconf(_SC_CLK_TCK));
  if (stat && hertz > 0) {
    metrics.Counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
                    static_cast<double>(stat->cpu_ticks) / hertz);
    metrics.Gauge("process_threads", "Number of threads.", static_cast<double>(stat->threads));
    metrics.Gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.",
                  static_cast<double>(stat->virtual_bytes));
    metrics.Gauge(
        "process_resident_memory_bytes", "Resident memory size in bytes.",
        static_cast<double>(stat->resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE)));
    if (const auto boot = BootTime()) {
      metrics.Gauge("process_start_time_seconds",
                    "Start time of the process since unix epoch in seconds.",
                    static_cast<double>(*boot) + static_cast<double>(stat->start_ticks) / hertz);
    }
  }
  CollectFiles(metrics);
}

}  // namespace rollcall::app
