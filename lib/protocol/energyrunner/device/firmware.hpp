#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// The commands of a device under test, as benchmark/api of mlcommons/tiny has them. No heap, no
/// exceptions, no library: this file and its .cpp also build for a microcontroller.
namespace aiot::energyrunner {

// Numbers as text, without a library's printf.

/// Room enough for any number written here.
constexpr std::size_t most_digits = 24;

/// `value` in decimal digits, in `buffer`.
std::string_view decimal(std::uint32_t value, std::span<char, most_digits> buffer);

/// As printf's "%0.3f" has it: three digits, the nearest, of two as near the even one; but zero has
/// no sign, and 9.0e15 is the most.
std::string_view three_digits(float value, std::span<char, most_digits> buffer);

/// What the commands need of the board they run on.
class Board {
 public:
  /// How an input was taken.
  struct Loaded {
    bool fits = true;
    std::uint32_t elements = 0;  ///< that were there
    std::uint32_t expected = 0;  ///< that the model takes
  };

  /// Sends these characters; returns when they are on their way.
  virtual void write(std::string_view text) = 0;
  /// Microseconds of a clock that runs on and goes round at 2^32.
  virtual std::uint32_t clock_us() = 0;
  /// Energy mode: lets the pin fall that the power monitor watches, and rise again.
  virtual void mark() = 0;
  /// Makes the model's input of what was uploaded.
  virtual Loaded load(std::span<const std::uint8_t> bytes) = 0;
  /// Runs the model so often; the input stays.
  virtual void infer(std::uint32_t times) = 0;
  /// How many results there are, and each of them.
  virtual std::size_t results() = 0;
  virtual float result(std::size_t index) = 0;

 protected:
  ~Board() = default;
};

/// What a device says of itself. The texts outlive the firmware.
struct Identity {
  std::string_view vendor = "unspecified";
  std::string_view model;  ///< "ic01", "kws01", …
  bool energy_mode = false;
  /// As the reference firmware: no "e-" before two of its errors, and `infer` goes on regardless.
  bool bare_errors = false;
};

/// A device under test. Characters go in one by one; a command runs when its end mark comes.
class Firmware {
 public:
  /// `input` is where uploads go: as large as the largest input.
  Firmware(Board& board, const Identity& identity, std::span<std::uint8_t> input)
      : board_(board), identity_(identity), input_(input) {}

  /// Says what a device says when it has started. What was uploaded is forgotten.
  void boot();
  void on_char(char c);

  /// Bytes that `db load` announced, and those that have come since.
  std::size_t announced() const { return announced_; }
  std::size_t loaded() const { return loaded_; }

 private:
  void run(std::string_view command);
  void run_db(std::string_view arguments);
  void load(std::string_view count);
  void take_hex(std::string_view hex);
  void print();
  void run_infer(std::string_view arguments);
  void infer(std::uint32_t times, std::uint32_t warmups);
  void results();
  void timestamp();
  void help();
  void say_number(std::string_view before, std::uint32_t number, std::string_view after);

  Board& board_;
  Identity identity_;
  std::span<std::uint8_t> input_;
  std::array<char, 80> command_{};  // EE_CMD_SIZE
  std::size_t length_ = 0;
  std::size_t announced_ = 0;
  std::size_t loaded_ = 0;
};

}  // namespace aiot::energyrunner
