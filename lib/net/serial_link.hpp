#pragma once

#include <memory>

#include "net/fd_stream.hpp"
#include "net/link.hpp"
#include "net/usb_device.hpp"
#include "net/tty_port.hpp"

namespace aiot::net {

/// A serial port of this machine, or a pty.
class SerialLink final : public Link {
 public:
  /// Opens at once. `roots` is where the port's USB identity is looked up.
  static Result<std::unique_ptr<Link>> open(const asio::any_io_executor& executor,
                                            const std::string& path, std::uint32_t baud_bps,
                                            const DeviceRoots& roots);

  const LinkInfo& info() const override { return info_; }
  Clock& clock() override { return steady_clock(); }
  Task<std::size_t> read_some(std::span<std::uint8_t> buffer, TimePoint deadline) override;
  Task<void> write(ByteSpan data, TimePoint deadline) override;
  Task<void> drain(TimePoint deadline) override;
  Task<void> discard_input() override;
  Task<void> set_baud(std::uint32_t baud_bps) override;
  Task<void> set_lines(std::span<const LineStep> steps) override;
  /// Waits for the same USB device, which may come back under another name, and for udev to give
  /// access to it. Keeps the rate. Errc::link_lost at once for a pty whose other end has closed:
  /// its name may be another program's next.
  Task<void> reopen(TimePoint deadline) override;
  void close() override;

 private:
  SerialLink(asio::any_io_executor executor, std::string path, std::uint32_t baud_bps,
             DeviceRoots roots);
  Result<void> connect(const std::string& path);
  /// Where the device is now, "" when it is not here.
  std::string find_again() const;

  asio::any_io_executor executor_;
  std::string path_;    // as it was given
  std::string node_;    // what that was, links resolved
  bool ended_ = false;  // it was a pty, whose other end has closed: it will not come back
  std::uint32_t baud_bps_;
  DeviceRoots roots_;
  LinkInfo info_;
  std::optional<TtyPort> port_;
  std::optional<FdStream> stream_;
};

}  // namespace aiot::net
