#include "protocol/ddi/client_message.hpp"

#include "protocol/ddi/json.hpp"

namespace aiot::ddi {
namespace {

constexpr std::size_t most_downloads = 64;

/// The URL below _links.`name` of a JSON object; "" for none.
std::string link_in(const json::object& in, std::string_view name) {
  const json::object* links = object_in(in, "_links");
  const json::object* link = links == nullptr ? nullptr : object_in(*links, name);
  return link == nullptr ? std::string() : text_in(*link, "href");
}

/// "HH:MM:SS".
std::optional<std::chrono::seconds> parse_sleep(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  std::int64_t seconds = 0;
  for (const std::size_t at : {0, 3, 6}) {
    unsigned part = 0;
    const char* last = text.data() + at + 2;
    const auto [end, error] = std::from_chars(text.data() + at, last, part);
    if (error != std::errc() || end != last) return std::nullopt;
    seconds = seconds * 60 + part;
  }
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 1, 86400));
}

const json::array* array_in(const json::object& in, std::string_view name) {
  const json::value* value = in.if_contains(name);
  return value == nullptr ? nullptr : value->if_array();
}

Result<Download> parse_download(const json::value& value) {
  const json::object* artifact = value.if_object();
  if (artifact == nullptr) return make_error(Errc::bad_message, "artifacts");
  Download out;
  out.file_name = text_in(*artifact, "filename");
  // hawkBit's `download` is over TLS, `download-http` is not.
  out.url = link_in(*artifact, "download");
  boost::system::error_code error;
  const json::value* size = artifact->if_contains("size");
  if (size != nullptr) out.bytes = size->to_number<std::uint64_t>(error);
  if (size == nullptr || error || out.url.empty()) {
    return make_error(Errc::bad_message, "an artifact without a size or a link");
  }
  if (const json::object* hashes = object_in(*artifact, "hashes")) {
    out.sha256 = text_in(*hashes, "sha256");
    out.md5 = text_in(*hashes, "md5");
  }
  return out;
}

}  // namespace

Result<Poll> parse_base(ByteSpan body) {
  AIOT_TRY(const json::object message, parse_object(body));
  Poll out;
  const json::object* config = object_in(message, "config");
  const json::object* polling = config == nullptr ? nullptr : object_in(*config, "polling");
  const auto sleep = polling == nullptr ? std::nullopt : parse_sleep(text_in(*polling, "sleep"));
  if (!sleep) return make_error(Errc::bad_message, "base: config.polling.sleep");
  out.sleep = *sleep;
  out.config_data = link_in(message, "configData");
  out.deployment = link_in(message, "deploymentBase");
  out.cancel = link_in(message, "cancelAction");
  return out;
}

Result<Deployment> parse_deployment(ByteSpan body) {
  AIOT_TRY(const json::object message, parse_object(body));
  const auto action = parse_id(text_in(message, "id"));
  const json::object* deployment = object_in(message, "deployment");
  const json::array* chunks = deployment == nullptr ? nullptr : array_in(*deployment, "chunks");
  if (!action || chunks == nullptr) return make_error(Errc::bad_message, "deployment");
  Deployment out;
  out.action = *action;
  for (const json::value& value : *chunks) {
    const json::object* chunk = value.if_object();
    const json::array* artifacts = chunk == nullptr ? nullptr : array_in(*chunk, "artifacts");
    if (artifacts == nullptr) return make_error(Errc::bad_message, "deployment: chunks");
    if (out.version.empty()) out.version = text_in(*chunk, "version");
    for (const json::value& artifact : *artifacts) {
      AIOT_TRY(Download download, parse_download(artifact).with("deployment"));
      if (out.downloads.size() == most_downloads) {
        return make_error(Errc::bad_message, "deployment: too many artifacts");
      }
      out.downloads.push_back(std::move(download));
    }
  }
  if (out.downloads.empty()) return make_error(Errc::bad_message, "deployment without artifacts");
  return out;
}

Result<std::uint64_t> parse_cancel(ByteSpan body) {
  AIOT_TRY(const json::object message, parse_object(body));
  const json::object* cancel = object_in(message, "cancelAction");
  const auto action = cancel == nullptr ? std::nullopt : parse_id(text_in(*cancel, "stopId"));
  if (!action) return make_error(Errc::bad_message, "cancelAction.stopId");
  return *action;
}

std::string write_feedback(std::uint64_t action, const Feedback& feedback) {
  json::object status = {
      {"result", {{"finished", feedback.finished}}},
      {"execution", feedback.execution},
      {"details", json::array(feedback.details.begin(), feedback.details.end())}};
  return json::serialize(
      json::object{{"id", std::to_string(action)}, {"status", std::move(status)}});
}

std::string write_config_data(const Attributes& attributes) {
  json::object data;
  for (const auto& [name, value] : attributes) data[name] = value;
  return json::serialize(json::object{{"mode", "merge"}, {"data", std::move(data)}});
}

}  // namespace aiot::ddi
