#include "sim/ota/tuf.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "crypto/digest.hpp"
#include "image/files.hpp"
#include "job/ota/install/fetch.hpp"
#include "job/ota/install/installer.hpp"
#include "job/ota/install/state.hpp"
#include "job/ota/repository_jobs.hpp"
#include "net/error.hpp"
#include "net/http.hpp"
#include "sim/ota/ram_disk.hpp"
#include "sim/port.hpp"

namespace aiot::sim::ota {
namespace {

using aiot::ota::Fetch;
using aiot::ota::InstallResult;
using aiot::ota::InstallState;
using aiot::ota::SlotState;

constexpr std::array<FaultKind, 5> tuf_table = {{
    {"wrong-version", "boots the old image, until it is rolled back"},
    {"never-back", "is gone after the reboot into the new image"},
    {"drop", "loses the connection once, at a byte of a download", true},
    {"corrupt", "changes a byte of each download", true},
    {"power-cut", "loses its power once, at a byte that it writes to a slot", true},
}};

constexpr std::chrono::seconds poll_time{1};
constexpr const char* root_file = "root";
constexpr const char* state_folder = "state";
constexpr std::array<const char*, 2> slots = {"slot-a", "slot-b"};
constexpr std::string_view content = "targets/";  ///< images and deltas, below the repository

/// A server on a bad line. What it brings of metadata stays as it is.
class FaultyFetch final : public Fetch {
 public:
  FaultyFetch(std::unique_ptr<Fetch> inner, const Options& options)
      : inner_(std::move(inner)), options_(options) {}

  net::Task<bool> get(std::string path, std::uint64_t from, aiot::ota::OnBytes on_bytes) override {
    ++requests;
    const bool is_content = path.starts_with(content);
    std::uint64_t at = from;
    aiot::ota::OnBytes take = [&](ByteSpan piece) -> Result<void> {
      bytes_in += piece.size();
      if (!is_content) return on_bytes(piece);
      const Fault* drop = dropped_ ? nullptr : options_.fault("drop");
      const bool drops = drop != nullptr && drop->byte < at + piece.size();
      if (drops)
        piece = piece.first(drop->byte > at ? static_cast<std::size_t>(drop->byte - at) : 0);
      Bytes kept(piece.begin(), piece.end());
      const Fault* corrupt = options_.fault("corrupt");
      if (corrupt != nullptr && corrupt->byte >= at && corrupt->byte - at < kept.size()) {
        kept[static_cast<std::size_t>(corrupt->byte - at)] ^= 0x01;
      }
      at += kept.size();
      if (!kept.empty()) {
        AIOT_CHECK(on_bytes(kept));
      }
      if (!drops) return {};
      dropped_ = true;
      return make_error(net::Errc::link_lost, "the fault");
    };
    Result<bool> done = co_await inner_->get(std::move(path), from, take);
    co_return done;
  }
  void close() override { inner_->close(); }

  std::uint64_t requests = 0;
  std::uint64_t bytes_in = 0;

 private:
  std::unique_ptr<Fetch> inner_;
  const Options& options_;
  bool dropped_ = false;
};

class TufDevice final : public VirtualDevice {
 public:
  TufDevice(const net::asio::any_io_executor& executor, Options options)
      : executor_(executor), options_(std::move(options)) {}

  /// As it leaves the factory: the root, and an image in slot a.
  Result<void> make(ByteSpan root, ByteSpan image, std::unique_ptr<Fetch> fetch) {
    fetch_ = std::make_unique<FaultyFetch>(std::move(fetch), options_);
    const auto attribute = [&](const char* name, const char* otherwise) {
      const auto found = options_.server.attributes.find(name);
      return found == options_.server.attributes.end() ? otherwise : found->second;
    };
    request_.repository = options_.server.url;
    request_.root_file = root_file;
    request_.state_folder = state_folder;
    request_.slots.assign(slots.begin(), slots.end());
    request_.product = attribute("product", "");
    request_.hardware = attribute("hardware", "");
    running_ = attribute("version", "1.0.0");
    AIOT_CHECK(disk_.replace(root_file, root));
    AIOT_CHECK(disk_.replace(slots[0], image));
    SlotState state;
    state.paths = {slots[0], slots[1]};
    state.slots[0] = {running_, crypto::sha256(image), image.size()};
    if (const Fault* cut = options_.fault("power-cut")) disk_.cut_at(cut->byte);
    return aiot::ota::save_state(disk_, state_folder, state);
  }

  void start() override {
    const auto work = [this]() -> net::asio::awaitable<void> { co_await run(); };
    net::asio::co_spawn(executor_, work, net::asio::detached);
  }
  void stop() override { fetch_->close(); }
  std::string address() const override { return options_.server.url; }
  std::string name() const override { return fmt::format("sim-{}", options_.index + 1); }
  DeviceResult report() const override {
    DeviceResult result;
    result.chip = "tuf";
    result.address = address();
    result.bytes_in = fetch_->bytes_in;
    result.commands = fetch_->requests;
    result.running = running_;
    return result;
  }

 private:
  net::asio::awaitable<void> run() {
    std::string last_error;
    for (bool is_back = true; is_back;) {
      const Result<bool> polled = co_await poll();
      if (!polled && polled.error().message() != last_error) {
        last_error = polled.error().message();
        tell("sim.not_updated", last_error, polled.error().hint);
      }
      if (polled) {
        last_error.clear();
        is_back = *polled;
      }
      const Result<void> slept = co_await options_.clock->sleep_for(poll_time);
      if (!slept) co_return;
    }
  }

  /// One poll, and the reboot that it leads to. False when the device does not come back.
  net::Task<bool> poll() {
    aiot::ota::InstallEnvironment environment{
        &disk_, fetch_.get(), options_.clock, aiot::ota::time_now(), {}};
    Result<InstallResult> result =
        co_await aiot::ota::install_in(environment, request_, null_sink());
    if (disk_.is_off()) {
      tell("sim.power_cut", "the power was off", {});
      disk_.power_on();
      AIOT_CO_CHECK(boot());
      co_return true;
    }
    if (!result) co_return std::move(result).error();
    if (result->state != InstallState::installed) co_return true;
    if (options_.fault("never-back") != nullptr) {
      tell("sim.gone", "restarts, and does not come back", {});
      co_return false;
    }
    AIOT_CO_CHECK(boot());
    co_return true;
  }

  /// Boots, as often as it takes until an image stays.
  Result<void> boot() {
    for (;;) {
      AIOT_TRY(const aiot::ota::BootChoice choice,
               aiot::ota::choose_boot(disk_, state_folder, aiot::ota::usual_trial_boots));
      // The watchdog resets it: an image that does not boot confirms nothing.
      if (choice.is_trial && options_.fault("wrong-version") != nullptr) continue;
      if (choice.is_trial) {
        AIOT_TRY(const aiot::ota::ConfirmResult kept,
                 aiot::ota::confirm_on(disk_, {state_folder, false}));
        running_ = kept.version;
      }
      tell("sim.boots",
           fmt::format("boots {}{}", running_, choice.rolled_back ? ", rolled back" : ""), {});
      return {};
    }
  }

  void tell(const char* code, const std::string& text, const std::string& hint) {
    options_.sink->on_event(event::Notice{address(), code, text, hint});
  }

  net::asio::any_io_executor executor_;
  Options options_;
  RamDisk disk_;
  std::unique_ptr<FaultyFetch> fetch_;
  aiot::ota::InstallRequest request_;
  std::string running_;
};

}  // namespace

std::span<const FaultKind> tuf_faults() { return tuf_table; }

Result<std::unique_ptr<VirtualDevice>> make_tuf(const net::asio::any_io_executor& executor,
                                                const Options& options) {
  const auto& server = options.server;
  for (const char* name : {"product", "hardware"}) {
    if (!server.attributes.contains(name)) {
      return make_error(Errc::bad_attribute, fmt::format("{} is missing", name),
                        fmt::format("say which {} the device is", name));
    }
  }
  if (server.root_file.empty()) {
    return make_error(Errc::bad_server, "no root to trust",
                      "give the root metadata that the device was made with");
  }
  AIOT_TRY(const Bytes root, image::read_file(server.root_file));
  Bytes running = {0};
  if (!options.image_file.empty()) {
    AIOT_TRY(running, image::read_file(options.image_file));
  }
  AIOT_TRY(std::unique_ptr<Fetch> fetch,
           aiot::ota::fetch_https(server.url, {server.ca_file, server.fingerprint}, *options.clock,
                                  std::chrono::milliseconds(0)));
  auto made = std::make_unique<TufDevice>(executor, options);
  AIOT_CHECK(made->make(root, running, std::move(fetch)));
  return std::unique_ptr<VirtualDevice>(std::move(made));
}

}  // namespace aiot::sim::ota
