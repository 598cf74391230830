// Writes JSON straight into a text: no tree of values in between, of which a hundred thousand
// targets would make a million.  A fourth of the time of Boost.JSON (bench/sd_bench.cc has both).
//
// Threads: one user.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace rollcall::serving::sd {

class JsonWriter {
 public:
  // `size`: of the text, about; memory that is not written costs nothing.
  explicit JsonWriter(std::size_t size = 0) { text_.reserve(size); }
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  void BeginObject() { Begin('{'); }
  void EndObject() { End('}'); }
  void BeginArray() { Begin('['); }
  void EndArray() { End(']'); }

  // A member's name, as it is.  Requires: nothing in it (or in `prefix`) needs an escape.
  void Key(std::string_view prefix, std::string_view name = {}) {
    Comma();
    Put('"');
    Put(prefix);
    Put(name);
    Put("\":");
    comma_ = false;
  }
  // One that may have anything in it.
  void EscapedKey(std::string_view name) {
    String(name);
    Put(':');
    comma_ = false;
  }

  void String(std::string_view text) {
    BeginString();
    More(text);
    EndString();
  }
  // A string made of pieces.
  void BeginString() {
    Comma();
    Put('"');
  }
  void More(std::string_view text) {
    if (IsPlain(text)) {
      Put(text);
    } else {
      PutEscaped(text);
    }
  }
  void EndString() {
    Put('"');
    comma_ = true;
  }

  void Number(std::uint64_t number) {
    Comma();
    const fmt::format_int digits(number);
    Put(std::string_view(digits.data(), digits.size()));
    comma_ = true;
  }
  void Bool(bool value) {
    Comma();
    Put(value ? "true" : "false");
    comma_ = true;
  }
  void Member(std::string_view name, std::string_view value) {
    Key(name);
    String(value);
  }

  // To take back what was written since; until the next Cut().
  struct Place {
    std::size_t size = 0;
    bool comma = false;
  };
  [[nodiscard]] Place Here() {
    good_ = true;
    return {size(), comma_};
  }
  void Rewind(Place place);
  // Whether all strings since the last Here() were UTF-8, without which this is no JSON.
  [[nodiscard]] bool good() const { return good_; }

  // What was written since the last Cut(); what comes next goes on behind it.
  [[nodiscard]] std::string Cut();
  [[nodiscard]] std::size_t size() const { return text_.size() + used_; }

  [[nodiscard]] std::string Take() && {
    Flush();
    return std::move(text_);
  }

 private:
  void Begin(char bracket) {
    Comma();
    Put(bracket);
    comma_ = false;
  }
  void End(char bracket) {
    Put(bracket);
    comma_ = true;
  }
  void Comma() {
    if (comma_) Put(',');
  }

  void Put(char c) {
    if (used_ == block_.size()) Flush();
    block_[used_++] = c;
  }
  void Put(std::string_view text) {
    if (text.size() > block_.size() - used_) return PutLong(text);
    text.copy(block_.data() + used_, text.size());
    used_ += text.size();
  }
  void PutLong(std::string_view text);
  void PutEscaped(std::string_view text);
  void Flush() {
    text_.append(block_.data(), used_);
    used_ = 0;
  }
  // ASCII, and nothing in it needs an escape.
  [[nodiscard]] static bool IsPlain(std::string_view text);

  std::string text_;
  // What comes next; pieces of a few octets are put together here.
  std::array<char, 4096> block_;
  std::size_t used_ = 0;
  bool comma_ = false;  // before what comes next
  bool good_ = true;
};

}  // namespace rollcall::serving::sd
