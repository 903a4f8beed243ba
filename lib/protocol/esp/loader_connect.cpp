#include <fmt/format.h>

#include <algorithm>

#include "protocol/esp/loader.hpp"

// Connecting: "Initial Synchronisation" and "Chip Type Detection" of the serial protocol.
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

}  // namespace

Loader::Loader(net::Link& link, LogFn log) : link_(link), exchange_(link) {
  exchange_.set_log(std::move(log));
}

net::Task<void> Loader::connect(ConnectOptions options) {
  chip_ = nullptr;
  stub_ = false;
  secure_download_ = false;
  flash_bytes_ = 0;
  Result<void> rate = co_await set_host_rate(options.baud_bps);
  if (!rate) co_return std::move(rate).error();
  Result<void> synchronised = co_await synchronise(options);
  if (!synchronised) co_return std::move(synchronised).error();
  Result<void> detected = co_await detect(options.expected);
  if (!detected) co_return std::move(detected).error().with("finding out the chip");
  if (!secure_download_ && !stub_) {
    Result<void> quiet = co_await quieten_watchdogs();
    if (!quiet) co_return std::move(quiet).error().with("stopping the watchdogs");
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
  for (int attempt = 0; attempt < attempts;) {
    Result<void> dropped = co_await exchange_.discard();
    if (dropped && !sequences.empty()) {
      const LineSequence& steps = sequences[resets++ % sequences.size()];
      dropped = co_await link_.set_lines(steps);
      // A pseudo-terminal has no lines: the chip may be in its loader all the same.
      if (!dropped && dropped.error().code == net::make_error_code(net::Errc::not_supported))
        dropped = Result<void>();
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
      exchange_.take_noise();
      co_return Result<void>();
    }
    last = std::move(stub).error();
    if (last.code == net::make_error_code(net::Errc::link_lost)) {
      if (!lost_until) lost_until = link_.clock().now() + return_time;
      Result<void> back = co_await come_back(options.baud_bps, *lost_until);
      if (!back) co_return std::move(back).error().with("SYNC");
      continue;
    }
    ++attempt;
    const bool silent = is_lost(last) || last.code == make_error_code(Errc::unsupported) ||
                        last.code == make_error_code(Errc::damaged) ||
                        last.code == make_error_code(Errc::refused);
    if (!silent) co_return std::move(last);
    const net::TimePoint pause = link_.clock().now() + milliseconds(50);
    Result<void> slept = co_await link_.clock().sleep_until(pause);
    if (!slept) co_return std::move(slept).error();
  }
  co_return no_sync(std::move(last));
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
                        "SYNC: the chip waits for a download but does not hear this host",
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
  Result<Answer> answer = co_await exchange_.exchange(Op::get_security_info, Bytes(), timeout);
  if (!answer) co_return std::move(answer).error();
  // 20 bytes, or 12 from the ESP32-S2, and then 2 or 4 of status.
  constexpr std::size_t with_id = 20;
  constexpr std::size_t without_id = 12;
  const Reply reply{Op::get_security_info, answer->value, answer->data};
  const std::size_t expected = answer->data.size() >= with_id + 2      ? with_id
                               : answer->data.size() >= without_id + 2 ? without_id
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
    Result<void> quiet = co_await exchange_.resync();
    if (!quiet) co_return std::move(quiet).error();
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
    const Bytes data = words({magic_address});
    Command command(Op::read_reg, data);
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
    Result<void> written = co_await write_register(address, value);
    if (!written) co_return std::move(written).error();
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

}  // namespace aiot::esp
