#include "sim/provision/esp.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json.hpp>
#include <charconv>

#include "crypto/random.hpp"
#include "net/http_message.hpp"
#include "net/tcp_link.hpp"
#include "sim/announcement.hpp"
#include "sim/port.hpp"
#include "sim/provision/ble.hpp"

namespace aiot::sim::provision {
namespace {

namespace asio = net::asio;

/// protocomm_httpd.c
constexpr std::size_t longest_body_bytes = 4096;
/// A real one takes seconds; long enough to be asked more than once.
constexpr std::chrono::milliseconds esp_join_takes{100};
constexpr std::string_view usual_username = "wifiprov";
constexpr std::string_view usual_proof = "abcd1234";

struct EspPort {
  std::uint16_t port = 0;
  std::optional<unsigned> security;
};

Result<EspPort> parse_esp_port(std::string_view spec) {
  constexpr std::string_view scheme = "http:";
  constexpr std::string_view query = "?security=";
  const auto refuse = [&] {
    return make_error(
        Errc::bad_port, fmt::format("\"{}\"", spec),
        "an ESP device listens at http:PORT, http:PORT?security=0, 1 or 2, or ble:hci1");
  };
  EspPort out;
  if (spec.empty()) return out;
  if (!spec.starts_with(scheme)) return refuse();
  const std::string_view rest = spec.substr(scheme.size());
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out.port);
  if (error != std::errc()) return refuse();
  const std::string_view more(end, static_cast<std::size_t>(rest.data() + rest.size() - end));
  if (more.empty()) return out;
  if (more.size() != query.size() + 1 || !more.starts_with(query) || more.back() < '0' ||
      more.back() > '2') {
    return refuse();
  }
  out.security = static_cast<unsigned>(more.back() - '0');
  return out;
}

protocomm::Credentials credentials_of(const provisioning::Secrets& secrets,
                                      std::optional<unsigned> security) {
  const bool given = !secrets.proof.empty() || !secrets.username.empty();
  protocomm::Credentials out;
  out.security = security.value_or(given && secrets.username.empty() ? 1 : 2);
  out.proof = given ? secrets.proof : usual_proof;
  out.username = secrets.username.empty() ? usual_username : secrets.username;
  if (out.security == 2) out.patch = 1;
  if (out.security != 2) out.username.clear();
  if (out.security == 0) out.proof.clear();
  return out;
}

/// The HTTP server of protocomm_httpd.c: one socket, which a newer one takes over, and one session,
/// which a cookie names.
class EspServer : public std::enable_shared_from_this<EspServer> {
 public:
  EspServer(asio::any_io_executor executor, net::Clock& clock, EspIdentity identity,
            net::TcpListener listener)
      : executor_(std::move(executor)),
        clock_(clock),
        name_(std::move(identity.name)),
        device_(std::move(identity.device), crypto::random_bytes),
        listener_(std::move(listener)),
        port_(listener_.port()),
        mdns_(executor_, clock) {}

  void start() {
    const auto work = [self = shared_from_this()]() -> asio::awaitable<void> {
      const Result<void> ended = co_await self->accept();
      static_cast<void>(ended);  // the loop has ended
    };
    asio::co_spawn(executor_, work, asio::detached);
  }
  void stop() {
    if (current_) current_->close();
    mdns_.withdraw();
  }
  std::uint16_t port() const { return port_; }

  void fill(DeviceResult& result) const {
    result.bytes_in = bytes_in_;
    result.bytes_out = bytes_out_;
    result.commands = requests_;
    const std::string ssid = device_.joined(clock_.now());
    result.paired = !ssid.empty();
    if (!ssid.empty()) result.ssid = ssid;
  }

 private:
  net::Task<void> accept() {
    for (;;) {
      Result<net::Accepted> accepted = co_await listener_.accept(net::TimePoint::max());
      if (!accepted) co_return std::move(accepted).error();
      if (current_) current_->close();
      current_ = std::make_shared<net::FdStream>(std::move(accepted->stream));
      const auto work = [self = shared_from_this(), stream = current_]() -> asio::awaitable<void> {
        const Result<void> served = co_await self->serve(*stream);
        static_cast<void>(served);  // the client has left, or a newer one came
        stream->close();
      };
      asio::co_spawn(executor_, work, asio::detached);
    }
  }

  net::Task<void> serve(net::FdStream& stream) {
    net::HttpParser parser(net::HttpParser::Kind::request, longest_body_bytes);
    Bytes ahead;
    for (;;) {
      Result<std::size_t> taken = parser.feed(ahead);
      if (!taken) co_return std::move(taken).error();
      ahead.erase(ahead.begin(), ahead.begin() + static_cast<std::ptrdiff_t>(*taken));
      if (parser.done()) {
        const net::HttpMessage request = parser.take();
        const std::optional<net::HttpMessage> response = answer(request);
        if (!response && !silent_) co_return Result<void>();
        if (response) {
          const Bytes bytes = net::write_http(*response);
          bytes_out_ += bytes.size();
          Result<void> written = co_await stream.write(bytes, net::TimePoint::max());
          if (!written) co_return std::move(written).error();
        }
        if (!request.keep_alive) co_return Result<void>();
        continue;
      }
      std::array<std::uint8_t, 2048> buffer;
      Result<std::size_t> got = co_await stream.read_some(buffer, net::TimePoint::max());
      if (!got) co_return std::move(got).error();
      bytes_in_ += *got;
      append(ahead, ByteSpan(buffer).first(*got));
    }
  }

  /// Nothing: the connection is closed without a response, or stays silent.
  std::optional<net::HttpMessage> answer(const net::HttpMessage& request) {
    ++requests_;
    silent_ = false;
    const auto& known = protocomm::Device::endpoints;
    if (!request.target.starts_with('/')) return net::http_response(404);
    const std::string_view endpoint = std::string_view(request.target).substr(1);
    if (std::ranges::find(known, endpoint) == known.end()) return net::http_response(404);
    if (request.method != "POST") return net::http_response(405);
    const bool same = !cookie_.empty() && request.header("Cookie") == cookie_;
    if (!same) {
      device_.new_session();
      const Bytes random = crypto::random_bytes(4);
      cookie_ = fmt::format("session={}", load_le32(random.data()));
    }
    protocomm::Reply reply = device_.on_request(clock_.now(), endpoint, request.body);
    silent_ = reply.kind == protocomm::Reply::Kind::silence;
    if (device_.has_vanished(clock_.now())) vanish();
    if (reply.kind != protocomm::Reply::Kind::answer) return std::nullopt;
    net::HttpMessage response = net::http_response(200);
    response.headers.emplace_back("Content-Type", "text/html");
    if (!same) response.headers.emplace_back("Set-Cookie", cookie_);
    response.body = std::move(reply.body);
    return response;
  }

  /// Its access point is gone, and it announces itself on the network.
  void vanish() {
    listener_.close();
    std::string host = name_;
    std::ranges::replace(host, '_', '-');
    mdns_.announce(host, {name_, "_http._tcp", port_, {}, {}});
  }

  asio::any_io_executor executor_;
  net::Clock& clock_;
  std::string name_;
  protocomm::Device device_;
  net::TcpListener listener_;
  std::uint16_t port_;
  Announcement mdns_;
  std::shared_ptr<net::FdStream> current_;
  std::string cookie_;
  bool silent_ = false;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::uint64_t requests_ = 0;
};

class EspDevice final : public VirtualDevice {
 public:
  EspDevice(std::shared_ptr<EspServer> server, std::string name, std::string mac, std::string code)
      : server_(std::move(server)),
        name_(std::move(name)),
        mac_(std::move(mac)),
        code_(std::move(code)) {}

  void start() override { server_->start(); }
  void stop() override { server_->stop(); }
  std::string address() const override {
    return fmt::format("http://127.0.0.1:{}", server_->port());
  }
  std::string code() const override { return code_; }
  std::string name() const override { return name_; }
  DeviceResult report() const override {
    DeviceResult result;
    result.chip = "esp";
    result.mac = mac_;
    result.address = address();
    server_->fill(result);
    return result;
  }

 private:
  std::shared_ptr<EspServer> server_;
  std::string name_;
  std::string mac_;
  std::string code_;
};

}  // namespace

EspIdentity esp_identity(const Options& options, std::optional<unsigned> security,
                         std::string_view transport) {
  EspIdentity out;
  protocomm::DeviceOptions& device = out.device;
  device.credentials = credentials_of(options.secrets, security);
  device.wifi = options.wifi;
  device.faults = options.faults;
  device.join_takes = esp_join_takes;
  device.networks = {{"neighbour", "02:00:00:00:02:01", 11, -71, "wpa2/wpa3"}};
  // As Espressif's examples: PROV_ and the last half of the MAC.
  const unsigned number = options.index + 1;
  out.name = fmt::format("PROV_{:06X}", number);
  out.mac = fmt::format("24:0a:c4:{:02x}:{:02x}:{:02x}", number >> 16 & 0xFF, number >> 8 & 0xFF,
                        number & 0xFF);
  boost::json::object code{{"ver", "v1"}, {"name", out.name}};
  if (!device.credentials.username.empty()) code["username"] = device.credentials.username;
  if (!device.credentials.proof.empty()) code["pop"] = device.credentials.proof;
  code["transport"] = transport;
  code["security"] = fmt::format("{}", device.credentials.security);
  out.code = boost::json::serialize(code);
  return out;
}

Result<std::unique_ptr<VirtualDevice>> make_esp(const asio::any_io_executor& executor,
                                                const Options& options) {
  if (options.port.starts_with("ble")) return make_esp_ble(executor, options);
  AIOT_TRY(const EspPort spec, parse_esp_port(options.port));
  if (spec.port != 0 && spec.port + options.index > UINT16_MAX)
    return make_error(Errc::bad_port, options.port, "choose a lower port");
  const auto port = static_cast<std::uint16_t>(spec.port == 0 ? 0 : spec.port + options.index);
  AIOT_TRY(net::TcpListener listener,
           net::TcpListener::open(executor,
                                  asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port)));
  EspIdentity identity = esp_identity(options, spec.security, "softap");
  auto server =
      std::make_shared<EspServer>(executor, *options.clock, identity, std::move(listener));
  return std::unique_ptr<VirtualDevice>(
      std::make_unique<EspDevice>(std::move(server), std::move(identity.name),
                                  std::move(identity.mac), std::move(identity.code)));
}

}  // namespace aiot::sim::provision
