// http_sd as Prometheus takes it: one answer makes the whole list, or none of it counts.
#pragma once

#include <string_view>

#include "doctor/check.h"
#include "doctor/prometheus_config.h"
#include "http_client/send.h"

namespace rollcall::doctor {

// Asks and judges.  Blocks for a refresh interval at most, and no longer than `patience`.
void CheckHttpSd(const HttpSd& sd, std::chrono::milliseconds patience, Check& check);

// Pure.  What an answer means: targets, or why Prometheus keeps those it has.
void JudgeHttpSd(const HttpSd& sd, const http_client::Response& response, Check& check);
// Whether it is `application/json`, with utf-8 or without a charset, as Prometheus wants it.
[[nodiscard]] bool IsJsonType(std::string_view content_type);

}  // namespace rollcall::doctor
