#include "job/discover/source/usb_probe.hpp"

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

Array security_words(const esp::SecurityInfo& security) {
  Array out;
  if (security.secure_boot) out.emplace_back("secure boot");
  if (security.flash_encryption) out.emplace_back("flash encryption");
  if (security.secure_download) out.emplace_back("secure download");
  return out;
}

void add_identity(const esp::Identity& identity, Observation& out) {
  out.facts.push_back({"product", identity.chip->display, 1});
  out.facts.push_back({"vendor", "Espressif", 1});
  out.facts.push_back({"esp.chip", identity.chip->name, 1});
  if (identity.mac) {
    const std::string mac = to_hex(*identity.mac, ":");
    out.identities.push_back({IdentityKind::mac, mac});
    out.facts.push_back({"mac", mac, 1});
  }
  if (const auto revision = identity.revision) {
    std::string text = fmt::format("v{}.{}", *revision / 100, *revision % 100);
    out.facts.push_back({"esp.revision", std::move(text), 1});
  }
  if (identity.flash_bytes != 0) out.facts.push_back({"esp.flash_bytes", identity.flash_bytes, 1});
  Array security = security_words(identity.security);
  if (security.empty()) return;
  out.facts.push_back({"esp.security", std::move(security), 1});
  out.facts.push_back({"state", "secured", 1});
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
    for (const SerialPort& port : ports) {
      Result<esp::Identity> identity = co_await ask(port);
      if (identity) {
        add_identity(*identity, out);
        out.facts.push_back({"usb.probe", "answered at " + port.path, 1});
        break;
      }
      const Error& error = identity.error();
      const bool cut = error.condition() == Condition::cancelled;
      std::string text = cut ? port.path + ": the time was over" : error.message();
      out.facts.push_back({"usb.probe", std::move(text), 1});
      if (cut) break;
    }
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
