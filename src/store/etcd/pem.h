// The certificate files, read and checked: of those it cannot use gRPC says no more than
// that nobody answers.
#pragma once

#include <string>

#include "base/result.h"
#include "store/etcd/client.h"

namespace rollcall::store::etcd {

// PEM text; "": no such file was named.
struct Pem {
  std::string ca;
  std::string cert;  // the chain, our own first
  std::string key;
};

// kInvalid: a file that cannot be read or holds no such thing, a certificate without its
// key or with another one's.
[[nodiscard]] Result<Pem> ReadPem(const Options& options);

}  // namespace rollcall::store::etcd
