#include "etcdapi/core/users.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <memory>
#include <sstream>
#include <utility>

#include "base/log.h"

namespace rollcall::etcdapi {
namespace {

constexpr std::string_view kBlank = " \t\r";
constexpr std::size_t kMostFileOctets = std::size_t{1} << 20;  // of the file
constexpr std::size_t kHashLength = 60;
// bcrypt's cost is a power of two: 16 takes four seconds.
constexpr int kMostCost = 16;

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::string_view Unquote(std::string_view text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                      text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// Empty: a bcrypt hash that we can check.
std::string WhyNotHash(std::string_view hash) {
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  const bool is_bcrypt =
      hash.size() == kHashLength &&
      (hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$")) &&
      is_digit(hash[4]) && is_digit(hash[5]) && hash[6] == '$';
  if (!is_bcrypt) return "not a bcrypt hash ($2y$10$..., 60 characters)";
  const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
  if (cost < 4 || cost > kMostCost) {
    return "a bcrypt cost of " + std::to_string(cost) + ", not one from 4 to " +
           std::to_string(kMostCost);
  }
  return {};
}

tl::unexpected<Error> Wrong(std::size_t line, std::string_view what) {
  return Fail(ErrorCode::kInvalid, "line " + std::to_string(line) + ": " + std::string(what));
}

}  // namespace

Result<Users> Users::Parse(std::string_view text) {
  Users users;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = Trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Wrong(number, "not `name: hash`");
    const std::string_view name = Trim(line.substr(0, colon));
    if (name.empty() || name.find_first_of(kBlank) != std::string_view::npos) {
      return Wrong(number, "a name of one word has to stand before the colon");
    }
    const std::string_view hash = Unquote(Trim(line.substr(colon + 1)));
    if (const std::string why = WhyNotHash(hash); !why.empty()) return Wrong(number, why);
    if (!users.hashes_.emplace(name, hash).second) {
      return Wrong(number, "a second line for '" + std::string(name) + "'");
    }
  }
  if (users.hashes_.empty()) return Fail(ErrorCode::kInvalid, "there is no user in it");
  return users;
}

std::string Users::HashOf(std::string_view name) const {
  const auto it = hashes_.find(name);
  return it == hashes_.end() ? std::string() : it->second;
}

bool IsPasswordOf(const std::string& hash, const std::string& password) {
  // crypt() takes strings that end with a zero.
  if (password.find('\0') != std::string::npos) return false;
  const auto scratch = std::make_unique<crypt_data>();  // 32 KiB
  const char* made = crypt_r(password.c_str(), hash.c_str(), scratch.get());
  return made != nullptr && std::string_view(made).size() == hash.size() &&
         CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
}

// --- the file

Result<UsersFile> UsersFile::Open(std::string path) {
  UsersFile file(std::move(path));
  file.seen_ = file.Look();
  auto users = file.Read();
  if (!users) return Fail(std::move(users.error()));
  file.users_ = *std::move(users);
  return file;
}

UsersFile::Stamp UsersFile::Look() const {
  struct stat found {};
  if (stat(path_.c_str(), &found) != 0) return {};
  return {found.st_mtim.tv_sec, found.st_mtim.tv_nsec, static_cast<std::uint64_t>(found.st_size),
          found.st_ino};
}

Result<Users> UsersFile::Read() const {
  const auto fail = [this](const std::string& why) {
    return Fail(ErrorCode::kInvalid, "users file '" + path_ + "': " + why);
  };
  std::ifstream file(path_, std::ios::binary);
  std::string text(kMostFileOctets + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) return fail("cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMostFileOctets) return fail("larger than 1 MiB");
  auto users = Users::Parse(text);
  if (!users) return fail(users.error().message);
  return users;
}

bool UsersFile::Refresh() {
  const Stamp now = Look();
  if (now == seen_) return false;
  seen_ = now;
  auto users = Read();
  if (!users) {
    log::Warn("the users stay as they were", {{"why", users.error().message}});
    return false;
  }
  users_ = *std::move(users);
  log::Info("the users were read anew", {{"file", path_}, {"users", users_.size()}});
  return true;
}

}  // namespace rollcall::etcdapi
