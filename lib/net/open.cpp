#include <fmt/format.h>

#include <array>
#include <boost/asio/this_coro.hpp>
#include <charconv>

#include "aiot/ports.hpp"
#include "aiot/units.hpp"
#include "core/error_codes.hpp"
#include "net/link.hpp"
#include "net/rfc2217/link.hpp"
#include "net/serial_link.hpp"
#include "net/tcp_link.hpp"
#include "net/trace.hpp"

namespace aiot::net {
namespace {

/// How long connecting may take when the caller names no time.
constexpr std::chrono::seconds connect_time{10};

/// Takes `?baud=` and refuses whatever else the query holds.
Result<std::uint32_t> initial_baud(const Address& address, std::uint32_t baud_bps, bool has_baud) {
  for (const auto& [key, value] : address.query) {
    if (key != "baud" || !has_baud) {
      const std::vector<std::string> known =
          has_baud ? std::vector<std::string>{"baud"} : std::vector<std::string>{};
      const std::string near = nearest_word(key, known);
      std::string hint = known.empty()  ? fmt::format("{}: takes no settings", address.scheme)
                         : near.empty() ? "the only setting here is baud"
                                        : fmt::format("did you mean {}?", near);
      return make_error(core::Errc::bad_address,
                        fmt::format("{}: unknown setting \"{}\"", address.str(), key),
                        std::move(hint));
    }
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), baud_bps);
    if (error != std::errc() || end != value.data() + value.size() || baud_bps == 0) {
      return make_error(core::Errc::bad_address,
                        fmt::format("{}: \"{}\" is not a baud rate", address.str(), value),
                        "write it as ?baud=115200");
    }
  }
  return baud_bps;
}

/// The one serial: address that a usb: address stands for; others as they are.
Result<Address> single_port(Address address) {
  if (address.scheme != "usb") return address;
  AIOT_TRY(const std::vector<Address> ports, expand_usb_address(address));
  if (ports.size() == 1) return ports.front();
  std::string list;
  for (const Address& port : ports) list += (list.empty() ? "" : ", ") + port.str();
  return make_error(core::Errc::bad_address,
                    fmt::format("{} stands for {} ports", address.str(), ports.size()),
                    fmt::format("name one of {}, or add ?serial=", list));
}

Task<std::unique_ptr<Link>> open_untraced(Address address, OpenOptions options) {
  constexpr std::array<std::string_view, 4> schemes = {"serial", "usb", "tcp", "rfc2217"};
  AIOT_CO_CHECK(require_scheme(address, schemes));
  AIOT_CO_TRY(address, single_port(address));
  const bool has_baud = address.scheme != "tcp";
  AIOT_CO_TRY(const std::uint32_t baud, initial_baud(address, options.baud_bps, has_baud));
  if (address.scheme == "serial") {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    co_return SerialLink::open(executor, address.path, baud, DeviceRoots());
  }
  if (address.port == 0) {
    co_return make_error(core::Errc::bad_address, address.str() + ": the port is missing",
                         fmt::format("write it as {}://{}:PORT", address.scheme, address.host));
  }
  if (address.path.size() > 1) {
    co_return make_error(
        core::Errc::bad_address, address.str() + ": a path follows the port",
        fmt::format("write it as {}://{}:{}", address.scheme, address.host, address.port));
  }
  const TimePoint deadline = std::min(options.deadline, steady_clock().now() + connect_time);
  if (address.scheme == "tcp") {
    Result<std::unique_ptr<Link>> link =
        co_await TcpLink::open(address.host, address.port, deadline, options.interface);
    co_return link;
  }
  Result<std::unique_ptr<Link>> link =
      co_await rfc2217::RemoteSerialLink::open(address.host, address.port, baud, deadline);
  co_return link;
}

}  // namespace

Task<std::unique_ptr<Link>> open_link(Address address, OpenOptions options) {
  // The trace first: a file that cannot be made should not leave a board reset for nothing.
  std::unique_ptr<TraceWriter> trace;
  if (!options.trace_file.empty()) {
    AIOT_CO_TRY(trace, TraceWriter::create(options.trace_file));
  }
  Result<std::unique_ptr<Link>> link = co_await open_untraced(address, options);
  if (!link || !trace) co_return link;
  std::unique_ptr<Link> traced = std::make_unique<TracingLink>(
      *std::move(link), std::move(trace), std::move(options.on_trace_lost), options.secrets);
  co_return traced;
}

}  // namespace aiot::net
