#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/yaml.hpp"
#include "sim/ota/kind.hpp"
#include "sim/port.hpp"

namespace aiot::sim {
namespace {

using ota::FaultKind;
using ota::Kind;
using namespace std::chrono_literals;

constexpr auto longest_write_time = 60s;

std::string list(const Kind& kind) {
  std::string out;
  for (const FaultKind& fault : kind.faults) {
    out += fmt::format("{}{}{} ({})", out.empty() ? "" : ", ", fault.name,
                       fault.at_byte ? "@BYTE" : "", fault.meaning);
  }
  return out;
}

Result<const Kind*> find_kind(const std::string& name) {
  const std::span<const Kind> kinds = ota::kinds();
  const auto at = std::ranges::find(kinds, name, &Kind::name);
  if (at != kinds.end()) return &*at;
  std::string names;
  for (const Kind& kind : kinds) names += (names.empty() ? "" : ", ") + std::string(kind.name);
  return make_error(Errc::bad_kind, "\"" + name + "\"", "the kinds are " + names);
}

Result<ota::Fault> parse_fault(const std::string& text, const Kind& kind) {
  const auto bad = [&] {
    return make_error(Errc::bad_fault, text,
                      fmt::format("those of {} are {}", kind.name, list(kind)));
  };
  const std::size_t at = text.find('@');
  ota::Fault fault{text.substr(0, at)};
  const auto row = std::ranges::find(kind.faults, fault.name, &FaultKind::name);
  if (row == kind.faults.end() || row->at_byte != (at != std::string::npos)) return bad();
  if (!row->at_byte) return fault;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + at + 1, last, fault.byte);
  if (error != std::errc() || end != last) return bad();
  return fault;
}

Result<std::string> read_secret(const std::string& file) {
  if (file.empty()) return std::string();
  AIOT_TRY(std::string secret, config::read_secret_file(file));
  while (secret.ends_with('\n')) secret.pop_back();
  return secret;
}

/// A device has either a port or a server.
Result<void> check_kind(const OtaRequest& request, const Kind& kind) {
  const auto not_for = [&](const char* what, const char* hint) {
    return make_error(Errc::not_for_device, fmt::format("{}: {}", kind.name, what), hint);
  };
  const bool has_server = !request.server.empty() || !request.ca_file.empty() ||
                          !request.fingerprint.empty() || !request.token_file.empty() ||
                          !request.root_file.empty() || !request.attributes.empty();
  if (request.announce && !kind.announces) {
    return not_for("an announcement", "use arduino or esphome");
  }
  if (!kind.polls) {
    if (has_server) return not_for("a server to poll", "use a kind that polls, such as ddi");
    return {};
  }
  if (request.server.empty()) {
    return make_error(Errc::bad_server, "\"\"", "name the server as https://HOST:PORT");
  }
  if (!request.port.empty()) return not_for("a port", "leave the port out: it is a client");
  if (!request.password_file.empty()) return not_for("a password", "use a token instead");
  if (request.write_time.count() != 0) return not_for("a write time", "leave it out");
  if (!kind.has_root && !request.root_file.empty()) return not_for("a root", "use kind tuf");
  if (kind.has_root && !request.token_file.empty()) return not_for("a token", "leave it out");
  if (!kind.has_root && !request.image_file.empty()) {
    return not_for("an image", "give what runs as the attribute version");
  }
  return {};
}

Result<ota::Server> server_of(const OtaRequest& request) {
  ota::Server server;
  server.url = request.server;
  server.ca_file = request.ca_file;
  server.fingerprint = request.fingerprint;
  server.root_file = request.root_file;
  AIOT_TRY(server.token, read_secret(request.token_file));
  for (const std::string& text : request.attributes) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return make_error(Errc::bad_attribute, text, "write it as NAME=VALUE");
    }
    server.attributes[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return server;
}

}  // namespace

const ota::Fault* ota::Options::fault(std::string_view name) const {
  const auto found = std::ranges::find(faults, name, &Fault::name);
  return found == faults.end() ? nullptr : &*found;
}

Result<Report> run_ota(const OtaRequest& request, const std::function<void(const Ready&)>& ready,
                       EventSink& sink, std::stop_token stop) {
  AIOT_TRY(const Kind* kind, find_kind(request.kind));
  ota::Options options;
  options.port = request.port;
  options.image_file = request.image_file;
  options.clock = &net::steady_clock();
  options.sink = &sink;
  AIOT_CHECK(check_kind(request, *kind));
  if (request.write_time < 0s || request.write_time > longest_write_time) {
    return make_error(Errc::not_for_device, "a write time", "give at most a minute");
  }
  options.announces = request.announce;
  options.write_time = std::chrono::duration_cast<net::Duration>(request.write_time);
  AIOT_TRY(options.password, read_secret(request.password_file));
  AIOT_TRY(options.server, server_of(request));
  for (const std::string& text : request.faults) {
    AIOT_TRY(ota::Fault fault, parse_fault(text, *kind));
    options.faults.push_back(std::move(fault));
  }
  const MakeDevice make = [&](const net::asio::any_io_executor& executor, unsigned index) {
    options.index = index;
    return kind->make(executor, options);
  };
  return serve_devices(request.count, request.kind, make, ready, sink, std::move(stop));
}

ProvisionCatalog ota_catalog() {
  ProvisionCatalog catalog;
  for (const Kind& kind : ota::kinds()) {
    catalog.kinds.push_back(
        {std::string(kind.name), fmt::format("{}; at {}", kind.description, kind.ports)});
    catalog.fault_grammar +=
        fmt::format("{}{}: {}", catalog.fault_grammar.empty() ? "" : "; ", kind.name, list(kind));
  }
  return catalog;
}

}  // namespace aiot::sim
