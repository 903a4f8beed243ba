#include "protocol/energyrunner/device/firmware.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace aiot::energyrunner;

namespace {

/// A board whose clock goes on 1000 us an inference, with three results.
class DeskBoard final : public Board {
 public:
  void write(std::string_view text) override { said += text; }
  std::uint32_t clock_us() override { return clock; }
  void mark() override { ++marks; }
  Loaded load(std::span<const std::uint8_t> bytes) override {
    input.assign(bytes.begin(), bytes.end());
    return {bytes.size() == 4, static_cast<std::uint32_t>(bytes.size()), 4};
  }
  void infer(std::uint32_t times) override {
    clock += 1000 * times;
    inferences += times;
  }
  std::size_t results() override { return 3; }
  float result(std::size_t index) override { return index == 1 ? 0.99609375F : 0.00390625F; }

  std::string said;
  std::vector<std::uint8_t> input;
  std::uint32_t clock = 500;
  std::uint32_t inferences = 0;
  int marks = 0;
};

struct Desk {
  DeskBoard board;
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(16);
  Identity identity{"unspecified", "ic01", false, false};
  Firmware firmware{board, identity, buffer};

  std::string ask(std::string_view command) {
    board.said.clear();
    for (const char c : command) firmware.on_char(c);
    firmware.on_char('%');
    return board.said;
  }
};

}  // namespace

// The replies: benchmark/api/internally_implemented.cpp of mlcommons/tiny (1afd2c98), read by eye.
TEST_CASE_FIXTURE(Desk, "a device starts") {
  firmware.boot();
  CHECK(board.said == "m-timestamp-mode-performance\r\nm-lap-us-500\r\nm-init-done\r\nm-ready\r\n");
}

TEST_CASE_FIXTURE(Desk, "a device is asked for its name") {
  CHECK(ask("name") == "m-name-dut-[unspecified]\r\nm-ready\r\n");
  CHECK(ask("profile") ==
        "m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[ic01]\r\nm-ready\r\n");
  CHECK(ask("timestamp") == "m-lap-us-500\r\nm-ready\r\n");
  CHECK(ask("nonsense 1 2") == "e-[Unknown command: nonsense]\r\nm-ready\r\n");
  CHECK(ask("") == "e-[Unknown command: ]\r\nm-ready\r\n");
  CHECK(ask("help").ends_with("m-ready\r\n"));
}

TEST_CASE_FIXTURE(Desk, "an upload, and what is wrong with one") {
  CHECK(ask("db") == "e-[Command 'db' requires a subcommand]\r\nm-ready\r\n");
  CHECK(ask("db load") == "e-[Command 'db load' requires the # of bytes]\r\nm-ready\r\n");
  CHECK(ask("db load 0") == "e-[Command 'db load' must be >0 bytes]\r\nm-ready\r\n");
  CHECK(ask("db load x") == "e-[Command 'db load' must be >0 bytes]\r\nm-ready\r\n");
  CHECK(ask("db 00") == "e-[More bytes than 'db load' said]\r\nm-ready\r\n");
  CHECK(ask("db load 17") == "e-[Supplied buffer size 17 exceeds maximum of 16]\r\nm-ready\r\n");
  CHECK(ask("db load 10") == "m-[Expecting 10 bytes]\r\nm-ready\r\n");
  CHECK(ask("db 0011223") == "e-[Insufficent number of hex digits]\r\nm-ready\r\n");
  CHECK(ask("db 001122334455") == "m-ready\r\n");
  CHECK(ask("db 6g") == "e-[Invalid hex digit '6g']\r\nm-ready\r\n");
  CHECK(ask("db 66778899aabb") == "m-load-done\r\nm-ready\r\n");
  CHECK(ask("db print") == "m-buffer-00-11-22-33-44-55-66-77\r\nm-buffer-88-99\r\nm-ready\r\n");
  CHECK(ask("db 00") == "e-[More bytes than 'db load' said]\r\nm-ready\r\n");
}

TEST_CASE_FIXTURE(Desk, "inferences, with the clock around them") {
  ask("db load 4");
  ask("db 01020304");
  CHECK(ask("infer 3 2") ==
        "m-warmup-start-2\r\nm-warmup-done\r\nm-infer-start-3\r\nm-lap-us-2500\r\nm-lap-us-5500\r\n"
        "m-infer-done\r\nm-results-[0.004,0.996,0.004]\r\nm-ready\r\n");
  CHECK(board.input == std::vector<std::uint8_t>{1, 2, 3, 4});
  CHECK(ask("results") == "m-results-[0.004,0.996,0.004]\r\nm-ready\r\n");
  CHECK(ask("infer 0") == "e-[Inference iterations must be >0]\r\nm-ready\r\n");
  CHECK(ask("infer 1 x") == "e-[Inference warmup must be >=0]\r\nm-ready\r\n");
  board.inferences = 0;
  ask("infer");
  CHECK(board.inferences == 11);
}

TEST_CASE_FIXTURE(Desk, "an input that is not complete is refused") {
  ask("db load 4");
  ask("db 0102");
  CHECK(ask("infer 1 0") == "e-[Input db has 2 elemented, expected 4]\r\nm-ready\r\n");
  CHECK(board.inferences == 0);
}

TEST_CASE("the reference firmware's way: no e-, and it infers all the same") {
  DeskBoard board;
  std::vector<std::uint8_t> buffer(16);
  Firmware firmware(board, {"v", "m", false, true}, buffer);
  for (const char c : std::string("db load 17%infer 1 0%")) firmware.on_char(c);
  CHECK(board.said ==
        "Supplied buffer size 17 exceeds maximum of 16\nm-ready\r\n"
        "Input db has 0 elemented, expected 4\nm-warmup-start-0\r\nm-warmup-done\r\n"
        "m-infer-start-1\r\nm-lap-us-500\r\nm-lap-us-1500\r\nm-infer-done\r\n"
        "m-results-[0.004,0.996,0.004]\r\nm-ready\r\n");
}

TEST_CASE("in energy mode a pin falls, and no lap is said") {
  DeskBoard board;
  std::vector<std::uint8_t> buffer(16);
  Firmware firmware(board, {"v", "m", true, false}, buffer);
  firmware.boot();
  CHECK(board.said == "m-timestamp-mode-energy\r\nm-init-done\r\nm-ready\r\n");
  CHECK(board.marks == 1);
  board.said.clear();
  for (const char c : std::string("db load 4%db 00000000%infer 5 0%")) firmware.on_char(c);
  CHECK(board.marks == 3);
  CHECK(board.said.find("m-lap") == std::string::npos);
}

TEST_CASE_FIXTURE(Desk, "a command longer than a device's buffer ends where that ends") {
  CHECK(ask(std::string(200, 'x')) ==
        "e-[Unknown command: " + std::string(80, 'x') + "]\r\nm-ready\r\n");
  CHECK(ask("name") == "m-name-dut-[unspecified]\r\nm-ready\r\n");
}
