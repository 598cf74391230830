// The files that this process has open: the standard ones, and how many there may be.
#pragma once

namespace rollcall::app {

// Opens those of the three that are closed, as /dev/null.  Else the next file that is opened
// takes a number of theirs, and what we log is written into it: into the store's, say.
// Before anything is opened.
void OpenStandardFiles();

// As many as the system lets us have: each client is one, and a shell gives us a thousand.
void AllowManyFiles();

}  // namespace rollcall::app
