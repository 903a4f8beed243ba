#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/result.hpp"

namespace aiot::energyrunner {

enum class FaultKind {
  // strike with a command
  lose,
  corrupt,
  lose_reply,
  cut_reply,
  corrupt_reply,
  garbage,
  stall,
  reboot,
  // hold from the start
  wrong_input,
  wrong_scale,
  wrong_rounding,
  wrong_output,
  forgets_input,
  clock_wrap,
  clock_fast,
  bare_errors,
  echo,
  line_feeds,
  returns,
  slow,
};

/// One fault, written as fault_grammar() says.
struct Fault {
  FaultKind kind{};
  std::string text;         ///< as it was written
  std::string stage;        ///< "" for any command
  std::uint32_t count = 1;  ///< which of the stage's commands
  bool always = false;
  std::chrono::nanoseconds time{};  ///< stall; clock-wrap: this long after the start
  double amount = 0;                ///< lose: characters, 0 for all; factors; wrong-output: index

  std::uint32_t seen = 0;   ///< matching commands so far
  std::uint32_t fired = 0;  ///< times
};

/// Errc::bad_fault, with the nearest name or the stages as a hint.
Result<Fault> parse_fault(std::string_view text);

struct FaultHelp {
  std::string_view name;
  std::string_view description;
};
std::span<const FaultHelp> fault_help();
/// The commands a fault can sit in, in the order in which a host sends them.
std::span<const FaultHelp> stages();
/// The stage of a command without its end mark; "" for an unknown one.
std::string_view stage_of(std::string_view command);
/// True when `name` is one of these faults, whatever follows it.
bool is_fault(std::string_view text);

/// The faults of one device, and when they strike.
class Faults {
 public:
  explicit Faults(std::vector<Fault> faults) : faults_(std::move(faults)) {}
  /// Those that strike with this command.
  std::vector<Fault*> at_command(std::string_view command);
  /// A fault that holds from the start, nullptr for none.
  const Fault* standing(FaultKind kind) const;
  const std::vector<Fault>& all() const { return faults_; }

 private:
  std::vector<Fault> faults_;
};

}  // namespace aiot::energyrunner
