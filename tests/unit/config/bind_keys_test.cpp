#include "config/secrets.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

using namespace aiot;
using config::BindKeys;

namespace {

/// A file of keys, gone with the object.
struct KeysFile {
  std::filesystem::path folder;
  explicit KeysFile(const std::string& text, mode_t mode = 0600) {
    std::string name = (std::filesystem::temp_directory_path() / "aiot-keys-XXXXXX").string();
    folder = mkdtemp(name.data());
    std::ofstream(path()) << text;
    ::chmod(path().c_str(), mode);
  }
  ~KeysFile() { std::filesystem::remove_all(folder); }
  KeysFile(const KeysFile&) = delete;
  KeysFile& operator=(const KeysFile&) = delete;
  std::string path() const { return (folder / "keys.yaml").string(); }
  Result<BindKeys> read() const { return config::read_bind_keys(path()); }
};

constexpr const char* secret = "231d39c1d7cc1ab1aee224cd096db932";

}  // namespace

TEST_CASE("a key for each address, however it is written") {
  const KeysFile file(
      "# the kitchen\n58:2D:34:12:20:89: a3bfe9853dd85a620debe3620caaa351\n"
      "54-48-e6-8f-80-a5: '231d39c1d7cc1ab1aee224cd096db932'\n"
      "123456123456: 814aac74c4f17b6c1581e1ab\n");
  const auto keys = file.read();
  REQUIRE(keys.has_value());
  REQUIRE(keys->size() == 3);
  CHECK(to_hex(keys->at({0x58, 0x2D, 0x34, 0x12, 0x20, 0x89})) ==
        "a3bfe9853dd85a620debe3620caaa351");
  CHECK(to_hex(keys->at({0x54, 0x48, 0xE6, 0x8F, 0x80, 0xA5})) == secret);
  CHECK(keys->at({0x12, 0x34, 0x56, 0x12, 0x34, 0x56}).size() == 12);
  CHECK(KeysFile("").read()->empty());
}

TEST_CASE("a file that others can read or change is refused") {
  const std::string text = std::string("58:2D:34:12:20:89: ") + secret + "\n";
  for (const mode_t mode : {0640, 0604, 0620, 0644, 0666}) {
    CAPTURE(mode);
    const auto keys = KeysFile(text, mode).read();
    REQUIRE_FALSE(keys.has_value());
    CHECK(keys.error().stable_code() == "config.permissions");
    CHECK(keys.error().condition() == Condition::refused_security);
    CHECK(keys.error().hint.find("chmod 600") != std::string::npos);
  }
  CHECK(KeysFile(text, 0400).read().has_value());
}

TEST_CASE("what is wrong is named by its line, and the key never shown") {
  const std::string good = std::string("58:2D:34:12:20:89: ") + secret + "\n";
  struct Case {
    std::string text;
    const char* code;
  };
  const Case cases[] = {
      {good + "58:2D:34:12:20: " + secret, "config.bad_value"},
      {good + "58:2D:34:12:20:8G: " + secret, "config.bad_value"},
      {good + "58:2D:34:12:20:90: " + secret + "00", "config.bad_value"},
      {good + "58:2D:34:12:20:90: " + std::string(32, 'x') + secret, "config.bad_value"},
      {good + "582d34122089: " + secret, "config.duplicate_key"},
      {good + "keys:\n  58:2D:34:12:20:90: " + secret, "config.bad_value"},
      {good + "- " + secret, "config.syntax"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const auto keys = KeysFile(c.text).read();
    REQUIRE_FALSE(keys.has_value());
    CHECK(keys.error().stable_code() == c.code);
    const std::string shown = keys.error().message() + keys.error().hint;
    CHECK(shown.find(secret) == std::string::npos);
    CHECK(shown.find("keys.yaml:") != std::string::npos);
  }
  CHECK(config::read_bind_keys("/nonexistent/keys.yaml").error().stable_code() ==
        "config.unreadable");
  CHECK(config::read_bind_keys("/tmp").error().stable_code() == "config.unreadable");
}
