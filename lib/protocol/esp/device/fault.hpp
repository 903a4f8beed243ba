#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/result.hpp"
#include "protocol/esp/command.hpp"

namespace aiot::esp::device {

enum class FaultKind {
  drop,
  corrupt,
  corrupt_reply,
  lose,
  lose_reply,
  stall,
  reset,
  wrong_mac,
  write_protected,
  power_cut,
  no_stub,
  secure_boot,
  flash_encryption,
  secure_download,
  garbage,
  duplicate,
  slow,
};

/// One fault, written as fault_grammar() says. A reply's fault at a byte strikes the reply that
/// follows.
struct Fault {
  FaultKind kind{};
  std::string text;  ///< as it was written
  std::optional<std::uint64_t> byte;
  std::optional<Op> op;
  std::string stage;
  std::uint32_t count = 1;  ///< which of the requests
  bool always = false;

  std::chrono::nanoseconds time{};  ///< stall, drop
  std::uint64_t amount = 0;         ///< lose: bytes; slow: factor
  std::uint64_t range_begin = 0;    ///< write-protected
  std::uint64_t range_length = 0;
  bool with_error = false;  ///< write-protected
  bool forever = false;     ///< drop: the link does not come back

  std::uint32_t seen = 0;   ///< matching requests so far
  std::uint32_t fired = 0;  ///< times
};

/// Errc::bad_fault, with the nearest name as a hint, or the stages there are.
Result<Fault> parse_fault(std::string_view text);
/// How a fault is written, for people: a few lines.
std::string_view fault_grammar();

struct FaultHelp {
  std::string_view name;
  std::string_view description;
};
std::span<const FaultHelp> fault_help();

/// The parts of a session that a fault can sit in, in the order in which a session passes them.
std::span<const FaultHelp> stages();
/// The stage a request belongs to.
std::string_view stage_of(Op op);

/// The faults of one device, and when they strike.
class Faults {
 public:
  explicit Faults(std::vector<Fault> faults) : faults_(std::move(faults)) {}

  /// The next host byte a fault waits for, at or after `position`.
  std::optional<std::uint64_t> next_byte(std::uint64_t position) const;
  /// The faults that strike at host byte `position`; each once.
  std::vector<Fault*> at_byte(std::uint64_t position);
  /// The faults that strike with this request.
  std::vector<Fault*> at_request(Op op);
  /// corrupt-reply at a byte of what the device sends, in [begin, end).
  std::vector<Fault*> at_reply(std::uint64_t begin, std::uint64_t end);
  /// A fault of the kind that has no place: it holds from the start.
  Fault* standing(FaultKind kind);

  const std::vector<Fault>& all() const { return faults_; }

 private:
  std::vector<Fault> faults_;
};

}  // namespace aiot::esp::device
