#include "config/credentials.hpp"

#include <fmt/format.h>

#include "config/errors.hpp"
#include "config/file.hpp"
#include "config/yaml.hpp"

namespace aiot::config {

Result<Credentials> read_credentials(const std::string& path) {
  AIOT_TRY(const std::string text, read_secret_file(path));
  AIOT_TRY(const std::vector<Entry> entries, parse_yaml(text, path));
  Credentials found;
  for (const Entry& entry : entries) {
    if (entry.key == "user") {
      found.user = entry.value;
    } else if (entry.key == "password") {
      found.password = entry.value;
    } else {
      return make_error(Errc::unknown_key, fmt::format("{}:{}", path, entry.line),
                        "a credentials file has two lines: user: NAME and password: WORD");
    }
  }
  if (found.user.empty()) {
    return make_error(Errc::bad_value, path + ": the user is missing",
                      "a credentials file has two lines: user: NAME and password: WORD");
  }
  return found;
}

}  // namespace aiot::config
