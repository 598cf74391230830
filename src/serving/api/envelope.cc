#include "serving/api/envelope.h"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <utility>

namespace rollcall::serving::api {
namespace {

constexpr std::string_view kJson = "application/json";

struct Kind {
  unsigned status;
  std::string_view type;
};

Kind KindOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return {400, "bad_data"};
    case ErrorCode::kNotFound:
      return {404, "not_found"};
    case ErrorCode::kConflict:
      return {409, "conflict"};
    case ErrorCode::kMoved:
      return {412, "precondition_failed"};
    case ErrorCode::kDeadline:
      return {504, "timeout"};
    case ErrorCode::kUnavailable:
    case ErrorCode::kRefused:  // by the store, of us: not the client's fault
    case ErrorCode::kCancelled:
    case ErrorCode::kExhausted:
      return {503, "unavailable"};
    case ErrorCode::kCompacted:
    case ErrorCode::kInternal:
      break;
  }
  return {500, "internal"};
}

std::string_view TypeOf(unsigned status) {
  switch (status) {
    case 401:
      return "unauthorized";
    case 403:
    case 421:
      return "forbidden";
    case 404:
      return "not_found";
    case 429:
    case 503:
      return "unavailable";
    case 408:
      return "timeout";
    default:
      return status >= 500 ? "internal" : "bad_data";
  }
}

http::Response Json(unsigned status, std::string body) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  response.content_type = kJson;
  return response;
}

}  // namespace

http::Response SuccessText(std::string_view data) {
  std::string body = R"({"status":"success","data":)";
  body += data;
  body += '}';
  return Json(200, std::move(body));
}

http::Response Success(const boost::json::value& data) {
  return SuccessText(boost::json::serialize(data));
}

http::Response Failure(unsigned status, std::string_view type, std::string_view sentence) {
  std::string body = R"({"status":"error","errorType":")";
  body += type;
  body += R"(","error":)";
  body += boost::json::serialize(boost::json::string(sentence));
  body += '}';
  return Json(status, std::move(body));
}

http::Response Failure(const Error& error) {
  const Kind kind = KindOf(error.code);
  return Failure(kind.status, kind.type, error.message);
}

http::Response Refusal(unsigned status, std::string_view sentence) {
  return Failure(status, TypeOf(status), sentence);
}

http::Response NothingKnown() {
  return Failure(503, "unavailable", "the store has never been reached: nothing is known");
}

}  // namespace rollcall::serving::api
