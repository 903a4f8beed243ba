// A hostile provisioner: packets, each behind its length, to a device that waits, with and without
// static OOB. Keys are those of the sample data that the seed is (Mesh Profile 1.0.1, 8.7), so that
// it goes all the way.
#include <algorithm>
#include <cstdlib>

#include "protocol/mesh/device.hpp"

using namespace aiot;
using namespace aiot::mesh;

namespace {

Key key(const char* hex) {
  Key out{};
  std::ranges::copy(*from_hex(hex), out.begin());
  return out;
}

void play(const DeviceOptions& options, ByteSpan bytes) {
  Device device(options);
  net::TimePoint now{};
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes[0], bytes.size() - 1);
    device.on_packet(now, bytes.subspan(1, size));
    bytes = bytes.subspan(1 + size);
    now += std::chrono::milliseconds(50);
    device.on_timer(now);
    while (const auto packet = device.take_packet()) {
      if (packet->size() > 29) std::abort();  // what an AD structure holds
    }
  }
  if (const auto due = device.next_timer()) device.on_timer(*due);
  device.beacon();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Bytes secret =
      *from_hex("529aa0670d72cd6497502ed473502b037e8803b5c60829a5a3caa219505530ba");
  DeviceOptions options;
  options.uuid = key("70cf7c9732a345b691494810d2e9cbf4");
  options.secret = secret;
  options.random = key("55a2a2bca04cd32ff6f346bd0a0c1a3a");
  play(options, {data, size});
  options.static_oob = Key{};
  play(options, {data, size});
  return 0;
}
