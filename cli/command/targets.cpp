#include "command/targets.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <istream>
#include <map>

#include "aiot/units.hpp"
#include "command/device_list.hpp"
#include "command/lines.hpp"
#include "errors.hpp"

namespace aiot::cli::command {
namespace {

Result<std::vector<Address>> listed_devices(const Context& context,
                                            std::span<const std::string_view> accepted) {
  std::vector<Address> out;
  const auto file = context.args.get("--devices");
  if (!file) return out;
  AIOT_CHECK(read_device_list(context, *file,
                              [&](std::istream& in, const std::string& name) -> Result<void> {
                                AIOT_TRY(out, read_addresses(in, name, accepted));
                                return {};
                              }));
  return out;
}

/// The one port of a `usb:` address; which of several is meant is not guessed.
Result<Address> the_one_port(const Context& context, const Address& pattern) {
  AIOT_TRY(const auto ports, context.environment.expand_usb(pattern));
  if (ports.size() == 1) return ports.front();
  std::vector<std::string> names;
  for (const Address& port : ports) names.push_back(port.str());
  return make_error(
      Errc::conflict,
      fmt::format("{} means {} ports: {}", pattern.str(), ports.size(), fmt::join(names, ", ")),
      "name one of them, add ?serial=…, or take all with --each");
}

/// What the user may have meant in place of `word`.
std::string device_hint(const Context& context, const std::string& word) {
  std::vector<std::string> verbs;
  for (const Command& verb : context.args.command->commands) verbs.push_back(verb.name);
  if (const std::string near = nearest_word(word, verbs); !near.empty()) {
    return fmt::format("did you mean `{} {}`?", spelled(context.args.path), near);
  }
  if (const auto hint = foreign_hint(word); !hint.empty()) return std::string(hint);
  const std::string node = "/dev/" + word;
  if (word.starts_with("tty") || ::access(node.c_str(), F_OK) == 0) {
    return fmt::format("did you mean {}?", node);
  }
  const auto& words = context.args.items;
  const auto device = std::find_if(words.begin(), words.end(), looks_like_address);
  if (device != words.end()) {
    return fmt::format("devices come first: `{} {} {}`", spelled(context.args.path), *device, word);
  }
  return "the first argument is a device: /dev/ttyUSB0, usb:10c4:ea60, rfc2217://host:4000";
}

Error not_a_device(const Context& context) {
  const std::string command = spelled(context.args.path);
  if (context.args.items.empty()) {
    return make_error(Errc::missing_argument, command + ": no device is named",
                      device_hint(context, "-"));
  }
  const std::string& word = context.args.items.front();
  return make_error(Errc::missing_argument,
                    fmt::format("{}: \"{}\" is not an address", command, word),
                    device_hint(context, word));
}

/// An address; of a scheme that there is not, the error says which this command takes.
Result<Address> parse_accepted(const std::string& word,
                               std::span<const std::string_view> accepted) {
  Result<Address> address = parse_address(word);
  const std::string_view scheme = std::string_view(word).substr(0, word.find(':'));
  if (address || word.starts_with('/') ||
      std::find(accepted.begin(), accepted.end(), scheme) != accepted.end()) {
    return address;
  }
  Error error = std::move(address).error();
  error.hint = fmt::format("this command takes {}:", fmt::join(accepted, ":, "));
  return error;
}

/// A device's file, or a symbolic link that leads to one, under any name.
bool names_a_terminal(const std::string& word) {
  struct stat info {};
  return ::stat(word.c_str(), &info) == 0 && S_ISCHR(info.st_mode);
}

}  // namespace

bool looks_like_address(const std::string& word) {
  if (word.starts_with("/dev/") || names_a_terminal(word)) return true;
  const auto colon = word.find(':');
  if (colon == std::string::npos || colon < 2) return false;
  const bool scheme = std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(colon),
                                  [](unsigned char c) { return std::isalnum(c) || c == '+'; });
  return scheme && ::access(word.c_str(), F_OK) != 0;
}

Result<Targets> find_targets(const Context& context, std::span<const std::string_view> accepted) {
  Targets targets;
  std::vector<Address> all;
  for (const std::string& word : context.args.items) {
    if (targets.rest.empty() && looks_like_address(word)) {
      const bool relative = !word.starts_with('/') && names_a_terminal(word);
      AIOT_TRY(
          Address address,
          parse_accepted(relative ? std::filesystem::absolute(word).string() : word, accepted));
      if (address.scheme == "usb") {
        AIOT_TRY(address, the_one_port(context, address));
      }
      all.push_back(std::move(address));
    } else {
      targets.rest.push_back(word);
    }
  }
  for (const std::string& text : context.args.all("--each")) {
    AIOT_TRY(const Address pattern, parse_address(text).with("--each"));
    constexpr std::string_view usb[] = {"usb"};
    AIOT_CHECK(require_scheme(pattern, usb).with("--each"));
    AIOT_TRY(const auto ports, context.environment.expand_usb(pattern));
    all.insert(all.end(), ports.begin(), ports.end());
  }
  AIOT_TRY(const auto listed, listed_devices(context, accepted));
  all.insert(all.end(), listed.begin(), listed.end());

  if (all.empty() && context.args.has("--devices")) {
    return make_error(Errc::no_devices, "the list of --devices is empty");
  }
  if (all.empty()) {
    return not_a_device(context);
  }
  std::map<std::string, std::string> seen;
  for (const Address& address : all) {
    AIOT_CHECK(require_scheme(address, accepted));
    const auto [it, fresh] = seen.emplace(place_of(address), address.str());
    if (!fresh) {
      const std::string& other = it->second;
      return make_error(
          Errc::duplicate_device,
          other == address.str() ? other : fmt::format("{} and {}", other, address.str()));
    }
  }
  targets.devices = std::move(all);
  return targets;
}

std::vector<Option> device_options() {
  return {
      {.names = "--each",
       .value = "USB",
       .help = "Every port whose adapter is usb:VID:PID, such as usb:10c4:ea60",
       .repeatable = true},
      {.names = "--devices",
       .value = "FILE",
       .help = "Devices from a file, an address or a JSON line each; - is standard input",
       .complete = Complete::file},
      {.names = "-j,--jobs",
       .value = "N",
       .help = "Serve N devices at once; all by default",
       .key = "flash.jobs"},
  };
}

std::vector<Option> together(std::vector<std::vector<Option>> lists) {
  std::vector<Option> all;
  for (auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

}  // namespace aiot::cli::command
