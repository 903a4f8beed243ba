#include <charconv>
#include <limits>

#include "sim/error.hpp"
#include "sim/port.hpp"
#include "sim/pty_port.hpp"
#include "sim/rfc2217_port.hpp"
#include "sim/tcp_port.hpp"

namespace aiot::sim {
namespace {

Error bad_port(std::string_view spec) {
  return make_error(Errc::bad_port, std::string(spec),
                    "use pty, tcp:PORT or rfc2217:PORT; port 0 picks a free one");
}

}  // namespace

Result<std::unique_ptr<Port>> make_port(net::asio::any_io_executor executor, std::string_view spec,
                                        unsigned index) {
  if (spec == "pty") return PtyPort::make(executor);
  const std::size_t colon = spec.find(':');
  const std::string_view kind = spec.substr(0, colon);
  const std::string_view text =
      colon == std::string_view::npos ? std::string_view("0") : spec.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return bad_port(spec);
  if (number != 0 &&
      index > static_cast<unsigned>(std::numeric_limits<std::uint16_t>::max() - number)) {
    return bad_port(spec);
  }
  const auto port = static_cast<std::uint16_t>(number == 0 ? 0 : number + index);
  if (kind == "tcp") return TcpPort::make(executor, port);
  if (kind == "rfc2217") return Rfc2217Port::make(executor, port);
  return bad_port(spec);
}

}  // namespace aiot::sim
