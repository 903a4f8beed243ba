#include "job/flash/boot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aiot/units.hpp"
#include "job/flash/error.hpp"

namespace aiot::flash {
namespace {

using namespace std::chrono_literals;

/// A line that pauses for so long is taken as it is: a prompt has no line end.
constexpr auto pause_in_line = 200ms;

constexpr std::string_view see_console = "read the console's last lines";

}  // namespace

Result<BootWatch> BootWatch::make(const BootCheck& check) {
  BootWatch watch;
  if (!check.expect.empty()) {
    AIOT_TRY(watch.expect_, filter::Pattern::parse(check.expect));
  }
  if (!check.fail_on.empty()) {
    AIOT_TRY(watch.fail_on_, filter::Pattern::parse(check.fail_on));
  }
  return watch;
}

BootWatch::Verdict BootWatch::end_line() {
  while (!line_.empty() && line_.back() == '\r') line_.pop_back();
  if (line_.empty()) return Verdict::none;
  std::string line = std::exchange(line_, {});
  const bool failed = fail_on_ && fail_on_->matches(line);
  const bool expected = !failed && expect_ && expect_->matches(line);
  if (failed || expected) matched_ = line;
  if (lines_.size() == kept_lines) lines_.pop_front();
  lines_.push_back(std::move(line));
  return failed ? Verdict::failed : expected ? Verdict::expected : Verdict::none;
}

BootWatch::Verdict BootWatch::feed(ByteSpan bytes) {
  for (const std::uint8_t byte : bytes) {
    if (byte != '\n') line_ += static_cast<char>(byte);
    if (byte != '\n' && line_.size() < longest_line) continue;
    if (const Verdict verdict = end_line(); verdict != Verdict::none) return verdict;
  }
  return Verdict::none;
}

BootWatch::Verdict BootWatch::flush() { return end_line(); }

net::Task<void> check_boot(Device& device, BootResult& result, const BootCheck& check) {
  device.run().step("boot", 2);
  AIOT_CO_TRY(BootWatch watch, BootWatch::make(check));
  net::Clock& clock = device.run().clock();
  const net::TimePoint start = clock.now();
  const net::TimePoint deadline = start + check.within;
  BootWatch::Verdict verdict = BootWatch::Verdict::none;
  std::optional<Error> lost;
  while (verdict == BootWatch::Verdict::none && clock.now() < deadline) {
    std::array<std::uint8_t, 4096> buffer{};
    const net::TimePoint until = std::min(deadline, clock.now() + pause_in_line);
    Result<std::size_t> read = co_await device.read_console(buffer, until, deadline);
    if (read) {
      verdict = watch.feed(ByteSpan(buffer).first(*read));
    } else if (read.error().condition() == Condition::timeout) {
      verdict = watch.flush();
    } else if (read.error().condition() == Condition::cancelled) {
      co_return std::move(read).error();
    } else {
      lost = std::move(read).error();
      break;
    }
  }
  if (verdict == BootWatch::Verdict::none) verdict = watch.flush();
  result.seconds = std::chrono::duration<double>(clock.now() - start).count();
  result.matched = watch.matched();
  if (verdict == BootWatch::Verdict::expected) result.ok = true;
  if (verdict == BootWatch::Verdict::none && check.expect.empty() && !lost) result.ok = true;
  if (result.ok) co_return Result<void>();
  result.console = watch.last_lines();
  if (verdict == BootWatch::Verdict::failed) {
    co_return make_error(Errc::boot_failed, fmt::format("\"{}\"", escape_controls(check.fail_on)),
                         std::string(see_console))
        .with_peer_text(result.matched);
  }
  if (lost) {
    co_return make_error(Errc::no_boot, "the link was lost: " + lost->message(),
                         "check the cable and the device's supply");
  }
  const std::string what = check.expect.empty() ? "" : escape_controls(check.expect);
  co_return make_error(
      Errc::no_boot, fmt::format("no \"{}\" within {}", what, format_duration(check.within)),
      result.console.empty() ? "the device printed nothing: check its console's rate, and reset it"
                             : std::string(see_console));
}

}  // namespace aiot::flash
