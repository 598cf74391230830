// Writes JSON straight into a text: no tree of values in between, of which a hundred thousand
// targets would make a million (bench/sd_bench.cc has both).
//
// Threads: one user.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace rollcall::serving::sd {

class JsonWriter {
 public:
  // Appends to `out`, which it borrows.
  explicit JsonWriter(std::string& out) : out_(out) {}

  void BeginObject() { Begin('{'); }
  void EndObject() { End('}'); }
  void BeginArray() { Begin('['); }
  void EndArray() { End(']'); }

  // A member's name, as it is.  Requires: nothing in it (or in `prefix`) needs an escape.
  void Key(std::string_view prefix, std::string_view name = {}) {
    Comma();
    out_ += '"';
    out_ += prefix;
    out_ += name;
    out_ += "\":";
    comma_ = false;
  }
  // One that may have anything in it.
  void EscapedKey(std::string_view name) {
    String(name);
    out_ += ':';
    comma_ = false;
  }

  // Requires: valid UTF-8.
  void String(std::string_view text) {
    BeginString();
    More(text);
    EndString();
  }
  // A string made of pieces.
  void BeginString() {
    Comma();
    out_ += '"';
  }
  void More(std::string_view text);
  void EndString() {
    out_ += '"';
    comma_ = true;
  }

  void Number(std::uint64_t number) {
    Comma();
    const fmt::format_int digits(number);
    out_.append(digits.data(), digits.size());
    comma_ = true;
  }
  void Bool(bool value) {
    Comma();
    out_ += value ? "true" : "false";
    comma_ = true;
  }
  void Member(std::string_view name, std::string_view value) {
    Key(name);
    String(value);
  }

  // To take back what was written since.
  struct Place {
    std::size_t size = 0;
    bool comma = false;
  };
  [[nodiscard]] Place Here() const { return {out_.size(), comma_}; }
  void Rewind(Place place) {
    out_.resize(place.size);
    comma_ = place.comma;
  }

 private:
  void Begin(char bracket) {
    Comma();
    out_ += bracket;
    comma_ = false;
  }
  void End(char bracket) {
    out_ += bracket;
    comma_ = true;
  }
  void Comma() {
    if (comma_) out_ += ',';
  }

  std::string& out_;
  bool comma_ = false;  // before what comes next
};

}  // namespace rollcall::serving::sd
