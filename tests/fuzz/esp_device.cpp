// A hostile host: everything it sends, at any time, with any lines and rates. The first byte picks
// the chip; then records: kind, and for bytes their number.
#include <cstddef>
#include <cstdint>

#include "protocol/esp/device/device.hpp"

using namespace aiot;
using namespace aiot::esp::device;

namespace {

/// Lives on until nothing more happens, at most `steps` events.
net::TimePoint live(Device& device, net::TimePoint now, int steps) {
  while (steps-- > 0) {
    const auto next = device.next_timer();
    if (!next) break;
    now = std::max(now, *next);
    device.on_timer(now);
    device.take_output(now);
  }
  return now;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  ByteSpan input(data, size);
  Options options;
  options.chip = std::string(aiot::esp::chips()[input[0] % aiot::esp::chips().size()].name);
  options.profile = *find_profile(input[0] & 0x80 ? "default" : "fast");
  options.sync_resets = (input[0] & 0x40) != 0;
  if (auto fault = parse_fault(to_string(input.first(std::min<std::size_t>(input.size(), 24))))) {
    options.faults.push_back(*std::move(fault));
  }
  auto device = *Device::make(std::move(options), *FlashMemory::in_memory(256 * 1024));
  net::TimePoint now(std::chrono::hours(1));
  device->on_host_baud(now, 115200);
  input = input.subspan(1);
  while (!input.empty()) {
    const std::uint8_t kind = input[0];
    input = input.subspan(1);
    if (kind == 0xF0 && input.size() >= 1) {
      device->on_lines(now, (input[0] & 1) != 0, (input[0] & 2) != 0);
      input = input.subspan(1);
    } else if (kind == 0xF1 && input.size() >= 4) {
      device->on_host_baud(now, load_le32(input.data()));
      input = input.subspan(4);
    } else if (kind == 0xF2) {
      now = live(*device, now, 200);
    } else {
      // The rest up to a kind byte goes on the wire, as an exact copy so that overreads show.
      std::size_t length = 0;
      while (length < input.size() && input[length] < 0xF0) ++length;
      const Bytes bytes(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(length));
      device->on_bytes(now, bytes);
      input = input.subspan(length);
    }
  }
  live(*device, now, 500);
  return 0;
}
