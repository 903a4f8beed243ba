#include "sim/ota/ddi.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/without_password.hpp"
#include "crypto/digest.hpp"
#include "net/https_client.hpp"
#include "net/tcp_link.hpp"
#include "protocol/ddi/client_message.hpp"
#include "sim/port.hpp"

namespace aiot::sim::ota {
namespace {

constexpr std::array<FaultKind, 5> ddi_table = {{
    {"wrong-version", "boots the old version"},
    {"never-installs", "downloads, and does not install"},
    {"no-feedback", "installs, and does not say so"},
    {"drop", "loses the connection once, at a byte of a download", true},
    {"corrupt", "changes a byte of each download", true},
}};

constexpr std::size_t most_body_bytes = std::size_t{256} * 1024;
constexpr unsigned most_tries = 5;
constexpr std::chrono::seconds retry_pause(1);

/// A URL's target without its query.
std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

ddi::Feedback feedback_of(const char* execution, const char* finished, std::string detail) {
  ddi::Feedback out;
  out.execution = execution;
  out.finished = finished;
  out.details.push_back(std::move(detail));
  return out;
}

/// A file that arrives, in one piece or several.
class Arrival {
 public:
  Arrival(const ddi::Download& download, const Fault* corrupt)
      : download_(download), corrupt_(corrupt) {}

  std::uint64_t bytes() const { return bytes_; }
  bool is_whole() const { return bytes_ == download_.bytes; }
  Result<void> take(ByteSpan piece) {
    if (piece.size() > download_.bytes - bytes_) {
      return make_error(net::Errc::protocol, "more bytes than the deployment says");
    }
    Bytes kept(piece.begin(), piece.end());
    if (corrupt_ != nullptr && corrupt_->byte >= bytes_ && corrupt_->byte - bytes_ < kept.size()) {
      kept[static_cast<std::size_t>(corrupt_->byte - bytes_)] ^= 0x01;
    }
    bytes_ += kept.size();
    sha256_.update(kept);
    md5_.update(kept);
    return {};
  }
  /// Once it is whole: its bytes are those of the deployment. Without a hash, nothing is.
  bool matches() {
    if (!download_.sha256.empty()) return to_hex(sha256_.finish()) == download_.sha256;
    return !download_.md5.empty() && to_hex(md5_.finish()) == download_.md5;
  }

 private:
  const ddi::Download& download_;
  const Fault* corrupt_;
  std::uint64_t bytes_ = 0;
  crypto::Sha256Stream sha256_;
  crypto::Md5Stream md5_;
};

class DdiDevice final : public VirtualDevice {
 public:
  DdiDevice(const net::asio::any_io_executor& executor, Options options, net::HttpUrl url,
            net::TlsContext context)
      : executor_(executor),
        options_(std::move(options)),
        url_(std::move(url)),
        context_(std::move(context)),
        attributes_(options_.server.attributes) {
    attributes_.try_emplace("version", "1.0.0");
  }

  void start() override {
    const auto work = [this]() -> net::asio::awaitable<void> { co_await run(); };
    net::asio::co_spawn(executor_, work, net::asio::detached);
  }
  void stop() override {}
  std::string address() const override { return origin() + url_.target; }
  std::string name() const override { return url_.target.substr(url_.target.rfind('/') + 1); }
  DeviceResult report() const override {
    DeviceResult result;
    result.chip = "ddi";
    result.address = address();
    result.bytes_in = bytes_in_;
    result.bytes_out = bytes_out_;
    result.commands = requests_;
    result.running = attributes_.at("version");
    return result;
  }

 private:
  std::string origin() const { return "https://" + net::host_and_port(url_.host, url_.port); }

  net::asio::awaitable<void> run() {
    // In the frame: it goes with the loop.
    net::HttpsClient client(url_, context_, {std::chrono::seconds(10), std::chrono::seconds(20)});
    std::string last_error;
    for (;;) {
      const Result<std::chrono::seconds> next = co_await poll(client);
      if (!next && next.error().message() != last_error) {
        last_error = next.error().message();
        options_.sink->on_event(
            event::Notice{address(), "sim.no_answer", last_error, next.error().hint});
      }
      if (next) last_error.clear();
      const std::chrono::seconds pause = next ? *next : retry_pause;
      const Result<void> slept = co_await options_.clock->sleep_for(pause);
      if (!slept) co_return;
    }
  }

  /// One poll, and all that it asks for; gives the time until the next one.
  net::Task<std::chrono::seconds> poll(net::HttpsClient& client) {
    // What the server has not got yet comes first.
    Result<void> said = co_await flush(client);
    if (!said) co_return std::move(said).error();
    const std::string nothing;
    const std::string self = url_.target;
    Result<Bytes> body = co_await ask(client, "GET", self, nothing);
    if (!body) co_return std::move(body).error();
    AIOT_CO_TRY(const ddi::Poll base, ddi::parse_base(*body));
    if (!base.config_data.empty()) {
      AIOT_CO_TRY(const std::string target, target_of(base.config_data));
      const std::string data = ddi::write_config_data(attributes_);
      Result<Bytes> taken = co_await ask(client, "PUT", target, data);
      if (!taken) co_return std::move(taken).error();
    }
    Result<void> done;
    if (!base.cancel.empty()) {
      done = co_await cancel(client, base.cancel);
    } else if (!base.deployment.empty()) {
      done = co_await deploy(client, base.deployment);
    }
    if (!done) co_return std::move(done).error();
    co_return base.sleep;
  }

  net::Task<void> cancel(net::HttpsClient& client, const std::string& link) {
    AIOT_CO_TRY(const std::string target, target_of(link));
    const std::string nothing;
    Result<Bytes> body = co_await ask(client, "GET", target, nothing);
    if (!body) co_return std::move(body).error();
    AIOT_CO_TRY(const std::uint64_t action, ddi::parse_cancel(*body));
    outbox_.emplace_back(
        std::string(path_of(target)) + "/feedback",
        ddi::write_feedback(action, feedback_of("closed", "success", "The update is canceled.")));
    Result<void> said = co_await flush(client);
    co_return said;
  }

  net::Task<void> deploy(net::HttpsClient& client, const std::string& link) {
    AIOT_CO_TRY(const std::string target, target_of(link));
    const std::string nothing;
    Result<Bytes> body = co_await ask(client, "GET", target, nothing);
    if (!body) co_return std::move(body).error();
    AIOT_CO_TRY(const ddi::Deployment deployment, ddi::parse_deployment(*body));
    // As SWUpdate: an action that it has worked on is not begun again.
    if (deployment.action == action_) co_return Result<void>();
    action_ = deployment.action;
    const std::string feedback = std::string(path_of(target)) + "/feedback";
    ddi::Feedback begun = feedback_of("proceeding", "none", "Downloading.");
    Result<void> said = co_await say(client, feedback, begun);
    static_cast<void>(said);  // it waits, and is sent again
    ddi::Feedback end;
    for (const ddi::Download& download : deployment.downloads) {
      const Result<void> got = co_await fetch(client, download);
      if (got) continue;
      end = feedback_of("closed", "failure", download.file_name + ": " + got.error().message());
      break;
    }
    if (end.execution.empty()) end = install(deployment.version);
    said = co_await say(client, feedback, end);
    co_return said;
  }

  /// What is downloaded, and whole; says what became of it.
  ddi::Feedback install(const std::string& offered) {
    std::string& version = attributes_.at("version");
    if (options_.fault("never-installs") != nullptr) {
      return feedback_of("proceeding", "none", "Downloaded.");
    }
    if (options_.fault("wrong-version") != nullptr) {
      return feedback_of("closed", "failure",
                         fmt::format("Boots {} instead of {}.", version, offered));
    }
    version = offered;
    return feedback_of("closed", "success", fmt::format("Boots {}.", version));
  }

  /// Downloads a file, and goes on where a connection was lost.
  net::Task<void> fetch(net::HttpsClient& client, const ddi::Download& download) {
    AIOT_CO_TRY(const std::string target, target_of(download.url));
    Arrival arrival(download, options_.fault("corrupt"));
    Result<void> got;
    for (unsigned tries = 0; tries < most_tries && !arrival.is_whole(); ++tries) {
      if (tries > 1) {
        Result<void> slept = co_await options_.clock->sleep_for(retry_pause);
        if (!slept) co_return slept;
      }
      got = co_await fetch_rest(client, target, arrival);
      if (!got && got.error().code != make_error_code(net::Errc::link_lost)) co_return got;
    }
    if (!got) co_return got;
    if (!arrival.is_whole()) {
      co_return make_error(net::Errc::protocol, "fewer bytes than the deployment says");
    }
    if (!arrival.matches()) {
      co_return make_error(net::Errc::protocol, "other bytes than the deployment's hash says");
    }
    co_return Result<void>();
  }

  net::Task<void> fetch_rest(net::HttpsClient& client, const std::string& target,
                             Arrival& arrival) {
    const std::uint64_t from = arrival.bytes();
    std::uint64_t skip = 0;  // of a server that sends the whole file
    bool begun = false;
    net::OnPiece take = [&](const net::HttpMessage& head, ByteSpan piece) -> Result<void> {
      if (!begun && from > 0 && head.status == 200) skip = from;
      const bool is_rest = head.header("Content-Range").starts_with(fmt::format("bytes {}-", from));
      if (!begun && head.status == 206 && !is_rest) {
        return make_error(net::Errc::protocol, "another range than the one asked for");
      }
      begun = true;
      const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip, piece.size()));
      skip -= skipped;
      piece = piece.subspan(skipped);
      const Fault* drop = dropped_ ? nullptr : options_.fault("drop");
      if (drop != nullptr && drop->byte < arrival.bytes() + piece.size()) {
        dropped_ = true;
        piece = piece.first(
            static_cast<std::size_t>(std::max(drop->byte, arrival.bytes()) - arrival.bytes()));
        bytes_in_ += piece.size();
        AIOT_CHECK(arrival.take(piece));
        return make_error(net::Errc::link_lost, "the fault");
      }
      bytes_in_ += piece.size();
      return arrival.take(piece);
    };
    net::HttpMessage request = request_of("GET", target);
    if (from > 0) request.headers.emplace_back("Range", fmt::format("bytes={}-", from));
    Result<net::HttpMessage> response = co_await client.send(std::move(request), take);
    if (!response) co_return std::move(response).error();
    if (response->status != 200 && response->status != 206) co_return refused(response->status);
    co_return Result<void>();
  }

  /// Sends a request; the body of its response with status 200.
  net::Task<Bytes> ask(net::HttpsClient& client, const char* method, const std::string& target,
                       const std::string& body) {
    net::HttpMessage request = request_of(method, target);
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    request.body.assign(body.begin(), body.end());
    bytes_out_ += body.size();
    Bytes received;
    net::OnPiece take = [&received](const net::HttpMessage&, ByteSpan piece) -> Result<void> {
      if (piece.size() > most_body_bytes - received.size()) {
        return make_error(net::Errc::protocol, "the answer is too long");
      }
      append(received, piece);
      return {};
    };
    Result<net::HttpMessage> response = co_await client.send(std::move(request), take);
    if (!response) co_return std::move(response).error();
    if (response->status != 200) co_return refused(response->status);
    bytes_in_ += received.size();
    co_return received;
  }

  net::Task<void> say(net::HttpsClient& client, const std::string& target,
                      const ddi::Feedback& feedback) {
    if (options_.fault("no-feedback") == nullptr) {
      outbox_.emplace_back(target, ddi::write_feedback(action_, feedback));
    }
    Result<void> said = co_await flush(client);
    co_return said;
  }

  /// Sends what is waiting, in its order. What does not arrive waits on; what the server refuses
  /// is not repeated.
  net::Task<void> flush(net::HttpsClient& client) {
    while (!outbox_.empty()) {
      Result<Bytes> taken =
          co_await ask(client, "POST", outbox_.front().first, outbox_.front().second);
      const bool refused = !taken && taken.error().code == make_error_code(net::Errc::protocol);
      if (taken || refused) outbox_.erase(outbox_.begin());
      if (!taken) co_return std::move(taken).error();
    }
    co_return Result<void>();
  }

  net::HttpMessage request_of(const char* method, const std::string& target) {
    ++requests_;
    net::HttpMessage request = net::http_request(method, target);
    if (!options_.server.token.empty()) {
      request.headers.emplace_back("Authorization", "TargetToken " + options_.server.token);
    }
    return request;
  }

  /// Of a link: the token goes to no other server.
  Result<std::string> target_of(const std::string& link) const {
    const Result<net::HttpUrl> url = net::parse_https_url(link);
    if (!url || url->host != url_.host || url->port != url_.port) {
      return make_error(net::Errc::not_supported,
                        "a link to another server: " + link.substr(0, 128));
    }
    return url->target;
  }

  static Error refused(unsigned status) {
    return make_error(net::Errc::protocol, fmt::format("HTTP status {}", status),
                      status == 401 ? "give the token that the server has for this device"
                                    : "check the URL, and that the server speaks DDI");
  }

  net::asio::any_io_executor executor_;
  Options options_;
  net::HttpUrl url_;  ///< of the device
  net::TlsContext context_;
  ddi::Attributes attributes_;
  std::vector<std::pair<std::string, std::string>> outbox_;  ///< feedback: target, body
  std::uint64_t action_ = 0;                                 ///< that it worked on last
  bool dropped_ = false;
  std::uint64_t requests_ = 0;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

Error bad_server(const std::string& what, const char* hint) {
  return make_error(Errc::bad_server, without_password(what).substr(0, 256), hint);
}

}  // namespace

std::span<const FaultKind> ddi_faults() { return ddi_table; }

Result<std::unique_ptr<VirtualDevice>> make_ddi(const net::asio::any_io_executor& executor,
                                                const Options& options) {
  const Server& server = options.server;
  Result<net::HttpUrl> url = net::parse_https_url(server.url);
  if (!url) return bad_server(server.url, "write it as https://HOST:PORT");
  while (url->target.ends_with('/')) url->target.pop_back();
  if (url->target.empty()) url->target = "/DEFAULT";
  url->target += fmt::format("/controller/v1/sim-{}", options.index + 1);
  const std::optional<ddi::Path> path = ddi::parse_path(url->target);
  if (!path || path->kind != ddi::Path::Kind::base || url->target.find('?') != std::string::npos) {
    return bad_server(server.url, "write it as https://HOST:PORT or https://HOST:PORT/TENANT");
  }
  net::TlsOptions tls;
  tls.ca_file = server.ca_file;
  tls.alpn = {"http/1.1"};
  if (!server.fingerprint.empty()) {
    tls.fingerprint = net::parse_fingerprint(server.fingerprint);
    if (!tls.fingerprint) {
      return bad_server("fingerprint " + server.fingerprint,
                        "give the SHA-256 of its certificate, 64 hexadecimal digits");
    }
  }
  AIOT_TRY(net::TlsContext context, net::TlsContext::make(tls));
  std::unique_ptr<VirtualDevice> made =
      std::make_unique<DdiDevice>(executor, options, *std::move(url), std::move(context));
  return made;
}

}  // namespace aiot::sim::ota
