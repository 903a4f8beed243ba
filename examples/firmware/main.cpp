// A device under test for MLPerf Tiny: the protocol of lib/protocol/energyrunner and the kernels of
// lib/inference on a Cortex-M4F without an operating system.
#include <algorithm>
#include <array>
#include <cstdint>

#include "board/clock.hpp"
#include "board/uart.hpp"
#include "network.hpp"
#include "protocol/energyrunner/device/firmware.hpp"

namespace {

using aiot::energyrunner::Board;

namespace tiny = aiot::inference::tiny;

std::array<std::uint8_t, tiny::most_upload_bytes> uploaded;
/// An inference spoils the input where the network's memory is used again: it is kept here.
std::array<std::int8_t, tiny::most_upload_bytes> loaded;

class Mps2 final : public Board {
 public:
  void write(std::string_view text) override { board::uart_write(text); }
  std::uint32_t clock_us() override { return board::clock_us(); }
  void mark() override {}  // this board has no pin that a power monitor watches

  Loaded load(std::span<const std::uint8_t> bytes) override {
    const std::size_t each = tiny::upload_bytes_each(network::input_form);
    const std::size_t expected = network::input().size();
    if (bytes.size() != expected * each) {
      return {.fits = false,
              .elements = static_cast<std::uint32_t>(bytes.size() / each),
              .expected = static_cast<std::uint32_t>(expected)};
    }
    upload_ = bytes;
    tiny::take_int8(network::input_form, network::input_scaling, bytes,
                    std::span(loaded).first(expected));
    return {};
  }

  void infer(std::uint32_t times) override {
    const auto input = network::input();
    for (std::uint32_t i = 0; i < times; ++i) {
      std::copy_n(loaded.begin(), input.size(), input.begin());
      network::run();
      board::clock_us();  // its counter goes round in 171 s: it is looked at meanwhile
    }
    if (!network::reconstruction) return;
    // At once: the next upload takes the place of this one.
    tiny::MeanSquare score;
    for (std::size_t i = 0; i < input.size(); ++i) score.add(real(i), tiny::float_at(upload_, i));
    score_ = score.value();
  }

  std::size_t results() override { return network::reconstruction ? 1 : network::output().size(); }
  float result(std::size_t index) override {
    return network::reconstruction ? score_ : real(index);
  }

 private:
  static float real(std::size_t index) {
    return network::output_scaling.real(network::output()[index]);
  }

  std::span<const std::uint8_t> upload_;
  float score_ = 0;
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
