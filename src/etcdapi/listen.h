// What a server needs before it can listen: addresses and certificates.  Includes gRPC: for
// .cc files of this room only.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "base/result.h"

namespace rollcall::etcdapi {

struct ListenAddress {
  std::string host;  // without brackets; "": all of this machine's
  std::string port;

  // "127.0.0.1:2379", "[::1]:2379", ":2379".  kInvalid.
  [[nodiscard]] static Result<ListenAddress> Parse(const std::string& text);
  // The same again, whatever it was.
  [[nodiscard]] std::string ToString() const;
};

struct TlsFiles {
  std::string cert;
  std::string key;
  std::string client_ca;
};
// Without files: none.  kInvalid: a file that cannot be read or is not PEM, one without
// the other.
[[nodiscard]] Result<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(
    const TlsFiles& files);

}  // namespace rollcall::etcdapi
