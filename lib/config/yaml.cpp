#include "config/yaml.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <sstream>
#include <utility>

#include "core/file.hpp"

namespace aiot::config {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::unreadable, "config.unreadable", "the configuration file cannot be read",
     Condition::invalid_input},
    {Errc::too_large, "config.too_large", "the configuration file is too large",
     Condition::invalid_input},
    {Errc::syntax, "config.syntax", "not a configuration file", Condition::invalid_input},
    {Errc::unknown_key, "config.unknown_key", "unknown setting", Condition::invalid_input},
    {Errc::duplicate_key, "config.duplicate_key", "the setting is given twice",
     Condition::invalid_input},
    {Errc::bad_value, "config.bad_value", "not a valid value", Condition::invalid_input},
    {Errc::foreign, "config.foreign", "the configuration file belongs to another user",
     Condition::invalid_input},
    {Errc::readable_by_others, "config.permissions",
     "others can read or change this file of secrets", Condition::refused_security},
};
const ErrorTable table("config", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

namespace {

constexpr std::size_t max_file_bytes = 256 * 1024;

Error fail(Errc code, const std::string& path, const std::string& why, std::string hint = {}) {
  if (hint.empty() && code == Errc::unreadable) {
    hint = "name a file that is there, and that this user may read";
  }
  return make_error(code, path + (why.empty() ? "" : ": " + why), std::move(hint));
}

std::string system_text() { return file::last_error().message(); }

Result<std::string> read_all(int fd, const std::string& path) {
  const auto bytes = file::read_all(fd, max_file_bytes);
  if (bytes) return to_string(*bytes);
  if (bytes.error() == boost::system::errc::file_too_large) {
    return fail(Errc::too_large, path, "", "a configuration file holds at most 256 KiB");
  }
  return fail(Errc::unreadable, path, bytes.error().message());
}

bool is_foreign(const struct stat& info) { return info.st_uid != ::geteuid() && info.st_uid != 0; }

}  // namespace

Result<std::optional<std::string>> read_file(const std::string& path, Trust trust) {
  const bool explicitly = trust == Trust::named;
  // Not blocking: a FIFO left under a well-known name must not hang every command.
  const int mode = explicitly ? O_RDONLY : O_RDONLY | O_NONBLOCK;
  const file::Descriptor file{::open(path.c_str(), mode | O_CLOEXEC)};
  if (!file.is_open()) {
    if ((errno == ENOENT || errno == ENOTDIR) && !explicitly) return std::optional<std::string>();
    const std::string why = system_text();
    struct stat info {};
    if (trust == Trust::own_only && ::stat(path.c_str(), &info) == 0 && is_foreign(info)) {
      return fail(Errc::foreign, path, "");
    }
    return fail(Errc::unreadable, path, why);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return fail(Errc::unreadable, path, system_text());
  if (trust == Trust::own_only && is_foreign(info)) return fail(Errc::foreign, path, "");
  if (S_ISDIR(info.st_mode)) return fail(Errc::unreadable, path, "it is a folder");
  if (!explicitly && !S_ISREG(info.st_mode)) {
    return fail(Errc::unreadable, path, "not a regular file");
  }
  AIOT_TRY(std::string text, read_all(file.get(), path));
  return std::optional<std::string>(std::move(text));
}

Result<std::string> read_secret_file(const std::string& path) {
  const file::Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file.is_open()) return fail(Errc::unreadable, path, system_text());
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return fail(Errc::unreadable, path, system_text());
  if (S_ISDIR(info.st_mode)) return fail(Errc::unreadable, path, "it is a folder");
  if (S_ISREG(info.st_mode) || S_ISFIFO(info.st_mode)) {
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
      return fail(Errc::readable_by_others, path, "", "chmod 600 " + path);
    }
  }
  return read_all(file.get(), path);
}

namespace {

constexpr std::string_view shape_hint =
    "write settings as `flash.baud: 921600`, or in one level of sections";

/// Thrown through yaml-cpp, which offers no other way to stop it.
struct Refused {
  int line;
  std::string why;
};

class Collector final : public YAML::EventHandler {
 public:
  std::vector<Entry> entries;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    // A document of nothing but comments is one null.
    if (depth_ == 0) return;
    if (!key_) refuse(mark, "a setting has no name");
    refuse(mark, fmt::format("\"{}\" has no value", path()));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases (*name) are not taken");
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    if (anchor != 0) refuse(mark, "anchors (&name) are not taken");
    if (depth_ == 0) refuse(mark, "expected settings, found plain text");
    if (!key_) {
      if (value.empty()) refuse(mark, "a setting has no name");
      key_ = value;
      return;
    }
    entries.push_back({path(), value, mark.line + 1});
    key_.reset();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    refuse(mark, "lists are not taken");
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    if (anchor != 0) refuse(mark, "anchors (&name) are not taken");
    if (depth_ == 2) refuse(mark, "sections go one level deep");
    if (depth_ == 1) {
      if (!key_) refuse(mark, "a section needs a name");
      section_ = *key_;
      key_.reset();
    }
    ++depth_;
  }
  void OnMapEnd() override {
    if (--depth_ == 1) section_.clear();
  }

 private:
  std::string path() const { return section_.empty() ? *key_ : section_ + "." + *key_; }
  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string why) {
    throw Refused{mark.line + 1, std::move(why)};
  }

  int depth_ = 0;
  std::string section_;
  std::optional<std::string> key_;
};

}  // namespace

Result<std::vector<Entry>> parse_yaml(std::string_view text, const std::string& name) {
  const auto fail = [&](int line, std::string_view why) {
    return make_error(Errc::syntax, fmt::format("{}:{}: {}", name, line, why),
                      std::string(shape_hint));
  };
  // yaml-cpp nests one call a bracket; a deep file would cost the stack before our depth check.
  if (std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{'; }) > 64) {
    return fail(1, "too many brackets");
  }
  std::istringstream stream{std::string(text)};
  Collector collector;
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(collector)) return std::move(collector.entries);
    Collector rest;
    if (parser.HandleNextDocument(rest)) return fail(1, "one YAML document is expected");
  } catch (const Refused& refused) {
    return fail(refused.line, refused.why);
  } catch (const YAML::Exception& e) {
    return fail(e.mark.line + 1, e.msg);
  }
  return std::move(collector.entries);
}

}  // namespace aiot::config
