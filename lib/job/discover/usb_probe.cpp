#include "job/discover/usb.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <list>

#include "protocol/esp/loader.hpp"

namespace aiot::discover {
namespace asio = net::asio;
namespace {

/// What it takes to start a chip's application again.
constexpr std::chrono::milliseconds time_to_let_go{400};

struct EspDetails {
  std::string chip;
  std::optional<std::string> revision = {};
  std::optional<std::uint64_t> flash_bytes = {};
  std::vector<std::string> security = {};
};
void describe(FieldVisitor& v, EspDetails& details) {
  v("chip", details.chip, "");
  v("revision", details.revision, "");
  v("flash_bytes", details.flash_bytes, "");
  v("security", details.security, "", Presence::if_set);
}

void add_identity(const esp::Identity& identity, Observation& out) {
  claim(out.product, identity.chip->display);
  claim(out.vendor, "Espressif");
  if (identity.mac) {
    const std::string mac = to_hex(*identity.mac, ":");
    out.identities.push_back({IdentityKind::mac, mac});
    out.macs.push_back(mac);
  }
  EspDetails details{.chip = std::string(identity.chip->name)};
  if (const auto revision = identity.revision) {
    details.revision = fmt::format("v{}.{}", *revision / 100, *revision % 100);
  }
  if (identity.flash_bytes != 0) details.flash_bytes = identity.flash_bytes;
  if (identity.security.secure_boot) details.security.emplace_back("secure boot");
  if (identity.security.flash_encryption) details.security.emplace_back("flash encryption");
  if (identity.security.secure_download) details.security.emplace_back("secure download");
  if (!details.security.empty()) claim(out.state, DeviceState::secured);
  add_details(out, "esp", details);
}

Observation begin_from(const Observation& seen) {
  Observation out;
  out.source = seen.source;
  out.identities = seen.identities;
  return out;
}

}  // namespace

struct UsbProbes::Shared {
  Shared(const asio::any_io_executor& where, SourceContext& its_context, Open how)
      : executor(where), context(its_context), open(std::move(how)), idle(where) {
    idle.expires_at(net::TimePoint::max());
  }

  net::Task<esp::Identity> ask(const SerialPort& port) {
    Address address;
    address.scheme = "serial";
    address.path = port.path;
    net::OpenOptions options;
    options.deadline = context.deadline;
    AIOT_CO_TRY(const std::unique_ptr<net::Link> link,
                co_await open(std::move(address), std::move(options)));
    Result<esp::Identity> identity = co_await esp::identify(*link);
    link->close();
    co_return identity;
  }

  asio::awaitable<void> probe(std::vector<SerialPort> ports, Observation seen) {
    co_await asio::this_coro::throw_if_cancelled(false);
    Observation out = begin_from(seen);
    std::string probe;
    for (const SerialPort& port : ports) {
      Result<esp::Identity> identity = co_await ask(port);
      if (identity) {
        add_identity(*identity, out);
        probe = "answered at " + port.path;
        break;
      }
      const Error& error = identity.error();
      const bool cut = error.condition() == Condition::cancelled;
      probe = cut ? port.path + ": the time was over" : error.message();
      if (cut) break;
    }
    add_detail(out, "usb.probe", probe);
    context.report(std::move(out));
  }

  /// Calls everything off while there is time to let the chips go.
  asio::awaitable<void> mind_the_time() {
    co_await asio::this_coro::throw_if_cancelled(false);
    if (context.deadline == net::TimePoint::max()) co_return;
    Result<void> slept = co_await context.clock.sleep_until(context.deadline - time_to_let_go);
    if (slept) call_off();
  }

  template <class Coroutine>
  void spawn(Coroutine coroutine, asio::cancellation_signal& cancel) {
    ++running;
    asio::co_spawn(executor, std::move(coroutine),
                   asio::bind_cancellation_slot(cancel.slot(), [this](std::exception_ptr thrown) {
                     if (thrown) std::rethrow_exception(thrown);
                     if (--running == 0) idle.cancel();
                   }));
  }

  void call_off() {
    for (asio::cancellation_signal& signal : signals)
      signal.emit(asio::cancellation_type::terminal);
  }

  asio::any_io_executor executor;
  SourceContext& context;
  Open open;
  asio::steady_timer idle;
  int running = 0;
  std::list<asio::cancellation_signal> signals;  // of the probes; one slot serves one coroutine
  asio::cancellation_signal stop_minding;
  bool minding = false;
};

UsbProbes::UsbProbes(const asio::any_io_executor& executor, SourceContext& context, Open open)
    : shared_(std::make_shared<Shared>(executor, context, std::move(open))) {}
UsbProbes::~UsbProbes() = default;

void UsbProbes::start(const net::UsbDevice& device, const Observation& seen) {
  if (device.ports.empty()) return;
  Shared& shared = *shared_;
  if (!shared.minding) {
    shared.minding = true;
    shared.spawn([&shared] { return shared.mind_the_time(); }, shared.stop_minding);
  }
  shared.signals.emplace_back();
  shared.spawn([&shared, ports = device.ports, seen] { return shared.probe(ports, seen); },
               shared.signals.back());
}

asio::awaitable<void> UsbProbes::end() {
  const std::shared_ptr<Shared> shared = shared_;
  shared->stop_minding.emit(asio::cancellation_type::terminal);
  shared->call_off();
  co_await asio::this_coro::reset_cancellation_state();
  while (shared->running > 0) {
    co_await shared->idle.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

}  // namespace aiot::discover
