#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"
#include "net/clock.hpp"

namespace aiot::sim::gadget {

inline net::TimePoint now() { return net::steady_clock().now(); }

/// So many things a second, counted from when the rate was set; fast ones come in batches.
class Pace {
 public:
  static constexpr std::uint64_t max_rate = 1'000'000;  ///< a second; more is cut to it

  /// 0 a second: none at all.
  Pace(std::uint64_t rate_per_s, net::TimePoint now) { set_rate(rate_per_s, now); }
  void set_rate(std::uint64_t rate_per_s, net::TimePoint now);
  /// Counts from now on.
  void restart(net::TimePoint now) { set_rate(rate_per_s_, now); }

  /// How many are due since it was last asked.
  std::uint64_t take(net::TimePoint now);
  /// When the next is due, some milliseconds after the last batch; nullopt at rate 0.
  std::optional<net::TimePoint> next() const;

 private:
  std::uint64_t rate_per_s_ = 0;
  net::TimePoint since_;
  std::uint64_t taken_ = 0;  ///< since then
  net::TimePoint last_{};    ///< when some were last due
};

/// Sets the rate that a decimal number says; anything else changes nothing.
void set_rate(Pace& pace, std::string_view number, net::TimePoint now);

/// What a gadget's serial port says, as an engine without I/O: numbered log lines at a steady rate,
/// now and then one in colour or a burst of bytes that are no text; the echo of what it is sent;
/// and on the line "panic" the end of an ESP program that crashes.
///
/// What its reader does not take waits, up to a bound; lines beyond it are lost, with their
/// numbers, as on a UART.
class Console {
 public:
  /// `lines_per_s` up to Pace::max_rate; 0 says nothing unasked.
  Console(std::uint64_t lines_per_s, net::TimePoint now);

  void on_bytes(ByteSpan bytes, net::TimePoint now);
  void on_timer(net::TimePoint now);
  std::optional<net::TimePoint> next_timer() const;

  /// What waits to be sent, and how much of it was.
  ByteSpan output() const { return output_; }
  void sent(std::size_t size_bytes);

  std::uint64_t lines() const { return lines_; }
  std::uint64_t lost_lines() const { return lost_; }

  static constexpr std::size_t max_waiting_bytes = 64 * 1024;

 private:
  void say_line(net::TimePoint now);
  void say(std::string_view text);
  void obey(std::string_view line, net::TimePoint now);

  net::TimePoint booted_;
  Pace pace_;
  std::uint64_t lines_ = 0;
  std::uint64_t lost_ = 0;
  std::string typed_;
  Bytes output_;
};

}  // namespace aiot::sim::gadget
