// `serve --config.file`: YAML whose fields are the flags' names.
//
//   zone: [prom.internal, 10.0.0.0/8]
//   dns:
//     listen-address: [0.0.0.0:53]
//     default-ttl: 15s
//   etcd.endpoint: http://127.0.0.1:2379
//
// A dot in a name may be a level of the file or stand in the field's name.
#pragma once

#include <string>

#include "app/settings.h"
#include "base/result.h"

namespace rollcall::app {

// Adds what the file says to `settings`, where no flag has said it already.
// kInvalid: "FILE:LINE: what is wrong" for a field that is not one of `settings`, is
// there twice, or has a value of the wrong shape; or the file cannot be read.
[[nodiscard]] Result<void> LoadConfigFile(const std::string& path, Settings& settings);
// The same from the text of one; `path` is for the messages.
[[nodiscard]] Result<void> LoadConfigText(const std::string& text, const std::string& path,
                                          Settings& settings);

}  // namespace rollcall::app
