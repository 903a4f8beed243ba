#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "filter/filter.hpp"
#include "job/flash/device.hpp"

/// The boot check: what the application prints after a reset.
namespace aiot::flash {

/// Reads a console as it arrives, line by line. No I/O; the memory that it holds is bounded.
class BootWatch {
 public:
  /// filter::Errc::bad_pattern.
  static Result<BootWatch> make(const BootCheck& check);

  enum class Verdict { none, expected, failed };
  /// Takes more bytes and compares each line that they complete, up to the first verdict.
  Verdict feed(ByteSpan bytes);
  /// Compares a line that has begun and does not go on.
  Verdict flush();
  /// The line that gave the verdict.
  const std::string& matched() const { return matched_; }
  /// The last lines, at most `kept_lines`, oldest first.
  std::vector<std::string> last_lines() const { return {lines_.begin(), lines_.end()}; }

  static constexpr std::size_t kept_lines = 12;
  static constexpr std::size_t longest_line = 1024;

 private:
  Verdict end_line();

  std::optional<filter::Pattern> expect_;
  std::optional<filter::Pattern> fail_on_;
  std::string line_;  ///< that has begun
  std::string matched_;
  std::deque<std::string> lines_;
};

/// Listens to a device that has been reset until the check has its verdict. Errc::boot_failed,
/// Errc::no_boot; `result` has the console's last lines then.
net::Task<void> check_boot(Device& device, BootResult& result, const BootCheck& check);

}  // namespace aiot::flash
