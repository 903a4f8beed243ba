#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"
#include "net/clock.hpp"

namespace aiot::sim {

/// Where a virtual device is plugged in: the host's side of its wire.
class Port {
 public:
  /// What a port tells whoever drives the device behind it.
  struct Events {
    std::function<void(ByteSpan)> bytes;               ///< from the host
    std::function<void(bool dtr, bool rts)> lines;     ///< the modem lines changed
    std::function<void(std::uint32_t baud_bps)> baud;  ///< the host's rate; 0: this port has none
    std::function<void()> writable;                    ///< write() takes more again
    std::function<void()> gone;                        ///< the client has left, where that shows
  };

  virtual ~Port() = default;
  /// Starts to serve. `events` stay valid until close().
  virtual void start(Events events) = 0;
  /// What a client opens.
  virtual std::string address() const = 0;
  /// True when the port carries DTR and RTS.
  virtual bool has_lines() const = 0;
  /// Reads the host's rate now, where it is not told (pty).
  virtual void poll_baud() = 0;
  /// Takes what fits and returns how much; bytes for nobody are dropped, as on a wire.
  virtual std::size_t write(ByteSpan bytes) = 0;
  /// While paused, nothing more is read from the host.
  virtual void pause(bool paused) = 0;
  /// The device left the bus, or came back: the client loses its port. True: the device is at
  /// address() again, which may be another than before.
  virtual bool set_up(bool up) = 0;
  virtual void close() = 0;
};

/// "pty", "tcp:PORT" or "rfc2217:PORT"; port 0 picks a free one. Listens on the loopback address.
/// With `index` > 0, PORT + index, so that several devices get ports in a row.
Result<std::unique_ptr<Port>> make_port(net::asio::any_io_executor executor, std::string_view spec,
                                        unsigned index);

}  // namespace aiot::sim
