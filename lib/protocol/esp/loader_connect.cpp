#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>
#include <string_view>

#include "protocol/esp/loader.hpp"

namespace aiot::esp {
namespace {

using std::chrono::milliseconds;

constexpr int syncs_per_reset = 5;
constexpr std::uint32_t secure_download_flag = 1u << 2;
constexpr std::size_t shown_noise = 120;
/// How long a link may be away in all while connecting, and the pause before it is used again.
constexpr std::chrono::seconds return_time(5);
constexpr milliseconds return_pause(100);

/// What was heard instead of a loader.
enum class Heard { nothing, waiting_for_download, text, garbage };

Heard classify(const std::string& noise) {
  if (noise.empty()) return Heard::nothing;
  if (noise.find("waiting for download") != std::string::npos) return Heard::waiting_for_download;
  const auto readable = std::count_if(noise.begin(), noise.end(), [](char c) {
    return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\r' || c == '\t' || c == 0x1B;
  });
  return static_cast<std::size_t>(readable) * 10 >= noise.size() * 9 ? Heard::text : Heard::garbage;
}

/// The UART is reprogrammed within this.
constexpr milliseconds settle{10};
/// SYNCs at the new rate: the first may fall into the change, and garbage before the second may
/// have begun a frame, which the C0 more that the third has ends.
constexpr int syncs_at_new_rate = 3;
/// And back at the old one.
constexpr int syncs_at_old_rate = 2;

constexpr std::uint64_t scaled(std::uint64_t baud, std::uint64_t times, std::uint64_t by) {
  return baud * times / by;
}

constexpr std::size_t ram_block = 0x1800;
constexpr std::string_view greeting = "OHAI";
constexpr milliseconds greeting_at_own_rate(300);
constexpr milliseconds last_reply(100);  // of the ROM, before it jumps

net::Task<Identity> ask_identity(Loader& loader) {
  Identity out;
  out.chip = &loader.chip();
  if (loader.secure_download()) {
    out.security.secure_download = true;
    co_return out;
  }
  AIOT_CO_TRY(out.security, co_await loader.security_info());
  if (out.security.secure_download) co_return out;
  AIOT_CO_TRY(out.mac, co_await loader.read_mac());
  AIOT_CO_TRY(out.revision, co_await loader.read_revision());
  AIOT_CO_TRY(const FlashId flash, co_await loader.attach_flash());
  out.flash_bytes = flash.size_bytes;
  co_return out;
}

}  // namespace

// Connecting: "Initial Synchronisation" and "Chip Type Detection" of the serial protocol --------

Loader::Loader(net::Link& link, LogFn log) : link_(link), exchange_(link) {
  exchange_.set_log(std::move(log));
}

net::Task<void> Loader::connect(ConnectOptions options) {
  chip_ = nullptr;
  stub_ = false;
  secure_download_ = false;
  flash_bytes_ = 0;
  AIOT_CO_CHECK(co_await synchronise(options));
  AIOT_CO_CHECK((co_await detect(options.expected)).with("finding out the chip"));
  if (!secure_download_ && !stub_) {
    AIOT_CO_CHECK((co_await quieten_watchdogs()).with("stopping the watchdogs"));
  }
  co_return Result<void>();
}

// The chip's own USB port goes away with the reset and comes back; a server may take a connection
// and close it again while its port is away.
net::Task<void> Loader::come_back(std::uint32_t baud_bps, net::TimePoint deadline) {
  for (;;) {
    Result<void> back = co_await link_.reopen(deadline);
    if (!back) co_return net::still_lost(std::move(back).error());
    back = co_await set_host_rate(baud_bps);
    const bool lost = !back && back.error().code == net::make_error_code(net::Errc::link_lost);
    if (!back && !lost) co_return back;
    const net::TimePoint now = link_.clock().now();
    if (now >= deadline) co_return make_error(net::Errc::link_lost);
    const net::TimePoint soon = std::min(deadline, now + return_pause);
    Result<void> slept = co_await link_.clock().sleep_until(soon);
    if (!slept || back) co_return slept;
  }
}

net::Task<void> Loader::synchronise(const ConnectOptions& options) {
  const std::vector<LineSequence> sequences = loader_sequences(options.reset, link_.info());
  const int attempts = std::max(options.attempts, 1);
  Error last;
  exchange_.take_noise();
  std::optional<net::TimePoint> lost_until;
  std::size_t resets = 0;
  bool can_reset = !sequences.empty();
  for (int attempt = 0; attempt < attempts;) {
    // A ROM measures the rate after a reset. One that was not reset is where it was.
    const bool where_it_was = chip_baud_ != 0 && attempt % 2 == (can_reset ? 1 : 0);
    const std::uint32_t rate = where_it_was ? chip_baud_ : options.baud_bps;
    if (rate != baud_ || attempt == 0) {
      AIOT_CO_CHECK(co_await set_host_rate(rate));
    }
    Result<void> dropped = co_await exchange_.discard();
    if (dropped && !sequences.empty()) {
      const LineSequence& steps = sequences[resets++ % sequences.size()];
      dropped = co_await link_.set_lines(steps);
      // A pseudo-terminal has no lines: the chip may be in its loader all the same.
      if (!dropped && dropped.error().code == net::make_error_code(net::Errc::not_supported)) {
        dropped = Result<void>();
        can_reset = false;
      }
    }
    dropped = std::move(dropped).with("resetting into the loader");
    Result<bool> stub = false;
    if (dropped) {
      stub = co_await exchange_.sync(syncs_per_reset);
    } else {
      stub = std::move(dropped).error();
    }
    if (stub) {
      stub_ = *stub;
      chip_baud_ = baud_;
      exchange_.take_noise();
      co_return Result<void>();
    }
    last = std::move(stub).error();
    if (last.code == net::make_error_code(net::Errc::link_lost)) {
      if (!lost_until) lost_until = link_.clock().now() + return_time;
      AIOT_CO_CHECK((co_await come_back(rate, *lost_until)).with("SYNC"));
      continue;
    }
    ++attempt;
    const bool silent = is_lost(last) || last.code == make_error_code(Errc::unsupported) ||
                        last.code == make_error_code(Errc::damaged) ||
                        last.code == make_error_code(Errc::refused);
    if (!silent) co_return std::move(last);
    const net::TimePoint pause = link_.clock().now() + milliseconds(50);
    AIOT_CO_CHECK(co_await link_.clock().sleep_until(pause));
  }
  co_return no_sync(std::move(last));
}

net::Task<void> Loader::resync() {
  const std::uint32_t other = baud_;
  if (chip_baud_ != 0 && chip_baud_ != baud_) {
    AIOT_CO_CHECK(co_await set_host_rate(chip_baud_));
  }
  Result<void> back = co_await exchange_.resync();
  if (back || !is_lost(back.error()) || other == baud_) co_return back;
  AIOT_CO_CHECK(co_await set_host_rate(other));
  back = co_await exchange_.resync();
  if (back) chip_baud_ = other;
  co_return back;
}

Error Loader::no_sync(Error last) {
  const std::string noise = exchange_.take_noise();
  const std::string shown = noise.substr(noise.size() - std::min(noise.size(), shown_noise));
  const std::string hold =
      link_.info().has_lines
          ? "hold BOOT, press and release RESET, then try again"
          : "this link cannot reset the chip: hold BOOT, press and release RESET, then try again";
  switch (classify(noise)) {
    case Heard::nothing:
      return make_error(Errc::no_sync, "SYNC: nothing was heard",
                        "check power, cable and that TX and RX are crossed; " + hold);
    case Heard::waiting_for_download:
      return make_error(Errc::no_sync,
                        "SYNC: the chip waits for a download but does not receive from this host",
                        "check the line from the adapter's TX to the chip's RX")
          .with_peer_text(shown);
    case Heard::text:
      return make_error(Errc::no_sync, "SYNC: an application is running instead of the loader",
                        hold)
          .with_peer_text(shown);
    case Heard::garbage: break;
  }
  return make_error(Errc::no_sync,
                    fmt::format("SYNC: {} bytes that are neither a reply nor text", noise.size()),
                    "the wire may run at another rate, or the supply may be weak; " + hold)
      .with_peer_text(last.peer_text.empty() ? shown : last.peer_text);
}

net::Task<SecurityInfo> Loader::ask_security_info() {
  const net::Duration timeout = default_timeout;
  AIOT_CO_TRY(const Answer answer,
              co_await exchange_.exchange(Op::get_security_info, Bytes(), timeout));
  // 20 bytes, or 12 from the ESP32-S2, and then 2 or 4 of status.
  constexpr std::size_t with_id = 20;
  constexpr std::size_t without_id = 12;
  const Reply reply{Op::get_security_info, answer.value, answer.data};
  const std::size_t expected = answer.data.size() >= with_id + 2      ? with_id
                               : answer.data.size() >= without_id + 2 ? without_id
                                                                      : 0;
  Result<ByteSpan> body = check_status(reply, expected);
  if (!body) co_return std::move(body).error();
  if (body->empty()) co_return make_error(Errc::bad_reply, "GET_SECURITY_INFO");
  SecurityInfo info;
  info.flags = load_le32(body->data());
  info.secure_boot = (info.flags & 1) != 0;
  info.secure_download = (info.flags & secure_download_flag) != 0;
  int ones = 0;
  for (int bit = 0; bit < 8; ++bit) ones += ((*body)[4] >> bit) & 1;
  info.flash_encryption = ones % 2 != 0;
  if (body->size() == with_id) info.chip_id = load_le32(body->data() + 12);
  co_return info;
}

net::Task<void> Loader::detect(const Chip* expected) {
  const Chip* found = nullptr;
  std::string seen;
  Result<SecurityInfo> info = co_await ask_security_info();
  for (int again = 0; again < 2 && !info && is_lost(info.error()); ++again) {
    AIOT_CO_CHECK(co_await exchange_.resync());
    info = co_await ask_security_info();
  }
  if (info) {
    secure_download_ = info->secure_download;
  } else if (info.error().code != make_error_code(Errc::unsupported) &&
             info.error().code != make_error_code(Errc::refused)) {
    co_return std::move(info).error();
  }
  if (info && info->chip_id) {
    found = chip_by_id(*info->chip_id);
    seen = fmt::format("chip id {}", *info->chip_id);
  } else {
    Command command(Op::read_reg, words({magic_address}));
    Result<Answer> magic = co_await exchange_.ask(std::move(command));
    if (magic) {
      found = chip_by_magic(magic->value);
      seen = fmt::format("magic value {:08x}", magic->value);
    } else if (magic.error().code == make_error_code(Errc::unsupported)) {
      // Only an ESP32-S2 in secure download mode has neither id nor registers.
      found = chip_by_name("esp32s2");
      secure_download_ = true;
    } else {
      co_return std::move(magic).error();
    }
  }
  if (found == nullptr) {
    co_return make_error(Errc::unknown_chip, seen, "a newer version may know this chip");
  }
  chip_ = found;
  if (expected != nullptr && found != expected) {
    co_return make_error(Errc::wrong_chip,
                         fmt::format("expected {}, found {}", expected->display, found->display),
                         "check which board is connected");
  }
  co_return Result<void>();
}

// Through USB Serial/JTAG the RTC and the super watchdog outlive the reset into the loader, and
// would reset the chip in the middle of a write.
net::Task<void> Loader::quieten_watchdogs() {
  const Watchdogs& dog = chip_->watchdogs;
  if (!is_usb_jtag(link_.info()) || dog.config0 == 0 || dog.super_config == 0) {
    co_return Result<void>();
  }
  Result<std::uint32_t> super_config = co_await read_register(dog.super_config);
  if (!super_config) co_return std::move(super_config).error();
  const std::array<std::array<std::uint32_t, 2>, 6> writes = {{
      {dog.protect, dog.key},
      {dog.config0, 0},
      {dog.protect, 0},
      {dog.super_protect, dog.super_key},
      {dog.super_config, *super_config | dog.super_auto_feed},
      {dog.super_protect, 0},
  }};
  for (const auto& [address, value] : writes) {
    AIOT_CO_CHECK(co_await write_register(address, value));
  }
  co_return Result<void>();
}

bool Loader::through_otg() const {
  const net::LinkInfo& info = link_.info();
  return chip_ != nullptr && chip_->has_usb_otg && info.usb_vid == 0x303A &&
         info.usb_pid == *chip_->image_id;
}

Result<void> Loader::need_open_chip(std::string_view what) const {
  if (!secure_download_) return {};
  return make_error(Errc::secure_download, std::string(what),
                    "this chip was locked: it takes new images, and tells nothing");
}

Error Loader::needs_stub(std::string_view what) const {
  return make_error(Errc::rom_cannot, fmt::format("{} on {}", what, chip_->display),
                    "use a stub: it can");
}

net::Duration timeout_for(std::chrono::seconds per_mb, std::uint64_t bytes) {
  const std::chrono::milliseconds scaled(static_cast<std::uint64_t>(per_mb.count()) * bytes / 1000);
  return std::max<net::Duration>(default_timeout, scaled);
}

// The rate, and the ROMs that are wrong about their crystal ------------------------------------

net::Task<void> Loader::set_host_rate(std::uint32_t baud_bps) {
  AIOT_CO_CHECK((co_await link_.set_baud(baud_bps)).with(fmt::format("setting {} baud", baud_bps)));
  baud_ = baud_bps;
  exchange_.set_rate(baud_bps);
  co_return Result<void>();
}

net::Task<std::uint32_t> Loader::rate_for_rom(std::uint32_t baud_bps) {
  const BaudRule rule = chip_->baud_rule;
  if (stub_ || secure_download_ || rule == BaudRule::plain) co_return baud_bps;
  if (rule == BaudRule::esp32) {
    // The ROM measures its crystal against the 8 MHz RC oscillator, which drifts: what it would
    // make of the rate is computed here, and the rate asked for is bent the other way.
    constexpr BitField calibration{0x3FF5F06C, 7, 25};
    constexpr BitField rc_mhz{0x3FF5A010, 0, 8};
    AIOT_CO_TRY(const std::uint32_t cycles, co_await read_field(calibration));
    AIOT_CO_TRY(const std::uint32_t rc, co_await read_field(rc_mhz));
    const std::uint64_t believed = std::uint64_t{cycles} * 15625 * rc / 40;
    if (believed < 20'000'000 || believed > 60'000'000) co_return baud_bps;  // not calibrated
    const std::uint64_t crystal = believed > 33'000'000 ? 40'000'000 : 26'000'000;
    co_return static_cast<std::uint32_t>(scaled(baud_bps, believed, crystal));
  }
  // The divider and the rate that works give the true crystal.
  const BitField divider{chip_->uart_clkdiv, 0, 20};
  AIOT_CO_TRY(const std::uint32_t clocks, co_await read_field(divider));
  const std::uint64_t crystal = std::uint64_t{baud_} * clocks / chip_->xtal_divider;
  if (crystal < 20'000'000) co_return baud_bps;  // the register says nothing
  if (rule == BaudRule::assumes_40m) {
    co_return crystal > 33'000'000 ? baud_bps
                                   : static_cast<std::uint32_t>(scaled(baud_bps, 40, 26));
  }
  constexpr BitField believed_mhz{0x60096110, 24, 7};
  AIOT_CO_TRY(const std::uint32_t believed, co_await read_field(believed_mhz));
  const std::uint64_t true_mhz = crystal > 45'000'000 ? 48 : 40;
  const bool known = believed == 40 || believed == 48;
  co_return known ? static_cast<std::uint32_t>(scaled(baud_bps, believed, true_mhz)) : baud_bps;
}

net::Task<bool> Loader::find_at(std::uint32_t baud_bps, int syncs) {
  AIOT_CO_CHECK(co_await set_host_rate(baud_bps));
  const net::TimePoint until = link_.clock().now() + settle;
  AIOT_CO_CHECK(co_await link_.clock().sleep_until(until));
  AIOT_CO_CHECK(co_await exchange_.discard());
  Result<bool> found = co_await exchange_.sync(syncs);
  if (found) {
    stub_ = *found;
    chip_baud_ = baud_bps;
    co_return true;
  }
  if (is_lost(found.error()) || found.error().condition() == Condition::protocol) co_return false;
  co_return std::move(found).error();
}

net::Task<void> Loader::change_baud(std::uint32_t baud_bps) {
  const std::uint32_t old = baud_;
  if (baud_bps == old) co_return Result<void>();
  if (!can_change_baud()) co_return needs_stub("another rate");
  // A rate that this end cannot make is found out before the chip changes.
  Result<void> tried = co_await set_host_rate(baud_bps);
  const bool possible = tried.has_value();
  AIOT_CO_CHECK(co_await set_host_rate(old));
  if (!possible) co_return std::move(tried).error();

  AIOT_CO_TRY(const std::uint32_t asked, co_await rate_for_rom(baud_bps));
  Command command(Op::change_baudrate, words({asked, stub_ ? old : 0}), 0, default_timeout, 1);
  Result<Answer> answer = co_await exchange_.ask(std::move(command));
  if (!answer && !is_lost(answer.error())) co_return std::move(answer).error();
  AIOT_CO_TRY(const bool changed, co_await find_at(baud_bps, syncs_at_new_rate));
  if (changed) co_return Result<void>();

  // Ask once more for the old rate, unheard, and see who listens there.
  const Bytes undo = words({old, stub_ ? baud_bps : 0});
  const Bytes frame = frame_request(Op::change_baudrate, undo);
  AIOT_CO_CHECK(co_await exchange_.send(frame));
  const net::TimePoint drained = link_.clock().now() + default_timeout;
  AIOT_CO_CHECK(co_await link_.drain(drained));
  AIOT_CO_TRY(const bool back,
              (co_await find_at(old, syncs_at_old_rate)).with("returning to the old rate"));
  if (!back) {
    co_return make_error(Errc::baud_lost, fmt::format("at {} baud", baud_bps),
                         "reset the chip into its loader, and choose a slower rate");
  }
  co_return make_error(Errc::baud_failed, fmt::format("at {} baud", baud_bps),
                       "the cable or the adapter may not carry this rate; a slower one may work");
}

// Uploading a stub: "RAM Download" of the serial protocol --------------------------------------

net::Task<void> Loader::upload(std::uint32_t address, ByteSpan bytes) {
  const std::size_t block = through_otg() ? otg_block_bytes : ram_block;
  const std::size_t blocks = (bytes.size() + block - 1) / block;
  const Bytes data =
      words({static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(blocks),
             static_cast<std::uint32_t>(block), address});
  Command command(Op::mem_begin, data);
  AIOT_CO_CHECK(co_await exchange_.ask(std::move(command)));
  for (std::size_t sequence = 0; sequence < blocks; ++sequence) {
    const std::size_t at = sequence * block;
    const ByteSpan part = bytes.subspan(at, std::min(block, bytes.size() - at));
    const Bytes frame = frame_block(Op::mem_data, static_cast<std::uint32_t>(sequence), part);
    AIOT_CO_CHECK(co_await exchange_.send(frame));
    const net::TimePoint deadline =
        link_.clock().now() + default_timeout + 2 * exchange_.wire_time(frame.size());
    AIOT_CO_TRY(const Answer answer, co_await exchange_.await_reply(Op::mem_data, deadline));
    const Reply reply{Op::mem_data, answer.value, answer.data};
    Result<ByteSpan> taken = check_status(reply, 0);
    if (!taken) co_return std::move(taken).error();
  }
  co_return Result<void>();
}

net::Task<void> Loader::await_greeting() {
  // A stub that sets its own rate greets at that one; the ROM's reply comes before, at ours.
  const std::uint32_t old = baud_;
  const bool resets_rate = chip_->stub_resets_rate && old != rom_rate_bps;
  if (resets_rate) {
    const net::TimePoint left_by = link_.clock().now() + last_reply;
    Result<Answer> answer = co_await exchange_.await_reply(Op::mem_end, left_by);
    if (answer) {
      const Reply reply{Op::mem_end, answer->value, answer->data};
      AIOT_CO_CHECK(check_status(reply, 0));
    } else if (!is_lost(answer.error())) {
      co_return std::move(answer).error();
    }
    AIOT_CO_CHECK(co_await set_host_rate(rom_rate_bps));
  }
  const net::TimePoint deadline =
      link_.clock().now() + (resets_rate ? greeting_at_own_rate : default_timeout);
  for (int i = 0; i < 100; ++i) {
    Result<Bytes> frame = co_await exchange_.read_frame(deadline);
    if (!frame) {
      if (!is_lost(frame.error())) co_return std::move(frame).error();
      break;
    }
    if (to_string(*frame) == greeting) {
      chip_baud_ = baud_;
      co_return Result<void>();
    }
    // The reply to MEM_END may be missing: the stub takes over the UART while it is sent.
    Result<Reply> reply = decode_reply(*frame);
    if (reply && reply->op == Op::mem_end) {
      Result<ByteSpan> status = check_status(*reply, 0);
      if (!status) co_return std::move(status).error();
    }
  }
  if (resets_rate) {
    // The greeting came too early; or the stub is one that keeps the rate.
    for (const std::uint32_t rate : {rom_rate_bps, old}) {
      AIOT_CO_TRY(const bool found, co_await find_at(rate, syncs_at_old_rate));
      if (found && stub_) co_return Result<void>();
    }
  }
  co_return make_error(Errc::stub_failed, {}, "try again, or go on without a stub");
}

net::Task<void> Loader::start(std::uint32_t entry) {
  AIOT_CO_TRY(const SecurityInfo security, co_await security_info());
  const bool hijack = chip_->revision.rule == RevisionRule::esp32s3 && security.secure_boot;
  const Bytes leave = words({hijack ? 1u : 0u, hijack ? 0u : entry});
  if (!hijack) {
    const Bytes frame = frame_request(Op::mem_end, leave);
    AIOT_CO_CHECK(co_await exchange_.send(frame));
    co_return co_await await_greeting();
  }
  // The ESP32-S3's ROM runs nothing from RAM once secure boot is on. Its flash driver's pointer to
  // `read` (rom_spiflash_legacy_funcs.read) is in RAM, though: it is turned to the stub, called by
  // way of a read, and put back by the stub's own hand. As esptool 5.3 does.
  constexpr std::uint32_t read_pointer = 0x3FCEF688;
  constexpr std::chrono::milliseconds rom_timeout(200);
  Command command(Op::mem_end, leave, 0, rom_timeout, 1);
  Result<Answer> left = co_await exchange_.ask(std::move(command));
  if (!left && !is_lost(left.error())) co_return std::move(left).error();
  AIOT_CO_TRY(const std::uint32_t stored, co_await read_register(read_pointer));
  AIOT_CO_CHECK(co_await write_register(read_pointer, entry));
  const Bytes nothing = words({0, 0});
  const Bytes frame = frame_request(Op::read_flash_slow, nothing);
  AIOT_CO_CHECK(co_await exchange_.send(frame));
  AIOT_CO_CHECK(co_await await_greeting());
  const std::uint32_t value = stored;
  co_return co_await write_register(read_pointer, value);
}

net::Task<void> Loader::run_stub(const Stub& stub) {
  if (stub_) co_return Result<void>();
  AIOT_CO_CHECK(need_open_chip("running a stub"));
  if (stub.chip != chip_) {
    co_return make_error(
        Errc::stub_invalid,
        fmt::format("a stub for {} on {}", stub.chip == nullptr ? "no chip" : stub.chip->display,
                    chip_->display));
  }
  for (int attempt = 1;; ++attempt) {
    Result<void> uploaded = co_await upload(stub.text_start, stub.text);
    if (uploaded && !stub.data.empty()) uploaded = co_await upload(stub.data_start, stub.data);
    if (uploaded) break;
    const bool again =
        is_lost(uploaded.error()) || uploaded.error().code == make_error_code(Errc::damaged);
    if (!again || attempt == 3) co_return std::move(uploaded).error().with("uploading the stub");
    AIOT_CO_CHECK((co_await exchange_.resync()).with("uploading the stub"));
  }
  AIOT_CO_CHECK((co_await start(stub.entry)).with("starting the stub"));
  stub_ = true;
  co_return Result<void>();
}

// All of it, once --------------------------------------------------------------------------------

net::Task<Identity> identify(net::Link& link) {
  Loader loader(link);
  ConnectOptions options;
  options.attempts = 2;
  Result<void> connected = co_await loader.connect(std::move(options));
  if (!connected) {
    if (!link.info().has_lines) co_return std::move(connected).error();
    // It may sit in its loader, unheard, or have been stopped in the middle of a reset.
    co_await net::asio::this_coro::reset_cancellation_state();
    const LineSequence steps = application_sequence(link.info(), false);
    Result<void> released = co_await link.set_lines(steps);
    (void)released;  // what went wrong first is what matters
    co_return std::move(connected).error();
  }
  Result<Identity> identity = co_await ask_identity(loader);
  co_await net::asio::this_coro::reset_cancellation_state();
  Result<void> left = co_await loader.leave(true);
  if (identity && !left) co_return std::move(left).error();
  co_return identity;
}

}  // namespace aiot::esp
