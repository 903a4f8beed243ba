#include "protocol/esp/device/device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

namespace aiot::esp::device {
namespace {

constexpr std::uint8_t image_magic = 0xE9;
constexpr std::uint32_t app_desc_magic = 0xABCD5432;
constexpr std::size_t app_desc_at = 32;  // behind the image header (24) and a segment header (8)
constexpr std::size_t table_at = 0x8000;
constexpr std::size_t entry_bytes = 32;

std::string_view cause_text(ResetCause cause) {
  switch (cause) {
    case ResetCause::power_on: return "0x1 (POWERON_RESET)";
    case ResetCause::pin: return "0x1 (POWERON_RESET)";
    case ResetCause::software: return "0xc (SW_CPU_RESET)";
    case ResetCause::watchdog: return "0x10 (RTCWDT_RTC_RESET)";
    case ResetCause::crash: return "0x8 (TG1WDT_SYS_RESET)";
  }
  return "";
}

/// A text field of fixed width, up to its NUL, printable characters only.
std::string field(ByteSpan bytes) {
  std::string text;
  for (std::uint8_t byte : bytes) {
    if (byte == 0) break;
    text += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '?';
  }
  return text;
}

/// What an application prints last when its image holds these words.
constexpr std::string_view ready_text = "app: ready";

struct App {
  std::uint32_t offset = 0;
  std::uint32_t size = UINT32_MAX;  ///< of the partition
  std::string label;
};

std::optional<App> first_app(ByteSpan flash) {
  for (std::size_t at = table_at; at + entry_bytes <= flash.size() && at < table_at + 0xC00;
       at += entry_bytes) {
    const ByteSpan entry = flash.subspan(at, entry_bytes);
    if (entry[0] != 0xAA || entry[1] != 0x50) return std::nullopt;
    if (entry[2] == 0) {
      return App{load_le32(entry.data() + 4), load_le32(entry.data() + 8),
                 field(entry.subspan(12, 16))};
    }
  }
  return std::nullopt;
}

/// The time that a host has, also with a profile that takes none, to set its port to the ROM's rate
/// once a command has restarted the chip.
constexpr Duration rate_change = std::chrono::milliseconds(30);

/// A ROM keeps what arrives while it works in the UART's FIFO only.
constexpr std::size_t fifo_bytes = 128;
/// The stub has two buffers: one at work, one that fills.
constexpr std::size_t stub_buffers = 2;
/// "07 07 12 20 55": how a SYNC begins.
constexpr std::uint8_t sync_start[] = {0x07, 0x07, 0x12, 0x20, 0x55};

/// What the ROM prints when it has sampled the boot pin, at 115200.
std::string rom_banner(const Chip& chip, ResetCause cause, bool download) {
  std::string text = chip.name == "esp32" ? std::string("ets Jul 29 2019 12:21:46\r\n\r\n")
                                          : fmt::format("{} ROM\r\n", chip.display);
  text += fmt::format("rst:{},boot:{}\r\n", cause_text(cause),
                      download ? "0x3 (DOWNLOAD_BOOT(UART0))" : "0x13 (SPI_FAST_FLASH_BOOT)");
  if (download) text += "waiting for download\r\n";
  return text;
}

}  // namespace

std::string application_log(const Chip& chip, ByteSpan flash) {
  const std::size_t loader = chip.bootloader_offset;
  if (loader >= flash.size() || flash[loader] != image_magic) {
    const std::uint32_t found = loader + 4 <= flash.size() ? load_le32(flash.data() + loader) : 0;
    return fmt::format("invalid header: 0x{:08x}\r\n", found);
  }
  std::string text = fmt::format("I (27) boot: chip {}\r\n", chip.display);
  const std::optional<App> app =
      chip.name == "esp8266" ? App{0, UINT32_MAX, "eagle"} : first_app(flash);
  if (!app) return text + "E (55) boot: no bootable app partitions in the partition table\r\n";
  if (app->offset + app_desc_at + 256 > flash.size() || flash[app->offset] != image_magic) {
    return text +
           fmt::format("E (60) boot: {} at 0x{:x} holds no image\r\n", app->label, app->offset);
  }
  text += fmt::format("I (60) boot: Loaded app from partition {} at offset 0x{:x}\r\n", app->label,
                      app->offset);
  const ByteSpan description = flash.subspan(app->offset + app_desc_at, 256);
  if (load_le32(description.data()) == app_desc_magic) {
    text += fmt::format("I (200) app_init: Project name:     {}\r\n",
                        field(description.subspan(48, 32)));
    text += fmt::format("I (205) app_init: App version:      {}\r\n",
                        field(description.subspan(16, 32)));
  }
  text += "I (210) main_task: Calling app_main()\r\n";
  const ByteSpan image =
      flash.subspan(app->offset, std::min<std::size_t>(flash.size() - app->offset, app->size));
  const bool is_ready =
      std::search(image.begin(), image.end(), ready_text.begin(), ready_text.end()) != image.end();
  if (is_ready) text += fmt::format("I (230) {}\r\n", ready_text);
  return text;
}

Result<std::unique_ptr<Device>> Device::make(Options options, FlashMemory flash) {
  const Chip* chip = chip_by_name(options.chip);
  if (chip == nullptr) {
    std::string known;
    for (const Chip& each : chips()) known += (known.empty() ? "" : ", ") + std::string(each.name);
    return make_error(Errc::unknown_chip, options.chip, "the devices are: " + known);
  }
  return std::unique_ptr<Device>(new Device(*chip, std::move(options), std::move(flash)));
}

Device::Device(const Chip& chip, Options options, FlashMemory flash)
    : chip_(chip),
      options_(std::move(options)),
      profile_(options_.profile),
      mac_(options_.mac),
      flash_(std::move(flash)),
      faults_(std::move(options_.faults)),
      registers_(chip_, mac_,
                 Security{faults_.standing(FaultKind::secure_boot) != nullptr,
                          faults_.standing(FaultKind::flash_encryption) != nullptr,
                          faults_.standing(FaultKind::secure_download) != nullptr},
                 flash_),
      parts_{chip_, profile_,
             Security{faults_.standing(FaultKind::secure_boot) != nullptr,
                      faults_.standing(FaultKind::flash_encryption) != nullptr,
                      faults_.standing(FaultKind::secure_download) != nullptr},
             flash_, registers_},
      rom_(parts_),
      stub_(parts_),
      out_(profile_),
      decoder_(Stub::max_frame) {
  resets_ = faults_.standing(FaultKind::no_reset) == nullptr;
  parts_.refuses_ram = faults_.standing(FaultKind::no_stub) != nullptr;
  if (const Fault* kept = faults_.standing(FaultKind::write_protected)) {
    flash_.protect(kept->range_begin, kept->range_length, kept->with_error);
  }
  flash_.cut_power = [this] {
    if (!power_fails_) return false;
    power_fails_ = false;
    power_failed_ = true;
    return true;
  };
  mode_ = options_.in_application ? Mode::application : Mode::rom;
  auto_baud_ = true;
}

std::uint32_t Device::limit() const {
  return options_.baud_limit != 0 ? options_.baud_limit : chip_.max_baud_bps;
}

bool Device::receives(std::uint32_t host_baud) const {
  return (host_baud == 0 || rates_match(host_baud, baud_)) && baud_ <= limit();
}

// Time ------------------------------------------------------------------------------------------

std::optional<TimePoint> Device::next_step() const {
  std::optional<TimePoint> next;
  for (const std::optional<TimePoint>& at :
       {link_back_, strap_at_, boot_at_, busy_until_, watchdog_at_, in_.next()}) {
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

std::optional<TimePoint> Device::next_timer() const {
  std::optional<TimePoint> next = next_step();
  const std::optional<TimePoint> reply = out_.next(turn_around());
  if (reply && (!next || *reply < *next)) next = reply;
  if (next == TimePoint::max()) return std::nullopt;
  return next;
}

void Device::advance(TimePoint now) {
  while (const std::optional<TimePoint> when = next_step()) {
    if (*when > now) return;
    step(*when);
  }
}

void Device::step(TimePoint when) {
  if (link_back_ == when) {
    link_back_.reset();
  } else if (watchdog_at_ == when) {
    watchdog_at_.reset();
    restart(when, ResetCause::watchdog, false);
  } else if (strap_at_ == when) {
    strap_at_.reset();
    leave_reset(when);
  } else if (boot_at_ == when) {
    boot_at_.reset();
    booted(when);
  } else if (busy_until_ == when) {
    busy_until_.reset();
    finish_work(when);
  } else {
    arrive(in_.pop());
  }
}

void Device::on_timer(TimePoint now) { advance(now); }

// Reset and boot --------------------------------------------------------------------------------

void Device::on_lines(TimePoint now, bool dtr, bool rts) {
  advance(now);
  // Two transistors: RTS alone pulls EN low, DTR alone GPIO0, both together neither.
  if (!resets_) return;
  const bool was_held = rts_ && !dtr_;
  dtr_ = dtr;
  rts_ = rts;
  const bool held = rts_ && !dtr_;
  if (held && !was_held) {
    restart(now, ResetCause::pin, true);
    strap_at_.reset();
  } else if (!held && was_held) {
    strap_at_ = now + profile_.strap;
  }
}

void Device::restart(TimePoint when, ResetCause cause, bool after_strap) {
  out_.cut(when);
  rom_.reset();
  stub_.reset();
  decoder_.reset();
  registers_.reset();
  parts_.attached = false;
  waiting_.clear();
  busy_until_.reset();
  boot_at_.reset();
  watchdog_at_.reset();
  work_ = {};
  power_fails_ = power_failed_ = false;
  baud_ = rom_rate_bps;
  cause_ = cause;
  mode_ = Mode::reset;
  Fault* other = faults_.standing(FaultKind::wrong_mac);
  if (other != nullptr && other->fired == 0 && registers_.mac_was_read()) {
    ++other->fired;
    change_mac();
  }
  if (!after_strap) leave_reset(when);
}

void Device::leave_reset(TimePoint when) {
  mode_ = Mode::booting;
  download_ = boot_pin_low();
  boot_at_ = when + profile_.boot;
}

void Device::booted(TimePoint when) {
  if (mode_ == Mode::stub_start) {
    mode_ = Mode::stub;
    if (chip_.stub_resets_rate && !options_.stub_keeps_rate) {
      baud_ = rom_rate_bps;
      registers_.set_baud(baud_);
    }
    registers_.set_attached(true);
    parts_.attached = true;
    send(when, Stub::greeting());
    return;
  }
  mode_ = download_ ? Mode::rom : Mode::application;
  auto_baud_ = download_;
  say(when, rom_banner(chip_, cause_, download_));
  if (!download_) say(when, application_log(chip_, flash_.contents()));
}

// Bytes and frames ------------------------------------------------------------------------------

void Device::on_host_baud(TimePoint now, std::uint32_t baud_bps) {
  advance(now);
  host_baud_ = baud_bps;
}

void Device::on_bytes(TimePoint now, ByteSpan bytes) {
  advance(now);
  if (!link_up()) return;
  counters_.bytes_in += bytes.size();
  const std::uint32_t rate = host_baud_ != 0 ? host_baud_ : baud_;
  while (!bytes.empty()) {
    // A run starts at each byte that a fault waits for.
    const std::uint64_t position = in_.pushed();
    const std::optional<std::uint64_t> fault = faults_.next_byte(position + 1);
    const std::size_t part = fault && *fault < position + bytes.size()
                                 ? static_cast<std::size_t>(*fault - position)
                                 : bytes.size();
    in_.push(now, bytes.first(part), rate, profile_.paced);
    bytes = bytes.subspan(part);
  }
}

void Device::arrive(InWire::Run run) {
  const TimePoint when = run.end;
  if (faults_.next_byte(run.position) == run.position) strike_byte(run);
  if (!link_up() || run.bytes.empty()) return;
  if (lose_ > 0) {
    const std::size_t lost =
        static_cast<std::size_t>(std::min<std::uint64_t>(lose_, run.bytes.size()));
    run.bytes.erase(run.bytes.begin(), run.bytes.begin() + static_cast<std::ptrdiff_t>(lost));
    lose_ -= lost;
    if (run.bytes.empty()) return;
  }
  if (mode_ == Mode::rom && auto_baud_ && run.baud != 0 && run.baud <= limit()) {
    baud_ = run.baud;  // measured on the first SYNC
    registers_.set_baud(baud_);
  }
  const bool heard = receives(run.baud);
  if (options_.sync_resets && resets_ && (mode_ == Mode::application || !heard) &&
      std::search(run.bytes.begin(), run.bytes.end(), std::begin(sync_start),
                  std::end(sync_start)) != run.bytes.end()) {
    restart(when, ResetCause::pin, true);
    mode_ = Mode::booting;
    download_ = true;
    boot_at_ = when + profile_.boot;
    return;
  }
  if (mode_ != Mode::rom && mode_ != Mode::stub) return;
  if (!heard) garble(run.bytes, run.position);
  ByteSpan input = run.bytes;
  while (!input.empty()) {
    std::optional<Bytes> frame = decoder_.next(input);
    if (frame) frame_arrived(when, *std::move(frame));
  }
  // A delimiter opens a frame: the stub takes a buffer for it now, or has none.
  if (run.bytes.back() == 0xC0) {
    no_buffer_ = mode_ == Mode::stub && (busy_until_ ? 1U : 0U) + waiting_.size() >= stub_buffers;
  }
}

void Device::frame_arrived(TimePoint when, Bytes frame) {
  if (mode_ != Mode::rom && mode_ != Mode::stub) return;
  const bool overrun = mode_ == Mode::stub ? no_buffer_ : busy_until_ && frame.size() > fifo_bytes;
  if (overrun) {
    ++counters_.overruns;
    return;
  }
  if (busy_until_) {
    waiting_.push_back(std::move(frame));
  } else {
    begin_work(when, frame);
  }
}

void Device::begin_work(TimePoint when, const Bytes& received) {
  Bytes frame = received;
  const bool request = frame.size() >= header_bytes && frame[0] == 0 && !stub_.streaming();
  std::vector<Fault*> struck;
  if (request) {
    ++counters_.commands;
    struck = faults_.at_request(static_cast<Op>(frame[1]));
  }
  const auto has = [&](FaultKind kind) {
    const auto at = std::ranges::find(struck, kind, [](const Fault* fault) { return fault->kind; });
    return at == struck.end() ? nullptr : *at;
  };
  const std::vector<FaultKind> earlier =
      request ? std::exchange(next_reply_, {}) : std::vector<FaultKind>();
  const auto strikes = [&](FaultKind kind) {
    return has(kind) || std::ranges::find(earlier, kind) != earlier.end();
  };
  if (const Fault* fault = has(FaultKind::drop)) return drop_link(when, *fault);
  if (has(FaultKind::reset)) return restart(when, ResetCause::power_on, false);
  if (has(FaultKind::lose)) return;
  if (has(FaultKind::wrong_mac)) change_mac();
  if (has(FaultKind::corrupt)) frame[frame.size() / 2] ^= 0x10;
  if (has(FaultKind::power_cut)) power_fails_ = true;
  if (request) auto_baud_ = false;

  work_ = mode_ == Mode::stub ? stub_.handle(frame) : rom_.handle(frame);
  if (power_failed_) return restart(when, ResetCause::power_on, false);
  TimePoint at = when + profile_.command + work_.before;
  if (const Fault* fault = has(FaultKind::stall)) at += fault->time;
  if (strikes(FaultKind::lose_reply)) work_.output.clear();
  if (has(FaultKind::corrupt_reply) && !work_.output.empty())
    work_.output[work_.output.size() / 2] ^= 0x10;
  if (strikes(FaultKind::duplicate)) append(work_.output, Bytes(work_.output));
  if (has(FaultKind::garbage)) {
    Bytes noise = {0x1B, 0xFF, 0x00, 0x7E, 0x62, 0x6F, 0x6F, 0x74, 0x80, 0x0D, 0x0A};
    append(noise, work_.output);
    work_.output = std::move(noise);
  }
  const std::size_t size = work_.output.size();
  const TimePoint sent = send(at, std::move(work_.output));
  if (work_.watchdog) watchdog_at_ = at + *work_.watchdog;
  // What does not fit the UART's FIFO keeps the loader busy; so does a change of rate.
  const bool waits = size > fifo_bytes || work_.then != Work::Then::stay;
  busy_until_ = (waits ? sent : at) + work_.after;
}

void Device::finish_work(TimePoint when) {
  const Work done = std::exchange(work_, {});
  switch (done.then) {
    case Work::Then::stay: break;
    case Work::Then::baud:
      baud_ = done.baud;
      registers_.set_baud(baud_);
      break;
    case Work::Then::stub:
      mode_ = Mode::stub_start;
      rom_.reset();
      stub_.reset();
      boot_at_ = when + profile_.stub_start;
      return;
    case Work::Then::crash: return restart(when, ResetCause::crash, false);
    case Work::Then::restart:
      restart(when, ResetCause::software, false);
      boot_at_ = when + std::max(profile_.boot, rate_change);
      return;
    case Work::Then::run: {
      restart(when, ResetCause::software, false);
      boot_at_ = when + std::max(profile_.boot, rate_change);
      download_ = false;
      return;
    }
  }
  take_waiting(when);
}

void Device::take_waiting(TimePoint when) {
  while (!busy_until_ && !waiting_.empty()) {
    const Bytes next = std::move(waiting_.front());
    waiting_.pop_front();
    begin_work(when, next);
  }
}

TimePoint Device::send(TimePoint when, Bytes bytes) {
  for (const Fault* fault : faults_.at_reply(out_.sent(), out_.sent() + bytes.size())) {
    bytes[static_cast<std::size_t>(*fault->byte - out_.sent())] ^= 0x10;
  }
  return out_.push(when, std::move(bytes), baud_);
}

void Device::say(TimePoint when, std::string_view text) {
  const ByteSpan bytes = as_bytes(text);
  send(when, Bytes(bytes.begin(), bytes.end()));
}

Bytes Device::take_output(TimePoint now) {
  advance(now);
  Bytes bytes = out_.take(now, turn_around(), host_baud_, limit());
  if (!link_up()) return {};
  counters_.bytes_out += bytes.size();
  return bytes;
}

// Faults ----------------------------------------------------------------------------------------

void Device::strike_byte(InWire::Run& run) {
  for (const Fault* fault : faults_.at_byte(run.position)) {
    switch (fault->kind) {
      case FaultKind::drop: drop_link(run.start, *fault); break;
      case FaultKind::corrupt: run.bytes.front() ^= 0x10; break;
      case FaultKind::lose: lose_ += fault->amount; break;
      case FaultKind::reset: restart(run.start, ResetCause::power_on, false); break;
      case FaultKind::wrong_mac: change_mac(); break;
      case FaultKind::power_cut: power_fails_ = true; break;
      case FaultKind::garbage: say(run.start, "\x1b\xff~boot\x80\r\n"); break;
      case FaultKind::stall:
        busy_until_ = std::max(busy_until_.value_or(run.start), run.start) + fault->time;
        break;
      case FaultKind::lose_reply:
      case FaultKind::duplicate: next_reply_.push_back(fault->kind); break;
      default: break;  // parse_fault gives the others no byte
    }
  }
}

void Device::drop_link(TimePoint when, const Fault& fault) {
  link_back_ = fault.forever ? TimePoint::max() : when + fault.time;
  out_.clear();
  in_.clear();
  waiting_.clear();
  decoder_.reset();
  if (!fault.restarts) return;
  restart(when, ResetCause::power_on, true);
  mode_ = Mode::booting;
  download_ = false;
  boot_at_ = when + profile_.boot;
}

void Device::change_mac() {
  mac_[5] ^= 0x55;
  registers_.set_mac(mac_);
}

Duration Device::turn_around() const {
  for (const Fault& fault : faults_.all()) {
    if (fault.kind == FaultKind::slow)
      return profile_.turn_around * static_cast<std::int64_t>(fault.amount);
  }
  return profile_.turn_around;
}

}  // namespace aiot::esp::device
