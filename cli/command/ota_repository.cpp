#include "command/ota_repository.hpp"

#include <fmt/format.h>

#include <ostream>

#include "command/numbers.hpp"
#include "errors.hpp"
#include "render/ota_repository_text.hpp"

namespace aiot::cli::command {

Option secret_option() {
  return {.names = "--secret-file",
          .value = "FILE",
          .help =
              "The passphrase of the key files, or the PIN of the token: the first line of FILE, "
              "which must be its owner's alone",
          .complete = Complete::file};
}

std::vector<Option> signing_options() {
  return {{.names = "--key",
           .value = "KEY",
           .help = "Sign with this private key: a PEM file, or a PKCS#11 URI; repeatable",
           .complete = Complete::file,
           .repeatable = true},
          secret_option()};
}

ota::SigningKeys signing_keys(const Context& context) {
  return {context.args.all("--key"), context.args.get("--secret-file").value_or("")};
}

Option repository_option() {
  return {.names = "--repository",
          .value = "FOLDER",
          .help = "The folder of the repository [.]",
          .complete = Complete::file};
}

std::string repository_of(const Context& context) {
  return context.args.get("--repository").value_or(".");
}

Result<std::chrono::seconds> parse_lifetime(const std::string& option, const std::string& text) {
  constexpr std::uint32_t most_days = 36525;
  const auto bad = [&] {
    return make_error(Errc::bad_value, fmt::format("{} {}", option, text),
                      "write a time such as 90d, 12h or 30m, at most 36525d");
  };
  if (text.empty()) return bad();
  const auto count = read_number<std::uint32_t>(std::string_view(text).substr(0, text.size() - 1));
  const std::string_view units = "smhd";
  const std::size_t unit = units.find(text.back());
  if (!count || *count == 0 || unit == std::string_view::npos) return bad();
  constexpr std::chrono::seconds lengths[] = {std::chrono::seconds(1), std::chrono::minutes(1),
                                              std::chrono::hours(1), std::chrono::hours(24)};
  const std::chrono::seconds time = *count * lengths[unit];
  if (time > most_days * lengths[3]) return bad();
  return time;
}

Result<std::pair<std::string, std::string>> parse_role_value(const std::string& option,
                                                             const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return make_error(Errc::bad_value, fmt::format("{} {}", option, text),
                      "write a role and a value, such as root=2");
  }
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

std::size_t output_width(const Context& context) {
  const Terminal& terminal = context.environment.terminal;
  return terminal.out && terminal.columns ? terminal.columns() : 0;
}

int finish_repository(Context& context, const Result<ota::RepositoryResult>& result) {
  if (!result) return context.fail(result.error());
  render::Outcome outcome;
  outcome.record = *result;
  outcome.text = [result = *result, width = output_width(context)](std::ostream& out) {
    render::print_repository(out, result, width);
  };
  return context.ui.finish(outcome);
}

}  // namespace aiot::cli::command
