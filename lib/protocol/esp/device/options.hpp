#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/error.hpp"
#include "aiot/result.hpp"
#include "protocol/esp/codec.hpp"

namespace aiot::esp::device {

/// Why a virtual device cannot be made.
enum class Errc {
  unknown_chip = 1,  ///< no such virtual device
  unknown_profile,   ///< no such timing profile
  bad_fault,         ///< a fault's text does not parse
  bad_mac,           ///< not six bytes in hex
  flash_size,        ///< not a power of two of 256 KiB to 16 MiB
  flash_file,        ///< the file behind the flash cannot be used
  flash_file_size,   ///< the file behind the flash has another size
};
boost::system::error_code make_error_code(Errc e) noexcept;

/// How long things take on a virtual device. All times are on the engine's clock.
///
/// - A byte occupies the wire for 10 bits at the sender's rate; each direction is a wire of its
/// own.
/// - The chip starts on a request when the last byte of its frame has arrived and it is idle.
/// - `command` passes, then the work a loader does before it answers; the reply then enters the
/// wire.
/// - A byte reaches the host `turn_around` after it has left the wire, in packets of at most
///   `packet` of wire time: what a USB adapter does. Towards the device there is no such delay.
/// - Erase and program times are the typical values of Winbond's W25Q32JV datasheet, revision G.
///
/// The values are fixed: they are what the benchmarks are stated against.
struct Profile {
  using Time = std::chrono::nanoseconds;

  std::string_view name;
  std::string_view description;
  bool paced = true;  ///< false: bytes take no time on the wire
  Time turn_around{};
  Time packet{};
  Time command{};
  Time md5_per_mib{};
  Time page_program{};  ///< 256 bytes, or a part of such a page
  Time erase_4k{};
  Time erase_32k{};
  Time erase_64k{};
  Time erase_chip{};
  Time boot{};        ///< from leaving reset to listening in the loader
  Time strap{};       ///< EN's capacitor: from its release until GPIO0 is sampled
  Time stub_start{};  ///< from MEM_END's reply to OHAI
};

/// All profiles; the first is the default.
std::span<const Profile> profiles();
/// The profile of that name, "" for the default; Errc::unknown_profile.
Result<Profile> find_profile(std::string_view name);

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
  no_reset,
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
  bool restarts = false;    ///< drop: the chip comes back in its application

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

template <>
struct boost::system::is_error_code_enum<aiot::esp::device::Errc> : std::true_type {};
