// Standard input, output and error, which somebody may have closed before us.
#pragma once

namespace rollcall::app {

// Opens those of the three that are closed, as /dev/null.  Else the next file that is opened
// takes a number of theirs, and what we log is written into it: into the store's, say.
// Before anything is opened.
void OpenStandardFiles();

}  // namespace rollcall::app
