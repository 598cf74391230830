// consul_sd as Prometheus does it, without its waiting: which services there are, and their
// instances.
//
// Threads: any number at once; a call blocks, at most for `patience` each request.
#pragma once

#include "doctor/check.h"
#include "doctor/prometheus_config.h"

namespace rollcall::doctor {

void CheckConsulSd(const ConsulSd& sd, std::chrono::milliseconds patience, Check& check);

// Pure: the targets of an answer to /v1/health/service/NAME, into `targets`.
// kInvalid: it is not what Prometheus can read.
[[nodiscard]] Result<void> ReadConsulHealth(const std::string& body,
                                            std::vector<std::string>& targets);

}  // namespace rollcall::doctor
