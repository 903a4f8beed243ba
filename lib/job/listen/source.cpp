#include "job/listen/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "job/listen/error.hpp"
#include "net/error.hpp"

namespace aiot::listen {
namespace {

constexpr std::array<SourceKind, 10> kinds = {{
    {"ble", "ble:AA:BB:CC:DD:EE:FF[/UUID]",
     "advertisements of a Bluetooth LE device (ble:* for all), or a characteristic's notifications",
     make_ble_source},
    {"coap", "coap://HOST[:PORT]/PATH", "a resource of a CoAP server, observed (RFC 7641)",
     make_coap_source},
    {"mqtt", "mqtt://BROKER[:PORT]/TOPIC", "messages of an MQTT broker, with + and # in the topic",
     make_mqtt_source},
    {"mqtts", "mqtts://BROKER[:PORT]/TOPIC", "the same over TLS", make_mqtt_source},
    {"rfc2217", "rfc2217://HOST:PORT", "a serial port behind the network (RFC 2217)",
     make_stream_source},
    {"serial", "serial:/dev/ttyUSB0?baud=115200", "a serial port", make_stream_source},
    {"syslog", "syslog://0.0.0.0:5514?transport=udp",
     "messages of RFC 5424 and RFC 3164, over UDP and TCP", make_syslog_source},
    {"tcp", "tcp://HOST:PORT", "a connection to a TCP server", make_stream_source},
    {"udp", "udp://0.0.0.0:PORT", "datagrams: at a port of this machine, or of one device",
     make_udp_source},
    {"usb", "usb:VID:PID?serial=S", "the serial port of a USB device", make_stream_source},
}};

}  // namespace

Result<void> check_settings(const Address& address, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : address.query) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    return make_error(Errc::bad_setting, fmt::format("{}: \"{}\"", address.str(), key),
                      known.size() == 0
                          ? fmt::format("{}: takes no settings", address.scheme)
                          : fmt::format("{}: takes {}", address.scheme, fmt::join(known, ", ")));
  }
  return {};
}

net::Task<void> Source::send(Bytes) {
  co_return make_error(net::Errc::not_supported, "sending",
                       "nothing can be sent to this kind of address");
}

std::span<const SourceKind> source_kinds() { return kinds; }

Result<std::unique_ptr<Source>> make_source(const Address& address, const Request& request) {
  std::vector<std::string_view> accepted;
  for (const SourceKind& kind : kinds) {
    if (kind.scheme == address.scheme) return kind.make(address, request);
    accepted.push_back(kind.scheme);
  }
  return require_scheme(address, accepted).error();
}

std::vector<Scheme> schemes() {
  std::vector<Scheme> all;
  for (const SourceKind& kind : kinds) {
    all.push_back({std::string(kind.scheme), std::string(kind.form), std::string(kind.what)});
  }
  return all;
}

}  // namespace aiot::listen
