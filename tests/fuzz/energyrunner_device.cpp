// A hostile host: the first byte picks the mode, the rest goes to the firmware as it is.
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "protocol/energyrunner/device/firmware.hpp"

using namespace aiot::energyrunner;

namespace {

class Board8 final : public Board {
 public:
  void write(std::string_view text) override { said_ += text.size(); }
  std::uint32_t clock_us() override { return static_cast<std::uint32_t>(said_); }
  void mark() override {}
  Loaded load(std::span<const std::uint8_t> bytes) override {
    // Reads all of it, so that an overrun shows.
    std::uint32_t sum = 0;
    for (const std::uint8_t byte : bytes) sum += byte;
    value_ = static_cast<float>(sum) / 256;
    return {bytes.size() == 8, static_cast<std::uint32_t>(bytes.size()), 8};
  }
  void infer(std::uint32_t) override {}
  std::size_t results() override { return 2; }
  float result(std::size_t index) override { return index == 0 ? value_ : -value_; }

 private:
  std::size_t said_ = 0;
  float value_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Board8 board;
  std::vector<std::uint8_t> buffer(24);
  Firmware firmware(board, {"v", "ic01", (data[0] & 1) != 0, (data[0] & 2) != 0}, buffer);
  firmware.boot();
  for (std::size_t i = 1; i < size; ++i) firmware.on_char(static_cast<char>(data[i]));
  if (firmware.loaded() > firmware.announced() || firmware.announced() > 24) __builtin_trap();
  return 0;
}
