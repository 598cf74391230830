// What `rollcall serve` is told about a store of its own, checked.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "app/settings.h"
#include "base/result.h"

namespace rollcall::app {

struct EmbeddedOptions {
  std::string path;                    // directory of the files
  std::chrono::seconds history_age{};  // older history is compacted
  std::size_t history_bytes = 0;       // and what is more than this
  std::string listen;                  // ADDR:PORT of the etcd API
  std::string advertise;               // HOST:PORT by which others reach it; "": nobody does
  std::string cert_file;               // PEM; "": without TLS
  std::string key_file;
  std::string client_ca_file;  // clients need a certificate of it; "": they do not
  std::string users_file;      // "": nobody has to log in

  [[nodiscard]] std::string scheme() const { return cert_file.empty() ? "http" : "https"; }
};

[[nodiscard]] std::vector<Setting> EmbeddedSettings();
// kInvalid: says which setting is wrong, and how; also if others could reach the store
// and nothing says who may.
[[nodiscard]] Result<EmbeddedOptions> ReadEmbeddedOptions(const Settings& settings);

}  // namespace rollcall::app
