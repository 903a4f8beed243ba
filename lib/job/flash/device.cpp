#include "job/flash/device.hpp"

#include <fmt/format.h>

#include "job/flash/error.hpp"
#include "protocol/esp/error.hpp"

namespace aiot::flash {
namespace {

using std::chrono::seconds;

constexpr auto reopen_time = seconds(15);
constexpr auto open_time = seconds(10);

esp::ResetStrategy reset_strategy(Before before) {
  switch (before) {
    case Before::automatic: return esp::ResetStrategy::automatic;
    case Before::classic: return esp::ResetStrategy::classic;
    case Before::usb_jtag: return esp::ResetStrategy::usb_jtag;
    case Before::none: return esp::ResetStrategy::none;
  }
  return esp::ResetStrategy::automatic;
}

Object security_fields(const esp::SecurityInfo& info) {
  return {{"secure_boot", info.secure_boot},
          {"flash_encryption", info.flash_encryption},
          {"secure_download", info.secure_download}};
}

std::string revision_text(std::uint32_t revision) {
  return fmt::format("v{}.{}", revision / 100, revision % 100);
}

}  // namespace

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
    const net::TimePoint deadline = context_.clock().now() + reopen_time;
    Result<void> again = co_await link_->reopen(deadline);
    gone_ = !again;
    if (!again) co_return net::still_lost(std::move(again).error()).with("opening the port again");
    co_return again;
  }
  net::OpenOptions options;
  options.baud_bps = usual_baud;
  options.deadline = context_.clock().now() + open_time;
  context_.trace(options, context_.session().trace_file);
  Address address = context_.address();
  AIOT_CO_TRY(link_, co_await context_.environment().open(std::move(address), std::move(options)));
  if (link_->info().baud_bps != 0) start_baud_ = link_->info().baud_bps;
  AIOT_CO_CHECK(check_baud(start_baud_).with(context_.name()));
  loader_.emplace(*link_,
                  [this](std::string line) { context_.log(event::Level::debug, std::move(line)); });
  co_return Result<void>();
}

net::Task<void> Device::connect() {
  attached_ = false;
  esp::ConnectOptions options;
  options.baud_bps = start_baud_;
  options.reset = reset_strategy(context_.session().before);
  AIOT_CO_TRY(options.expected, expected_chip(context_.session()));
  Result<void> connected = co_await loader_->connect(std::move(options));
  if (connected || connected.error().code != make_error_code(esp::Errc::no_sync)) heard_ = true;
  co_return connected;
}

net::Task<void> Device::reach() {
  context_.step("connect", 2);
  baud_raised_ = false;
  AIOT_CO_CHECK(co_await open());
  AIOT_CO_CHECK(co_await connect());
  if (!loader_->stub_running() && loader_->chip().rom.changes_baud) {
    AIOT_CO_CHECK(co_await raise_baud());
  }
  AIOT_CO_CHECK(co_await identify());
  co_return Result<void>();
}

net::Task<void> Device::identify() {
  context_.step("identify", 1);
  if (loader_->secure_download()) {
    security_.secure_download = true;
  } else {
    AIOT_CO_TRY(security_, co_await loader_->security_info());
  }
  context_.fields.set("chip", loader_->chip().name).set("security", security_fields(security_));
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
  if (Claims* claims = context_.claims()) {
    if (const auto other = claims->take(mac_text(mac), context_.name())) {
      co_return make_error(Errc::same_device, fmt::format("{} is {}", mac_text(mac), *other),
                           "name each device once");
    }
  }
  AIOT_CO_TRY(revision_, co_await loader_->read_revision());
  context_.fields.set("mac", mac_text(mac)).set("revision", revision_text(revision_));
  context_.log(event::Level::info, fmt::format("{} {}, MAC {}", loader_->chip().display,
                                               revision_text(revision_), mac_text(mac)));
  co_return Result<void>();
}

net::Task<void> Device::attach() {
  if (attached_) co_return Result<void>();
  AIOT_CO_TRY(flash_, co_await loader_->attach_flash());
  attached_ = true;
  context_.fields.set("flash", Object{{"manufacturer", fmt::format("{:02x}", flash_.manufacturer)},
                                      {"device", fmt::format("{:04x}", flash_.device)},
                                      {"size_bytes", flash_.size_bytes}});
  co_return Result<void>();
}

net::Task<void> Device::start_stub(bool without_stub) {
  const Session& session = context_.session();
  // Without any flash commands a ROM is of no use; see facts on the ESP8266.
  const bool rom_will_do = loader_->can_read() && loader_->can_md5();
  if (loader_->stub_running() || !session.use_stub || stub_denied_ ||
      (without_stub && rom_will_do)) {
    co_return Result<void>();
  }
  AIOT_CO_TRY(auto stub,
              context_.environment().find_stub(loader_->chip(), revision_, session.stub_dir));
  if (!stub) {
    if (!session.stub_dir.empty()) {
      co_return make_error(Errc::no_stub,
                           fmt::format("{} in {}", loader_->chip().display, session.stub_dir),
                           "name the folder that holds the stubs' JSON files");
    }
    context_.notice("flash.no_stub",
                    fmt::format("no stub for {} is installed: the ROM loader is slower",
                                loader_->chip().display),
                    "install the stubs, or name their folder");
    co_return Result<void>();
  }
  Result<void> started = co_await loader_->run_stub(*stub);
  if (started) {
    context_.log(event::Level::info, "the stub runs");
    co_return Result<void>();
  }
  const auto code = started.error().code;
  const bool refused = code == make_error_code(esp::Errc::refused) ||
                       code == make_error_code(esp::Errc::unsupported);
  if (!refused && code != make_error_code(esp::Errc::stub_failed)) co_return started;
  // The ROM goes on where it refused; where the stub did not start, the next try begins with a
  // reset.
  stub_denied_ = true;
  context_.notice("flash.stub_denied", "the stub does not run here: " + started.error().message(),
                  "going on with the ROM loader, which is slower");
  if (refused) co_return Result<void>();
  co_return started;
}

net::Task<void> Device::prepare(bool without_stub) {
  context_.step("prepare", 2);
  AIOT_CO_CHECK(co_await start_stub(without_stub));
  context_.fields.set("loader", loader_->stub_running() ? "stub" : "rom");
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

}  // namespace aiot::flash
