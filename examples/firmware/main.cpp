// A device under test for MLPerf Tiny: the protocol of lib/protocol/energyrunner and the kernels of
// lib/inference on a Cortex-M4F without an operating system.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "board/clock.hpp"
#include "board/uart.hpp"
#include "network.hpp"
#include "protocol/energyrunner/device/firmware.hpp"

namespace {

using aiot::energyrunner::Board;

/// The largest input of MLPerf Tiny: a picture of 96 x 96 pixels.
constexpr std::size_t most_input_bytes = 96 * 96 * 3;
std::array<std::uint8_t, most_input_bytes> uploaded;
/// An inference spoils the input where the network's memory is used again: it is kept here.
std::array<std::int8_t, most_input_bytes> loaded;

class Mps2 final : public Board {
 public:
  void write(std::string_view text) override { board::uart_write(text); }
  std::uint32_t clock_us() override { return board::clock_us(); }
  void mark() override {}  // this board has no pin that a power monitor watches

  /// Bytes are the input as the network stores it; four times as many are its real values, which
  /// anomaly detection sends (little-endian float32).
  Loaded load(std::span<const std::uint8_t> bytes) override {
    const auto expected = static_cast<std::uint32_t>(network::input().size());
    if (bytes.size() == expected) {
      std::transform(bytes.begin(), bytes.end(), loaded.begin(),
                     [](std::uint8_t b) { return static_cast<std::int8_t>(b); });
      return {};
    }
    const auto elements = static_cast<std::uint32_t>(bytes.size() / sizeof(float));
    if (bytes.size() != expected * sizeof(float)) {
      return {.fits = false, .elements = elements, .expected = expected};
    }
    for (std::uint32_t i = 0; i < expected; ++i) {
      float value = 0;
      std::copy_n(&bytes[i * sizeof value], sizeof value, reinterpret_cast<std::uint8_t*>(&value));
      loaded[i] = quantized(value);
    }
    return {};
  }

  void infer(std::uint32_t times) override {
    const auto input = network::input();
    for (std::uint32_t i = 0; i < times; ++i) {
      std::copy_n(loaded.begin(), input.size(), input.begin());
      network::run();
      board::clock_us();  // its counter goes round in 171 s: it is looked at meanwhile
    }
  }

  std::size_t results() override { return network::output().size(); }
  float result(std::size_t index) override {
    const auto& q = network::output_quantization;
    return q.scale * static_cast<float>(network::output()[index] - q.zero_point);
  }

 private:
  static std::int8_t quantized(float value) {
    const auto& q = network::input_quantization;
    const float stored = std::round(value / q.scale) + static_cast<float>(q.zero_point);
    return static_cast<std::int8_t>(std::clamp(stored, -128.0F, 127.0F));
  }
};

}  // namespace

int main() {
  board::clock_start();
  board::uart_start();
  Mps2 mps2;
  aiot::energyrunner::Identity identity;
  identity.vendor = "aiotctl example firmware";
  identity.model = network::name;
  aiot::energyrunner::Firmware firmware(mps2, identity, uploaded);
  firmware.boot();
  for (;;) {
    const int c = board::uart_read();
    if (c >= 0) {
      firmware.on_char(static_cast<char>(c));
    } else {
      board::uart_wait();
    }
  }
}
