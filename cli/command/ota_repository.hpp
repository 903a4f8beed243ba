#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "aiot/ota_repository.hpp"
#include "context.hpp"
#include "option.hpp"

/// What the verbs of a repository share.
namespace aiot::cli::command {

/// --key and --secret-file.
std::vector<Option> signing_options();
ota::SigningKeys signing_keys(const Context& context);
Option secret_option();
/// --repository
Option repository_option();
std::string repository_of(const Context& context);

/// "90d", "12h", "30m", "45s".
Result<std::chrono::seconds> parse_lifetime(const std::string& option, const std::string& text);
/// Splits "root=2".
Result<std::pair<std::string, std::string>> parse_role_value(const std::string& option,
                                                             const std::string& text);

std::size_t output_width(const Context& context);
/// Prints the repository after a change.
int finish_repository(Context& context, const Result<ota::RepositoryResult>& result);

}  // namespace aiot::cli::command
