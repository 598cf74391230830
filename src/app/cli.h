// The command line: the only place that knows CLI11 (it costs seconds to compile).
#pragma once

namespace rollcall::app {

// Runs the subcommand named on the command line; the status to exit with.
[[nodiscard]] int Main(int argc, char** argv);

}  // namespace rollcall::app
