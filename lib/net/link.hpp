#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "aiot/address.hpp"
#include "aiot/bytes.hpp"
#include "net/clock.hpp"

namespace aiot::net {

/// One step of a sequence on the modem control lines; `true` asserts (drives the pin low).
struct LineStep {
  std::optional<bool> dtr;
  std::optional<bool> rts;
  std::chrono::milliseconds hold{0};  ///< waited after the change
};

/// What is known of a link before a byte is exchanged.
struct LinkInfo {
  std::string kind;           ///< "serial", "pty", "tcp", "rfc2217", "scripted"
  std::uint16_t usb_vid = 0;  ///< of the adapter, 0 when it is not USB
  std::uint16_t usb_pid = 0;
  std::string usb_serial;
  std::string stable_path;     ///< /dev/serial/by-id/… or by-path, when there is one
  bool has_lines = false;      ///< DTR and RTS can be driven
  bool has_baud = false;       ///< the rate on the wire can be set
  std::uint32_t baud_bps = 0;  ///< at which it was opened, 0 without a rate
};

/// A transport with its deadline and its clock. One session uses it, on one executor.
/// Every operation ends by its deadline with Errc::timed_out, bytes or not, or with Errc::cancelled
/// when the coroutine is cancelled; Errc::link_lost is final until reopen() succeeds.
class Link {
 public:
  virtual ~Link() = default;

  virtual const LinkInfo& info() const = 0;
  virtual Clock& clock() = 0;

  /// At least one byte, at most buffer.size().
  virtual Task<std::size_t> read_some(std::span<std::uint8_t> buffer, TimePoint deadline) = 0;
  /// All of `data` is handed to the transport; it may still be on its way to the wire.
  virtual Task<void> write(ByteSpan data, TimePoint deadline) = 0;
  /// What was written has left for the wire (tcdrain, or nothing to do).
  virtual Task<void> drain(TimePoint deadline) = 0;
  /// Drops what has arrived and was not read.
  virtual Task<void> discard_input() = 0;
  /// Sets the rate of the wire; a link without one ignores it.
  virtual Task<void> set_baud(std::uint32_t baud_bps) = 0;
  /// Runs the whole sequence; on RFC 2217 in one burst. Errc::not_supported without lines.
  virtual Task<void> set_lines(std::span<const LineStep> steps) = 0;
  /// Opens the same device again after the link was lost (re-enumerated USB, dropped TCP).
  virtual Task<void> reopen(TimePoint deadline) = 0;
  /// Releases the port, its lock and its settings. Idempotent.
  virtual void close() = 0;
};

/// Told once when a trace file does not take what it is given.
using OnTraceLost = std::function<void(const Error&)>;

struct OpenOptions {
  std::uint32_t baud_bps = 115200;   ///< unless the address says
  std::string trace_file;            ///< every byte both ways, with time stamps; "" for none
  OnTraceLost on_trace_lost;         ///< until the link is gone
  std::vector<std::string> secrets;  ///< written as asterisks in the trace
  std::string interface;  ///< by which a tcp:// link leaves, whatever the routes; "" by them
  TimePoint deadline = TimePoint::max();
};

/// Opens serial:, usb:, tcp:// and rfc2217:// addresses.
Task<std::unique_ptr<Link>> open_link(Address address, OpenOptions options);

}  // namespace aiot::net
