#include "render/pair_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>

#include "aiot/bytes.hpp"
#include "render/figures.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

using pair::PairResult;

std::string state_of(const DeviceReport<PairResult>& device) {
  if (device.error) return "FAILED";
  return device.result.skipped ? "SKIPPED" : "OK";
}

/// "at authenticate: wrong proof of possession", "on home, 192.168.1.7".
std::string outcome_of(const DeviceReport<PairResult>& device) {
  const PairResult& result = device.result;
  if (device.error) {
    const std::string cause = device.error->code.message();
    return device.step.empty() ? cause : fmt::format("at {}: {}", device.step, cause);
  }
  if (result.skipped) return "paired by an earlier run";
  if (result.dry_run) return "to be paired";
  std::string text;
  const auto add = [&](const std::string& part) {
    if (!part.empty()) text += (text.empty() ? "" : ", ") + escape_controls(part);
  };
  add(result.name.empty() ? result.model : result.name);
  add(result.ssid.empty() ? "" : "on " + result.ssid);
  add(result.ip);
  add(result.url);
  if (!result.services.empty()) add(fmt::format("{}", fmt::join(result.services, ", ")));
  return text.empty() ? "paired" : text;
}

std::string time_of(double seconds) {
  if (seconds <= 0) return "";
  return seconds < 10 ? fmt::format("{:.0f} ms", seconds * 1000) : time_text(seconds);
}

}  // namespace

void print_pair_report(std::ostream& out, const pair::Report& report, std::size_t width) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& device : report.devices) {
    rows.push_back({state_of(device), short_address(device.device), device.result.protocol,
                    outcome_of(device), time_of(device.result.seconds)});
  }
  out << table(rows, width);
}

void print_code(std::ostream& out, const pair::CodeInfo& info) {
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const char* name, const std::optional<std::string>& value) {
    if (value) rows.push_back({name, escape_controls(*value)});
  };
  const auto number = [](const std::optional<std::uint32_t>& value, const char* form) {
    return value ? std::optional(fmt::format(fmt::runtime(form), *value)) : std::nullopt;
  };
  add("kind", info.kind);
  add("name", info.name);
  add("version", info.version);
  add("transport", info.transport);
  add("network", info.network);
  add("security", info.security);
  add("channels", info.channels);
  add("mac", info.mac);
  add("info", info.info);
  add("host", info.host);
  add("setup id", info.setup_id);
  add("category", number(info.category, "{}"));
  if (info.transports) add("transports", fmt::format("{}", fmt::join(*info.transports, ", ")));
  add("vendor", number(info.vendor_id, "0x{:04x}"));
  add("product", number(info.product_id, "0x{:04x}"));
  add("discriminator", number(info.discriminator, "{}"));
  add("flow", number(info.flow, "{}"));
  add("ssid", info.ssid);
  if (info.hidden.value_or(false)) rows.push_back({"hidden", "yes"});
  for (const std::string& name : info.secrets) {
    const auto shown = info.revealed.find(name);
    rows.push_back({name, shown == info.revealed.end() ? "(secret)" : escape_controls(shown->second)});
  }
  out << table(rows, 0);
}

}  // namespace aiot::cli::render
