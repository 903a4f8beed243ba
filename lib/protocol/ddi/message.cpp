#include "protocol/ddi/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "protocol/ddi/json.hpp"

namespace aiot::ddi {
namespace {

constexpr std::size_t most_details = 64;
constexpr std::size_t most_detail_bytes = 512;
constexpr std::size_t most_attributes = 64;
constexpr std::size_t most_attribute_bytes = 256;
constexpr std::size_t most_name_bytes = 128;

bool is_name(std::string_view text) {
  constexpr std::string_view others = "-_.~:+";
  const auto fits = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           others.find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= most_name_bytes && std::ranges::all_of(text, fits) &&
         text.find_first_not_of('.') != std::string_view::npos;
}

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

json::object link(std::string url) { return {{"href", std::move(url)}}; }

}  // namespace

std::optional<Path> parse_path(std::string_view target) {
  target = target.substr(0, target.find('?'));
  std::array<std::string_view, 9> parts;  // one more than any path has
  std::size_t count = 0;
  if (!target.starts_with('/')) return std::nullopt;
  while (!target.empty()) {
    if (count == parts.size()) return std::nullopt;
    target.remove_prefix(1);
    parts[count] = target.substr(0, target.find('/'));
    target.remove_prefix(parts[count++].size());
  }
  if (count < 4 || parts[1] != "controller" || parts[2] != "v1" || !is_name(parts[0]) ||
      !is_name(parts[3])) {
    return std::nullopt;
  }
  Path path;
  path.tenant = parts[0];
  path.device = parts[3];
  if (count == 4) return path;
  if (count == 5 && parts[4] == "configData") {
    path.kind = Path::Kind::config_data;
    return path;
  }
  const auto id = parse_id(parts[5]);
  if (count < 6 || !id) return std::nullopt;
  path.action = *id;
  const bool feedback = count == 7 && parts[6] == "feedback";
  if (parts[4] == "deploymentBase" && (count == 6 || feedback)) {
    path.kind = feedback ? Path::Kind::deployment_feedback : Path::Kind::deployment;
    return path;
  }
  if (parts[4] == "cancelAction" && (count == 6 || feedback)) {
    path.kind = feedback ? Path::Kind::cancel_feedback : Path::Kind::cancel;
    return path;
  }
  if (parts[4] == "softwaremodules" && count == 8 && parts[6] == "artifacts" && is_name(parts[7])) {
    path.kind = Path::Kind::artifact;
    path.file = parts[7];
    return path;
  }
  return std::nullopt;
}

Result<Feedback> parse_feedback(ByteSpan body) {
  constexpr std::array<std::string_view, 8> executions = {"closed",     "proceeding", "canceled",
                                                          "scheduled",  "rejected",   "resumed",
                                                          "downloaded", "download"};
  constexpr std::array<std::string_view, 3> outcomes = {"success", "failure", "none"};
  AIOT_TRY(const json::object message, parse_object(body));
  const json::object* status = object_in(message, "status");
  const json::object* result = status == nullptr ? nullptr : object_in(*status, "result");
  if (result == nullptr) return make_error(Errc::bad_message, "feedback without status.result");
  Feedback out;
  out.execution = text_in(*status, "execution");
  out.finished = text_in(*result, "finished");
  if (!is_one_of(out.execution, executions)) {
    return make_error(Errc::bad_message, "status.execution").with("feedback");
  }
  if (!is_one_of(out.finished, outcomes)) {
    return make_error(Errc::bad_message, "status.result.finished").with("feedback");
  }
  const json::value* details = status->if_contains("details");
  if (details == nullptr || !details->is_array()) return out;
  for (const json::value& detail : details->get_array()) {
    const json::string* text = detail.if_string();
    if (text == nullptr || text->empty()) continue;
    if (out.details.size() == most_details) break;
    std::string kept(text->data(), std::min(text->size(), most_detail_bytes));
    while (!is_utf8(kept)) kept.pop_back();  // the cut went through a character
    out.details.push_back(std::move(kept));
  }
  return out;
}

Result<ConfigData> parse_config_data(ByteSpan body) {
  AIOT_TRY(const json::object message, parse_object(body));
  ConfigData out;
  const std::string mode = text_in(message, "mode");
  if (mode == "replace") {
    out.mode = ConfigData::Mode::replace;
  } else if (mode == "remove") {
    out.mode = ConfigData::Mode::remove;
  } else if (!mode.empty() && mode != "merge") {
    return make_error(Errc::bad_message, "configuration data: mode");
  }
  const json::object* data = object_in(message, "data");
  if (data == nullptr) return make_error(Errc::bad_message, "configuration data without data");
  for (const auto& [name, value] : *data) {
    const std::string text =
        value.is_string() ? std::string(value.get_string()) : json::serialize(value);
    if (name.size() > most_attribute_bytes || text.size() > most_attribute_bytes ||
        out.attributes.size() == most_attributes) {
      return make_error(Errc::bad_message, "configuration data: too large");
    }
    out.attributes[std::string(name)] = text;
  }
  return out;
}

std::optional<Authorization> parse_authorization(std::string_view header) {
  for (const bool gateway : {false, true}) {
    const std::string_view scheme = gateway ? "GatewayToken " : "TargetToken ";
    if (!header.starts_with(scheme)) continue;
    header.remove_prefix(scheme.size());
    if (header.empty()) return std::nullopt;
    return Authorization{gateway, std::string(header)};
  }
  return std::nullopt;
}

std::string write_base(const Base& base, const std::string& self) {
  const auto sleep = std::clamp<std::int64_t>(base.sleep.count(), 1, 86399);
  json::object links;
  if (base.wants_config) links["configData"] = link(self + "/configData");
  if (base.deployment != 0) {
    links["deploymentBase"] = link(fmt::format("{}/deploymentBase/{}", self, base.deployment));
  }
  if (base.cancel != 0) {
    links["cancelAction"] = link(fmt::format("{}/cancelAction/{}", self, base.cancel));
  }
  json::object out = {{"config",
                       {{"polling",
                         {{"sleep", fmt::format("{:02}:{:02}:{:02}", sleep / 3600, sleep / 60 % 60,
                                                sleep % 60)}}}}}};
  out["_links"] = std::move(links);
  return json::serialize(out);
}

std::string write_deployment(std::uint64_t action, const Offer& offer, const std::string& self) {
  json::object hashes = {{"sha1", offer.sha1}, {"md5", offer.md5}, {"sha256", offer.sha256}};
  const std::string url =
      fmt::format("{}/softwaremodules/{}/artifacts/{}", self, action, offer.file_name);
  json::object artifact = {{"filename", offer.file_name},
                           {"hashes", std::move(hashes)},
                           {"size", offer.bytes},
                           {"_links", {{"download", link(url)}}}};
  json::object chunk = {{"part", "os"},
                        {"version", offer.version},
                        {"name", offer.name},
                        {"artifacts", json::array({std::move(artifact)})}};
  json::object deployment = {
      {"download", "forced"}, {"update", "forced"}, {"chunks", json::array({std::move(chunk)})}};
  return json::serialize(
      json::object{{"id", std::to_string(action)}, {"deployment", std::move(deployment)}});
}

std::string write_cancel(std::uint64_t action) {
  const std::string id = std::to_string(action);
  return json::serialize(json::object{{"id", id}, {"cancelAction", {{"stopId", id}}}});
}

}  // namespace aiot::ddi
