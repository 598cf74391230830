// Whether what an exporter answers is metrics: in Prometheus's text format, or
// OpenMetrics.
//
// A look, no parse: it tells an exporter from a login page or another program that has
// taken the port, and leaves the rest to Prometheus.  Pure.
#pragma once

#include <string_view>

namespace rollcall::agent {

// It begins with `# HELP`, `# TYPE`, `# UNIT` or `# EOF`, or the first line that is no
// comment is a sample.  `body` may be cut anywhere behind its first lines.
[[nodiscard]] bool IsMetrics(std::string_view body);

}  // namespace rollcall::agent
