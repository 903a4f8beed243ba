#pragma once

#include <deque>
#include <string>
#include <vector>

#include "net/link.hpp"
#include "net/script.hpp"
#include "support/virtual_clock.hpp"

namespace aiot::net {

/// A Link for tests: the other end follows a Script, on virtual time. Whatever the script does not
/// say ends the conversation with Errc::script and a text that shows both sides in hex.
class ScriptedLink final : public Link {
 public:
  ScriptedLink(VirtualClock& clock, Script script);
  ScriptedLink(VirtualClock& clock, Script script, LinkInfo info);

  const LinkInfo& info() const override { return info_; }
  Clock& clock() override { return clock_; }
  Task<std::size_t> read_some(std::span<std::uint8_t> buffer, TimePoint deadline) override;
  Task<void> write(ByteSpan data, TimePoint deadline) override;
  Task<void> drain(TimePoint deadline) override;
  Task<void> discard_input() override;
  Task<void> set_baud(std::uint32_t baud_bps) override;
  Task<void> set_lines(std::span<const LineStep> steps) override;
  Task<void> reopen(TimePoint deadline) override;
  void close() override { closed_ = true; }

  /// Success when every step has been met, and nothing else was done.
  Result<void> finished() const;
  /// Every rate that was set, in order.
  const std::vector<std::uint32_t>& bauds() const { return bauds_; }
  /// Every line step that was made, in order.
  const std::vector<LineStep>& lines() const { return lines_; }
  /// How often the link was opened again.
  int reopens() const { return reopens_; }
  bool closed() const { return closed_; }

 private:
  struct Arrival {
    TimePoint when;
    Bytes bytes;  // empty: the link is lost then
  };
  /// Carries out what the other end does by itself, up to the next thing the host has to do.
  void advance();
  bool lost() const;
  Error mismatch(std::string what);
  Result<void> check();
  std::string where() const;

  VirtualClock& clock_;
  Script script_;
  LinkInfo info_;
  std::size_t step_ = 0;
  std::size_t matched_ = 0;  // bytes of the current Expect that were written already
  TimePoint other_end_;      // when the other end's last action happens
  std::deque<Arrival> arrivals_;
  VirtualClock::Wake wake_;
  std::vector<std::uint32_t> bauds_;
  std::vector<LineStep> lines_;
  std::string failure_;  // the first mismatch; every later call repeats it
  int reopens_ = 0;
  bool closed_ = false;
};

}  // namespace aiot::net
