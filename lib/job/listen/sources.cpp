#include <array>

#include "job/listen/source.hpp"

namespace aiot::listen {
namespace {

constexpr std::array<SourceKind, 4> kinds = {{
    {"rfc2217", "rfc2217://HOST:PORT", "a serial port behind the network (RFC 2217)",
     make_stream_source},
    {"serial", "serial:/dev/ttyUSB0?baud=115200", "a serial port", make_stream_source},
    {"tcp", "tcp://HOST:PORT", "a connection to a TCP server", make_stream_source},
    {"usb", "usb:VID:PID?serial=S", "the serial port of a USB device", make_stream_source},
}};

}  // namespace

std::span<const SourceKind> source_kinds() { return kinds; }

std::vector<Scheme> schemes() {
  std::vector<Scheme> all;
  for (const SourceKind& kind : kinds) {
    all.push_back({std::string(kind.scheme), std::string(kind.form), std::string(kind.what)});
  }
  return all;
}

}  // namespace aiot::listen
