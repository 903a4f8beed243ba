#pragma once

#include <string>

#include "aiot/result.hpp"

namespace aiot::config {

/// A user's name and password for a server.
struct Credentials {
  std::string user;
  std::string password;
};

/// Reads them from YAML:
///
///     user: line-7
///     password: "correct horse"
///
/// The file must be its owner's alone (see read_secret_file). Errc::unknown_key and Errc::bad_value
/// name the line, never the password.
Result<Credentials> read_credentials(const std::string& path);

}  // namespace aiot::config
