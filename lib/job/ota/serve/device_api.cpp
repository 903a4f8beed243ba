#include "job/ota/serve/device_api.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <span>
#include <utility>

#include "config/yaml.hpp"
#include "crypto/digest.hpp"
#include "job/ota/error.hpp"

namespace aiot::ota {
namespace {

namespace json = boost::json;

net::HttpReply empty_reply(unsigned status) {
  net::HttpReply out;
  out.message = net::http_response(status);
  return out;
}

net::HttpReply json_reply(unsigned status, const std::string& text) {
  net::HttpReply out = empty_reply(status);
  if (!text.empty()) out.message.headers.emplace_back("Content-Type", "application/json");
  out.message.headers.emplace_back("Cache-Control", "no-store");
  out.message.body.assign(text.begin(), text.end());
  return out;
}

bool is_same_secret(std::string_view a, std::string_view b) {
  // Of hashes: the time it takes says nothing of the secret.
  return crypto::sha256(as_bytes(a)) == crypto::sha256(as_bytes(b));
}

/// "https://HOST" as the client has reached it; "" when its Host header is no host.
std::string origin_of(const net::HttpMessage& request) {
  constexpr std::size_t most_host_bytes = 255;
  const std::string_view host = request.header("Host");
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == ':' || c == '[' || c == ']' || c == '_';
  };
  if (host.empty() || host.size() > most_host_bytes || !std::ranges::all_of(host, fits)) return {};
  return "https://" + std::string(host);
}

/// As a path of a URL (RFC 3986).
std::string percent_encoded(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("/-._~+").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string query_value(std::string_view target, std::string_view name) {
  const std::size_t mark = target.find('?');
  std::string_view query =
      mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return std::string(pair.substr(equals + 1));
    }
  }
  return {};
}

}  // namespace

std::string utc_text(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

DeviceApi::DeviceApi(const ServeRequest& request, ServedFolder& folder, EventSink& sink,
                     TimeOfDay now)
    : request_(request),
      folder_(folder),
      sink_(sink),
      now_(now),
      ddi_([this](const std::string& device,
                  const ddi::Attributes& attributes) { return offer(device, attributes); },
           request.poll_interval) {}

Result<std::unique_ptr<DeviceApi>> DeviceApi::make(const ServeRequest& request,
                                                   const std::string& state, ServedFolder& folder,
                                                   EventSink& sink, TimeOfDay now) {
  std::unique_ptr<DeviceApi> made(new DeviceApi(request, folder, sink, now));
  AIOT_CHECK(made->reload());
  if (!request.ddi) return made;
  std::vector<std::string> lines;
  AIOT_TRY(made->journal_, Journal::open(state, lines));
  for (const std::string& line : lines) {
    AIOT_CHECK(made->ddi_.load(line).with(state + "/ddi.journal"));
  }
  AIOT_CHECK(made->journal_->rewrite(made->ddi_.snapshot()));
  return made;
}

Result<Catalog> DeviceApi::read_catalog() {
  // In front: what changes while it is read is read again.
  timestamp_ = folder_.identity("metadata/timestamp.json");
  read_at_ = now_();
  Result<Catalog> catalog = Catalog::read(folder_, request_.artifacts_file, digests_);
  is_whole_ = catalog && catalog->faults().empty();
  return catalog;
}

void DeviceApi::notice_faults(const Catalog& catalog) {
  constexpr std::size_t most_named = 3;
  const std::vector<std::string>& faults = catalog.faults();
  std::string text;
  if (!faults.empty()) {
    const auto named = std::span(faults).first(std::min(faults.size(), most_named));
    text = fmt::format("{} of {} targets cannot be served: {}{}", faults.size(),
                       faults.size() + catalog.artifacts().size(), fmt::join(named, ", "),
                       faults.size() > most_named ? ", …" : "");
  }
  if (!text.empty() && text != last_notice_) {
    sink_.on_event(event::Notice{{},
                                 "ota.target_file",
                                 text,
                                 "add the same files again, or bring them back from a copy; the "
                                 "others are served"});
  }
  last_notice_ = std::move(text);
}

void DeviceApi::follow() {
  // What a copy of the repository still lacks comes without another change of its timestamp.
  constexpr std::chrono::seconds retry_time(10);
  const bool changed = folder_.identity("metadata/timestamp.json") != timestamp_;
  const auto waited = now_() - read_at_;
  if (!changed && (is_whole_ || (waited >= waited.zero() && waited < retry_time))) return;
  Result<Catalog> catalog = read_catalog();
  if (catalog) {
    notice_faults(*catalog);
    catalog_ = *std::move(catalog);
  } else if (std::string text = catalog.error().message(); text != last_notice_) {
    sink_.on_event(
        event::Notice{{}, "ota.not_reloaded", text, "the artifacts from before are still used"});
    last_notice_ = std::move(text);
  }
}

Result<void> DeviceApi::reload() {
  AIOT_TRY(Catalog catalog, read_catalog());
  std::map<std::string, std::string> tokens;
  if (!request_.tokens_file.empty()) {
    std::error_code ignored;
    if (std::filesystem::is_fifo(request_.tokens_file, ignored)) {
      return make_error(Errc::disk, request_.tokens_file + ": is not a regular file",
                        "name a file: the tokens are read again whenever they change");
    }
    AIOT_TRY(const std::string text, config::read_secret_file(request_.tokens_file));
    AIOT_TRY(const auto entries, config::parse_yaml(text, request_.tokens_file));
    for (const config::Entry& entry : entries) tokens[entry.key] = entry.value;
  }
  notice_faults(catalog);
  catalog_ = std::move(catalog);
  tokens_ = std::move(tokens);
  return {};
}

std::optional<ddi::Offer> DeviceApi::offer(const std::string& device,
                                           const ddi::Attributes& attributes) {
  const Artifact* artifact = catalog_.wanted(device, attributes);
  if (artifact == nullptr) return std::nullopt;
  ddi::Offer out;
  out.sha256 = to_hex(artifact->digests.sha256);
  out.sha1 = to_hex(artifact->digests.sha1);
  out.md5 = to_hex(artifact->digests.md5);
  out.key = out.sha256;
  out.name = artifact->product;
  out.version = artifact->version;
  out.file_name = percent_encoded(artifact->file_name);
  out.bytes = artifact->bytes;
  return out;
}

bool DeviceApi::is_allowed(const std::string& device, const net::HttpMessage& request,
                           const net::HttpPeer& peer) const {
  if (request_.tokens_file.empty() && request_.client_ca_file.empty()) return true;
  if (!peer.client_name.empty()) return peer.client_name == device;
  const auto given = ddi::parse_authorization(request.header("Authorization"));
  if (!given) return false;
  const auto known = tokens_.find(given->gateway ? std::string("gateway") : device);
  return known != tokens_.end() && !(given->gateway && known->second.empty()) &&
         (given->gateway || device != "gateway") && is_same_secret(known->second, given->token);
}

std::optional<net::HttpReply> DeviceApi::answer(const net::HttpMessage& request,
                                                const net::HttpPeer& peer) {
  if (request.target.starts_with("/esp/")) {
    follow();
    return answer_esp(request);
  }
  if (!request_.ddi) return std::nullopt;
  const std::optional<ddi::Path> path = ddi::parse_path(request.target);
  if (!path) return std::nullopt;
  follow();
  return answer_ddi(*path, request, peer);
}

net::HttpReply DeviceApi::answer_ddi(const ddi::Path& path, const net::HttpMessage& request,
                                     const net::HttpPeer& peer) {
  if (!is_allowed(path.device, request, peer)) {
    net::HttpReply refusal = empty_reply(401);
    refusal.message.headers.emplace_back("WWW-Authenticate", "TargetToken");
    return refusal;
  }
  const std::string origin = origin_of(request);
  if (origin.empty()) return empty_reply(400);
  const ddi::Outcome out = ddi_.handle(path, request.method, request.body, origin);
  // What a full disk has kept out of the journal is in the snapshot.
  const bool all = std::exchange(unkept_, true);
  Result<void> kept = all ? journal_->rewrite(ddi_.snapshot()) : journal_->append(out.journal);
  if (kept && journal_->is_long()) kept = journal_->rewrite(ddi_.snapshot());
  unkept_ = !kept;
  if (!kept) {
    if (all) return empty_reply(503);
    sink_.on_event(event::Notice{{},
                                 "ota.state",
                                 kept.error().message(),
                                 "make room on the disk; devices repeat their reports"});
    return empty_reply(503);
  }
  if (out.report) {
    DeviceStatus status;
    status.time = utc_text(now_());
    status.device = out.report->device;
    status.action = out.report->action.id;
    status.artifact = out.report->action.name + " " + out.report->action.version;
    status.version = out.report->action.version;
    status.execution = out.report->feedback.execution;
    status.finished = out.report->feedback.finished;
    status.details = out.report->feedback.details;
    sink_.on_event(event::Item{status.device, "device", status});
  }
  if (!out.artifact) return json_reply(out.status, out.body);
  const Artifact* artifact =
      catalog_.wanted(path.device, ddi_.devices().at(path.device).attributes);
  return artifact == nullptr ? empty_reply(404) : folder_.reply(request, artifact->path);
}

net::HttpReply DeviceApi::answer_esp(const net::HttpMessage& request) {
  constexpr std::string_view json_end = ".json";
  constexpr std::string_view latest = "/latest.bin";
  std::optional<std::string> path = safe_path(request.target);
  if (!path) return empty_reply(404);
  std::string_view product = std::string_view(*path).substr(std::string_view("esp/").size());
  const bool asks = product.ends_with(json_end);
  if (!asks && !product.ends_with(latest)) return empty_reply(404);
  product.remove_suffix(asks ? json_end.size() : latest.size());
  if (request.method != "GET" && request.method != "HEAD") return empty_reply(405);
  const Artifact* artifact = catalog_.newest(product, query_value(request.target, "hardware"));
  if (artifact == nullptr) return empty_reply(404);
  const std::string url = origin_of(request) + "/" + percent_encoded(artifact->path);
  if (!asks) {
    net::HttpReply out = empty_reply(302);
    out.message.headers.emplace_back("Location", url);
    out.message.headers.emplace_back("Cache-Control", "no-cache");
    return out;
  }
  return json_reply(200,
                    json::serialize(json::object{{"product", artifact->product},
                                                 {"version", artifact->version},
                                                 {"url", url},
                                                 {"size", artifact->bytes},
                                                 {"sha256", to_hex(artifact->digests.sha256)}}));
}

}  // namespace aiot::ota
