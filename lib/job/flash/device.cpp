#include "job/flash/device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>

#include "aiot/units.hpp"
#include "core/data_dir.hpp"
#include "job/flash/error.hpp"
#include "protocol/esp/error.hpp"

namespace aiot::flash {
namespace {

using std::chrono::seconds;

constexpr auto reopen_time = seconds(15);
constexpr auto open_time = seconds(10);
/// The rate of a loader at first, unless the address has one.
constexpr std::uint32_t usual_baud = 115200;

esp::ResetStrategy reset_strategy(Before before) {
  switch (before) {
    case Before::automatic: return esp::ResetStrategy::automatic;
    case Before::classic: return esp::ResetStrategy::classic;
    case Before::usb_jtag: return esp::ResetStrategy::usb_jtag;
    case Before::none: return esp::ResetStrategy::none;
  }
  return esp::ResetStrategy::automatic;
}

std::string revision_text(std::uint32_t revision) {
  return fmt::format("v{}.{}", revision / 100, revision % 100);
}

constexpr std::array<std::uint32_t, 4> faster_bauds = {2'000'000, 921'600, 460'800, 230'400};
constexpr std::uint16_t espressif_usb_vid = 0x303A;

/// The rate does not work here; another may.
bool rate_is_too_fast(const Error& error) {
  return error.code == make_error_code(esp::Errc::baud_failed) ||
         error.code == make_error_code(esp::Errc::baud_lost) ||
         error.code == make_error_code(net::Errc::bad_baud);
}

/// What cleaning up may take after a failure, and after the user has asked to stop.
constexpr std::chrono::seconds clean_up_time(3);

constexpr std::uint32_t table_offset = 0x8000;
constexpr std::uint32_t table_size = 0xC00;
constexpr std::uint32_t entry_size = 32;
constexpr int max_reads = 3;

Result<FlashRange> range_of(const image::PartitionTable& table, const std::string& name) {
  AIOT_TRY(const image::Partition partition, table.need(name, "the device's table"));
  return FlashRange{name, partition.offset, partition.size_bytes};
}

Result<std::optional<esp::Stub>> installed_stub(const esp::Chip& chip, std::uint32_t revision,
                                                const std::string& directory) {
  std::vector<std::string> directories;
  if (!directory.empty()) {
    directories.push_back(directory);
  } else {
    for (const auto& data : core::data_directories())
      directories.push_back((data / "stubs").string());
  }
  return esp::find_stub(chip, revision, directories);
}

}  // namespace

Environment real_environment() {
  Environment environment;
  environment.clock = &net::steady_clock();
  environment.open = [](Address address, net::OpenOptions options) {
    return net::open_link(std::move(address), std::move(options));
  };
  environment.find_stub = installed_stub;
  return environment;
}

Result<const esp::Chip*> expected_chip(const Session& session) {
  if (session.chip.empty()) return nullptr;
  if (const esp::Chip* chip = esp::chip_by_name(session.chip)) return chip;
  std::vector<std::string> names;
  for (const esp::Chip& chip : esp::chips()) names.emplace_back(chip.name);
  return make_error(Errc::unknown_chip, session.chip,
                    fmt::format("the chips are {}", fmt::join(names, ", ")));
}

std::string mac_text(const esp::Mac& mac) { return to_hex(mac, ":"); }

net::Task<void> Device::open() {
  if (link_) {
    const net::TimePoint deadline = run_.clock().now() + reopen_time;
    Result<void> again = co_await link_->reopen(deadline);
    gone_ = !again;
    if (!again) co_return net::still_lost(std::move(again).error()).with("opening the port again");
    co_return again;
  }
  net::OpenOptions options = run_.open_options();
  options.baud_bps = usual_baud;
  options.deadline = run_.clock().now() + open_time;
  Address address = run_.address();
  AIOT_CO_TRY(link_, co_await environment_.open(std::move(address), std::move(options)));
  if (link_->info().baud_bps != 0) start_baud_ = link_->info().baud_bps;
  AIOT_CO_CHECK(check_baud(start_baud_).with(run_.name()));
  loader_.emplace(*link_,
                  [this](std::string line) { run_.log(event::Level::debug, std::move(line)); });
  co_return Result<void>();
}

net::Task<void> Device::connect() {
  attached_ = false;
  esp::ConnectOptions options;
  options.baud_bps = start_baud_;
  options.reset = reset_strategy(session_.before);
  AIOT_CO_TRY(options.expected, expected_chip(session_));
  Result<void> connected = co_await loader_->connect(std::move(options));
  if (connected || connected.error().code != make_error_code(esp::Errc::no_sync)) replied_ = true;
  co_return connected;
}

net::Task<void> Device::reach() {
  run_.step("connect", 2);
  baud_raised_ = false;
  AIOT_CO_CHECK(co_await open());
  AIOT_CO_CHECK(co_await connect());
  // A stub that sets its own rate is started first: prepare() raises the rate then.
  const bool later = loader_->chip().stub_resets_rate && session_.use_stub;
  if (!loader_->stub_running() && loader_->chip().rom.changes_baud && !later) {
    AIOT_CO_CHECK(co_await raise_baud());
  }
  AIOT_CO_CHECK(co_await identify());
  co_return Result<void>();
}

net::Task<void> Device::identify() {
  run_.step("identify", 1);
  if (loader_->secure_download()) {
    security_.secure_download = true;
  } else {
    AIOT_CO_TRY(security_, co_await loader_->security_info());
  }
  info_.chip = loader_->chip().name;
  info_.security = {security_.secure_boot, security_.flash_encryption, security_.secure_download};
  if (security_.secure_download) {
    co_return make_error(esp::Errc::secure_download, "identifying the device",
                         "this device takes no commands that read or write its registers");
  }
  AIOT_CO_TRY(const esp::Mac mac, co_await loader_->read_mac());
  if (mac_ && *mac_ != mac) {
    co_return make_error(Errc::device_changed,
                         fmt::format("{} was here, {} answers now", mac_text(*mac_), mac_text(mac)),
                         "plug the same device in again, or start anew with this one");
  }
  mac_ = mac;
  AIOT_CO_CHECK(run_.identify(mac_text(mac)));
  AIOT_CO_TRY(revision_, co_await loader_->read_revision());
  info_.mac = mac_text(mac);
  info_.revision = revision_text(revision_);
  run_.log(event::Level::info,
           fmt::format("{} {}, MAC {}", loader_->chip().display, info_.revision, info_.mac));
  co_return Result<void>();
}

net::Task<void> Device::attach() {
  if (attached_) co_return Result<void>();
  AIOT_CO_TRY(flash_, co_await loader_->attach_flash());
  attached_ = true;
  info_.flash = {fmt::format("{:02x}", flash_.manufacturer), fmt::format("{:04x}", flash_.device),
                 flash_.size_bytes};
  co_return Result<void>();
}

net::Task<void> Device::start_stub(bool without_stub) {
  const Session& session = session_;
  // Without any flash commands a ROM is of no use; see facts on the ESP8266.
  const bool rom_will_do = loader_->can_read() && loader_->can_md5();
  if (loader_->stub_running() || !session.use_stub || stub_denied_ ||
      (without_stub && rom_will_do)) {
    co_return Result<void>();
  }
  AIOT_CO_TRY(auto stub, environment_.find_stub(loader_->chip(), revision_, session.stub_dir));
  if (!stub) {
    if (!session.stub_dir.empty()) {
      co_return make_error(Errc::no_stub,
                           fmt::format("{} in {}", loader_->chip().display, session.stub_dir),
                           "name the folder that holds the stubs' JSON files");
    }
    run_.notice("flash.no_stub",
                fmt::format("no stub for {} is installed: the ROM loader is slower",
                            loader_->chip().display),
                "install the stubs, or name their folder");
    co_return Result<void>();
  }
  Result<void> started = co_await loader_->run_stub(*stub);
  if (started) {
    run_.log(event::Level::info, "the stub runs");
    co_return Result<void>();
  }
  const auto code = started.error().code;
  const bool refused = code == make_error_code(esp::Errc::refused) ||
                       code == make_error_code(esp::Errc::unsupported);
  if (!refused && code != make_error_code(esp::Errc::stub_failed)) co_return started;
  // The ROM goes on where it refused; where the stub did not start, the next try begins with a
  // reset.
  stub_denied_ = true;
  run_.notice("flash.stub_denied", "the stub does not run here: " + started.error().message(),
              "going on with the ROM loader, which is slower");
  if (refused) co_return Result<void>();
  co_return started;
}

net::Task<void> Device::prepare(bool without_stub) {
  run_.step("prepare", 2);
  AIOT_CO_CHECK(co_await start_stub(without_stub));
  info_.loader = loader_->stub_running() ? LoaderKind::stub : LoaderKind::rom;
  if (!baud_raised_ && (loader_->stub_running() || loader_->chip().rom.changes_baud)) {
    AIOT_CO_CHECK(co_await raise_baud());
  }
  AIOT_CO_CHECK(co_await attach());
  if (flash_.size_bytes != 0 && (loader_->stub_running() || loader_->chip().rom.flash_commands)) {
    AIOT_CO_CHECK(co_await loader_->set_flash_size(flash_.size_bytes));
  }
  co_return Result<void>();
}

net::Task<void> Device::confirm_identity() {
  changed_ = true;
  AIOT_CO_TRY(const esp::Mac now, co_await loader_->read_mac());
  if (now != *mac_) {
    co_return make_error(
        Errc::device_changed,
        fmt::format("{} was identified, {} answers now", mac_text(*mac_), mac_text(now)),
        "nothing was written; plug the right device in and start anew");
  }
  co_return Result<void>();
}

Result<void> check_baud(std::uint32_t baud_bps) {
  if (baud_bps >= least_baud_bps && baud_bps <= most_baud_bps) return {};
  return make_error(Errc::bad_baud, fmt::format("{} baud", baud_bps),
                    fmt::format("choose one from {} to {}", least_baud_bps, most_baud_bps));
}

std::vector<std::uint32_t> Device::rates_to_try() const {
  const std::uint32_t wanted = session_.baud_bps;
  std::vector<std::uint32_t> rates;
  if (wanted != 0) rates.push_back(wanted);
  const std::uint32_t fastest = wanted != 0 ? wanted - 1 : loader_->chip().max_baud_bps;
  for (const std::uint32_t rate : faster_bauds) {
    if (rate <= fastest && rate > start_baud_) rates.push_back(rate);
  }
  std::erase_if(rates, [this](std::uint32_t rate) { return rate > baud_cap_; });
  return rates;
}

net::Task<void> Device::start_over(bool with_stub) {
  AIOT_CO_CHECK(co_await connect());
  if (with_stub) {
    AIOT_CO_CHECK(co_await start_stub(false));
  }
  co_return Result<void>();
}

net::Task<void> Device::raise_baud() {
  const std::uint32_t wanted = session_.baud_bps;
  const net::LinkInfo& link = link_->info();
  baud_raised_ = true;
  if (!link.has_baud || link.usb_vid == espressif_usb_vid) {
    if (wanted != 0 && !link.has_baud) {
      run_.notice("flash.no_baud", "this link has no rate to set; it stays as it is");
    }
    co_return Result<void>();
  }
  const bool with_stub = loader_->stub_running();
  for (const std::uint32_t rate : rates_to_try()) {
    Result<void> changed = co_await loader_->change_baud(rate);
    run_.log(event::Level::info,
             fmt::format("{} baud: {}", rate, changed ? "works" : changed.error().message()));
    if (changed) break;
    if (!rate_is_too_fast(changed.error())) co_return changed;
    baud_cap_ = rate - 1;  // not again on a reconnect
    if (rate == wanted) {
      run_.notice("flash.baud_failed", fmt::format("{} baud does not work on this wire", rate),
                  "a shorter cable or a better adapter may carry it");
    }
    if (changed.error().code != make_error_code(esp::Errc::baud_lost)) continue;
    // A reset is needed, and the session forbids it.
    if (session_.before == Before::none) co_return changed;
    AIOT_CO_CHECK(co_await start_over(with_stub));
  }
  info_.baud_bps = loader_->baud_bps();
  co_return Result<void>();
}

void Device::lower_baud() {
  const std::uint32_t current = loader_ ? loader_->baud_bps() : start_baud_;
  if (current > start_baud_) baud_cap_ = current - 1;
}

net::Task<void> Device::put_back(bool asked_for) {
  // A chip that no line resets was in its loader when it was found, and no line brings it back
  // there: what only reads leaves it in it.
  const bool found_in_loader = !link_->info().has_lines && !changed_ && !asked_for;
  const bool run = session_.after == After::reset && !found_in_loader;
  Result<void> left = co_await loader_->leave(run);
  const bool cancelled = !left && left.error().condition() == Condition::cancelled;
  if (cancelled || (left && run)) co_return left;
  // It stays in its loader: the next session expects the rate that it was found with.
  if (loader_->knows_chip() && loader_->baud_bps() != start_baud_ && loader_->can_change_baud()) {
    Result<void> slowed = co_await loader_->change_baud(start_baud_);
    if (!slowed && left) left = std::move(slowed);
  }
  co_return left;
}

net::Task<void> Device::leave(bool asked_for) {
  run_.step("reset", 0.2);
  left_ = true;
  Result<void> left = co_await put_back(asked_for);
  if (left || left.error().condition() == Condition::cancelled) co_return left;
  // A link without lines cannot reset, which is no news where no new firmware waits to be started,
  // nor on a pty, which has no chip behind it that anybody could reset by hand.
  const bool expected = !asked_for &&
                        left.error().code == make_error_code(esp::Errc::cannot_reset) &&
                        (!changed_ || link_->info().kind == "pty");
  if (expected) {
    run_.log(event::Level::info, "the device stays in its loader: " + left.error().message());
  } else {
    run_.notice("flash.not_reset", "the device stays in its loader: " + left.error().message(),
                "press its reset button, or take its power away and give it back");
  }
  co_return Result<void>();
}

net::Task<void> Device::set_console_baud(std::uint32_t baud_bps) {
  console_baud_ = baud_bps != 0 ? baud_bps : start_baud_;
  if (!link_->info().has_baud) co_return Result<void>();
  co_return co_await link_->set_baud(console_baud_);
}

net::Task<std::size_t> Device::read_console(std::span<std::uint8_t> buffer, net::TimePoint until,
                                            net::TimePoint deadline) {
  Result<std::size_t> read = co_await link_->read_some(buffer, until);
  if (read || read.error().code != net::make_error_code(net::Errc::link_lost)) co_return read;
  // A chip's own USB port goes away with the reset.
  AIOT_CO_CHECK(co_await link_->reopen(deadline));
  AIOT_CO_CHECK(co_await set_console_baud(console_baud_));
  co_return co_await link_->read_some(buffer, deadline);
}

net::asio::awaitable<void> Device::abandon() {
  if (!loader_ || left_ || gone_) co_return;
  // Without lines nothing has been done to a chip that was not found.
  if (!link_->info().has_lines && !mac_ && !loader_->knows_chip()) co_return;
  left_ = true;
  co_await net::asio::this_coro::reset_cancellation_state(
      net::asio::enable_terminal_cancellation());
  loader_->set_limit(run_.clock().now() + clean_up_time);
  Result<void> left;
  // Without lines it takes a loader that listens.
  if (!link_->info().has_lines) left = co_await loader_->resync();
  if (left) left = co_await put_back(false);
  if (left || left.error().code == make_error_code(esp::Errc::cannot_reset)) co_return;
  run_.notice("flash.left_in_loader",
              fmt::format("the device may be left in its loader, at {} baud: {}",
                          loader_->chip_baud_bps(), left.error().message()),
              "press its reset button, or take its power away and give it back");
}

net::Task<bool> Device::arrived_whole(std::uint32_t offset, ByteSpan bytes) {
  if (loader_->stub_running() || !loader_->can_md5()) co_return true;
  AIOT_CO_TRY(const crypto::Md5 there,
              co_await loader_->md5(offset, static_cast<std::uint32_t>(bytes.size())));
  co_return there == crypto::md5(bytes);
}

net::Task<Bytes> Device::read_bytes(std::uint32_t offset, std::uint32_t size) {
  for (int attempt = 1; attempt <= max_reads; ++attempt) {
    Bytes out;
    out.reserve(size);
    std::function<Result<void>(ByteSpan)> sink = [&out](ByteSpan bytes) -> Result<void> {
      append(out, bytes);
      return {};
    };
    AIOT_CO_CHECK(co_await loader_->read(offset, size, std::move(sink)));
    AIOT_CO_TRY(const bool whole, co_await arrived_whole(offset, out));
    if (whole) co_return out;
  }
  co_return make_error(esp::Errc::md5_mismatch, fmt::format("reading at {}", format_hex(offset)),
                       "a slower wire may carry the bytes unharmed");
}

net::Task<image::PartitionTable> Device::read_table() {
  if (!loader_->can_read()) {
    co_return make_error(esp::Errc::rom_cannot, "reading the partition table",
                         "use a stub, or give offsets instead of partition names");
  }
  // Most tables have fewer than eight entries: the rest is read only where the end is not seen.
  Bytes table;
  for (const std::uint32_t until : {8 * entry_size, 32 * entry_size, table_size}) {
    const auto have = static_cast<std::uint32_t>(table.size());
    AIOT_CO_TRY(const Bytes more, co_await read_bytes(table_offset + have, until - have));
    append(table, more);
    const bool ended =
        std::any_of(more.begin(), more.end(), [](std::uint8_t b) { return b != 0xFF; })
            ? std::all_of(table.end() - entry_size, table.end(),
                          [](std::uint8_t b) { return b == 0xFF; })
            : true;
    if (ended) break;
  }
  auto parsed = image::parse_partition_table(table);
  if (!parsed) {
    co_return make_error(Errc::no_table, parsed.error().message(),
                         "write a partition table first, or give offsets");
  }
  co_return *std::move(parsed);
}

net::Task<FlashRange> Device::find_region(Region region) {
  const std::uint64_t flash = flash_size();
  FlashRange range;
  if (!region.partition.empty()) {
    AIOT_CO_TRY(const image::PartitionTable table, co_await read_table());
    AIOT_CO_TRY(range, range_of(table, region.partition));
    // A part of the partition, when one is asked for.
    const std::uint64_t skip = region.offset.value_or(0);
    const std::uint64_t size =
        region.size.value_or(range.size_bytes - std::min<std::uint64_t>(skip, range.size_bytes));
    if (skip > range.size_bytes || size > range.size_bytes - skip) {
      co_return make_error(Errc::bad_region,
                           fmt::format("{} has {}", range.name, format_size(range.size_bytes)),
                           "choose an offset and size inside the partition");
    }
    range.offset += skip;
    range.size_bytes = size;
  } else {
    const bool to_end = region.whole_chip || !region.size;
    if (to_end && flash == 0) {
      co_return make_error(Errc::unknown_flash, "", "give an offset and a size");
    }
    const std::uint64_t offset = region.whole_chip ? 0 : region.offset.value_or(0);
    const std::uint64_t size = !to_end ? *region.size : flash > offset ? flash - offset : 0;
    const std::uint64_t limit = flash != 0 ? flash : 1ULL << 32;
    if (size == 0 || offset > limit || size > limit - offset) {
      co_return make_error(
          Errc::bad_region,
          fmt::format("{} bytes at {} of {}", size, format_hex(offset), format_size(limit)),
          "choose a region inside the flash");
    }
    range.offset = offset;
    range.size_bytes = size;
    range.name = region.whole_chip
                     ? "chip"
                     : fmt::format("{}-{}", format_hex(offset), format_hex(offset + size));
  }
  co_return range;
}

Result<void> Device::check_security() const {
  if (session_.force || (!security_.secure_boot && !security_.flash_encryption)) return {};
  std::string which = security_.secure_boot ? "secure boot is on" : "";
  if (security_.flash_encryption) {
    which += which.empty() ? "flash encryption is on" : ", flash encryption is on";
  }
  return make_error(Errc::secured, std::move(which),
                    security_.secure_boot
                        ? "only images signed with the device's key will start"
                        : "only images encrypted with the device's key will start");
}

}  // namespace aiot::flash
