#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocol/esp/codec.hpp"
#include "protocol/esp/device/device.hpp"

namespace aiot::esp::device {

using namespace std::chrono_literals;

/// A virtual chip on virtual time, spoken to in bytes.
class Bench {
 public:
  explicit Bench(const char* chip, const char* profile = "fast",
                 std::initializer_list<const char*> faults = {}, bool in_application = false,
                 bool sync_resets = false) {
    Options options;
    options.chip = chip;
    options.mac = {0x24, 0x0A, 0xC4, 0x01, 0x02, 0x03};
    options.profile = *find_profile(profile);
    for (const char* fault : faults) options.faults.push_back(*parse_fault(fault));
    options.in_application = in_application;
    options.sync_resets = sync_resets;
    device = *Device::make(std::move(options), *FlashMemory::in_memory(4 << 20));
    device->on_host_baud(now, 115200);
  }

  void send(ByteSpan bytes) { device->on_bytes(now, bytes); }

  /// Lives for `time`, and returns what reached the host.
  Bytes live(std::chrono::nanoseconds time = 30s) {
    const TimePoint end = now + time;
    Bytes heard;
    while (true) {
      const auto next = device->next_timer();
      if (!next || *next > end) break;
      now = std::max(now, *next);
      device->on_timer(now);
      const Bytes more = device->take_output(now);
      if (!more.empty()) last_heard = now;
      append(heard, more);
    }
    now = end;
    return heard;
  }

  /// One request given in hex, as on the wire; what came back, in hex.
  std::string talk(std::string_view hex) {
    send(from_hex(hex).value());
    return to_hex(live());
  }
  std::string talk(Op op, std::initializer_list<std::uint32_t> data, std::uint32_t check = 0) {
    send(frame_request(op, words(data), check));
    return to_hex(live());
  }
  std::string block(Op op, std::uint32_t sequence, ByteSpan payload) {
    send(frame_block(op, sequence, payload));
    return to_hex(live());
  }
  /// Loads four bytes into RAM and jumps there.
  void start_stub() {
    talk(Op::mem_begin, {4, 1, 0x1800, 0x40080000});
    block(Op::mem_data, 0, Bytes{1, 2, 3, 4});
    const std::string heard = talk(Op::mem_end, {0, 0x40080000});
    REQUIRE(heard.ends_with("c04f484149c0"));
    REQUIRE(device->mode() == Device::Mode::stub);
  }

  TimePoint now{1h};
  TimePoint last_heard{};
  std::unique_ptr<Device> device;
};

inline Bytes pattern(std::size_t size, std::uint8_t seed = 1) {
  Bytes bytes(size);
  std::uint32_t x = seed;
  for (auto& byte : bytes) {
    x = x * 1103515245 + 12345;
    byte = static_cast<std::uint8_t>(x >> 16);
  }
  return bytes;
}

}  // namespace aiot::esp::device
