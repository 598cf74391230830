// What a command that reads is to ask, where nobody has said: the server of this host, or the
// store.
//
// A server shows what it answers by, wherever its store is and whatever that wants to know of
// who reads it.  So it is asked first.  What is written goes to the store all the same, unless
// --server is given: there the history has USER@HOST of who did it, and not an address.
//
// Threads: one; a call blocks, for a second at most.
#pragma once

#include <cstdint>
#include <vector>

#include "app/settings.h"
#include "base/result.h"
#include "http_client/send.h"

namespace rollcall::app {

enum class Source : std::uint8_t { kStore, kServer };

// --server and what it takes to be let in, of commands that ask ChooseSource().
[[nodiscard]] std::vector<Setting> SourceSettings();

// The server, if one of its flags is given; else the store, if a flag or a variable of the
// environment names it, or orders wait here that go to it first; else the server of this host, if
// one answers at --server's default and knows anything; else the store.
// kRefused: a server is there, and wants TLS or a login: what the store shows need not be the same.
// Requires: SourceSettings() and ClientSettings() are known.
[[nodiscard]] Result<Source> ChooseSource(const Settings& settings);

// Who has answered /api/v1/status/runtimeinfo like this.
enum class Answerer : std::uint8_t {
  kServer,
  kStaleServer,  // it has not heard of its store for a while
  kNewServer,    // it has not read its store yet, and knows nothing
  kWantsLogin,
  kOther,  // no server of ours
};
[[nodiscard]] Answerer AnswererOf(const http_client::Response& response);

}  // namespace rollcall::app
