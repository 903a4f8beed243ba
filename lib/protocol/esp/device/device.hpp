#pragma once

#include <deque>
#include <memory>
#include <string>

#include "net/device_engine.hpp"
#include "protocol/esp/device/loaders.hpp"
#include "protocol/esp/device/wire.hpp"

namespace aiot::esp::device {

enum class ResetCause { power_on, pin, software, watchdog, crash };

struct Options {
  std::string chip;  ///< "esp32c3"
  Mac mac{};
  Profile profile;
  std::vector<Fault> faults;
  std::uint32_t baud_limit = 0;  ///< faster rates garble; 0 for what the chip can do
  bool in_application = false;   ///< starts in the application instead of the loader
  /// The port carries no DTR and RTS (a pty): a SYNC that the chip cannot receive, because the
  /// application runs or the rates differ, restarts it into its loader as the lines would.
  bool sync_resets = false;
  /// The stub is one before esp-flasher-stub 1.1: none of these touches the rate.
  bool stub_keeps_rate = false;

  Options() = default;
};

/// What happened so far.
struct Counters {
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t commands = 0;
  std::uint64_t overruns = 0;  ///< frames lost because no buffer was free
};

/// A virtual ESP chip behind a UART bridge with the auto-reset circuit of Espressif's boards.
class Device final : public net::DeviceEngine {
 public:
  /// Errc::unknown_chip.
  static Result<std::unique_ptr<Device>> make(Options options, FlashMemory flash);

  void on_bytes(TimePoint now, ByteSpan bytes) override;
  void on_lines(TimePoint now, bool dtr, bool rts) override;
  void on_host_baud(TimePoint now, std::uint32_t baud_bps) override;
  std::optional<TimePoint> next_timer() const override;
  void on_timer(TimePoint now) override;
  Bytes take_output(TimePoint now) override;
  bool link_up() const override { return !link_back_; }

  enum class Mode {
    reset,       ///< EN is low, or its capacitor charges
    booting,     ///< the ROM starts
    rom,         ///< the ROM's loader
    stub_start,  ///< the stub starts
    stub,        ///< the stub's loader
    application,
  };
  Mode mode() const { return mode_; }
  std::uint32_t baud_bps() const { return baud_; }
  const Chip& chip() const { return chip_; }
  const Mac& mac() const { return mac_; }
  const FlashMemory& flash() const { return flash_; }
  /// When the last byte that was given to on_bytes() will have arrived: a driver that reads no
  /// further ahead than the wire is long pushes back on its host as a real port does.
  TimePoint input_done() const { return in_.done(); }
  /// What the host has sent and has not arrived by `when` is lost: its end of the wire was closed.
  void cut_input(TimePoint when) { in_.cut(when); }
  const Counters& counters() const { return counters_; }
  const Faults& faults() const { return faults_; }

 private:
  Device(const Chip& chip, Options options, FlashMemory flash);

  void advance(TimePoint now);
  std::optional<TimePoint> next_step() const;
  void step(TimePoint when);

  // Reset and boot.
  void restart(TimePoint when, ResetCause cause, bool after_strap);
  void leave_reset(TimePoint when);
  void booted(TimePoint when);
  bool boot_pin_low() const { return dtr_ && !rts_; }

  // Bytes and frames.
  void arrive(InWire::Run run);
  void frame_arrived(TimePoint when, Bytes frame);
  void begin_work(TimePoint when, const Bytes& frame);
  void finish_work(TimePoint when);
  /// Takes up the frames that wait, until one keeps the loader busy.
  void take_waiting(TimePoint when);
  void say(TimePoint when, std::string_view text);
  TimePoint send(TimePoint when, Bytes bytes);
  std::uint32_t limit() const;
  bool receives(std::uint32_t host_baud) const;

  // Faults.
  void strike_byte(InWire::Run& run);
  void drop_link(TimePoint when, const Fault& fault);
  void change_mac();
  Duration turn_around() const;

  const Chip& chip_;
  Options options_;
  Profile profile_;
  Mac mac_;
  FlashMemory flash_;
  Faults faults_;
  Registers registers_;
  Parts parts_;
  Rom rom_;
  Stub stub_;
  InWire in_;
  OutWire out_;
  SlipDecoder decoder_;
  Counters counters_;

  Mode mode_ = Mode::reset;
  bool resets_ = true;  ///< the lines are wired to the chip
  bool dtr_ = false;
  bool rts_ = false;
  std::uint32_t baud_ = 115200;
  std::uint32_t host_baud_ = 0;
  bool auto_baud_ = false;  ///< the ROM has not been spoken to since the reset
  ResetCause cause_ = ResetCause::power_on;
  bool download_ = true;  ///< the boot pin, when it was sampled

  std::optional<TimePoint> strap_at_;    ///< the boot pin is sampled
  std::optional<TimePoint> boot_at_;     ///< the ROM, or the stub, has started
  std::optional<TimePoint> busy_until_;  ///< the loader is at work
  std::optional<TimePoint> watchdog_at_;
  std::optional<TimePoint> link_back_;  ///< the link is down until then
  Work work_;                           ///< what ends at busy_until_
  std::deque<Bytes> waiting_;           ///< frames behind the one at work
  bool no_buffer_ = false;              ///< the frame that arrives now has no place to go
  std::uint64_t lose_ = 0;              ///< bytes that are still to be swallowed
  std::vector<FaultKind> next_reply_;   ///< struck at a byte, for the reply that follows
  bool power_fails_ = false;            ///< with the next page
  bool power_failed_ = false;
};

/// What the second-stage boot loader and the application print, from what the flash holds: the
/// partition table at 0x8000, the first application in it, its name and version
/// (ESP-IDF, "App Image Format": esp_app_desc_t behind the first segment's header).
std::string application_log(const Chip& chip, ByteSpan flash);

}  // namespace aiot::esp::device
