#pragma once

#include <functional>
#include <memory>

#include "job/discover/source.hpp"
#include "net/link.hpp"
#include "net/usb_device.hpp"

namespace aiot::discover {

/// Asks the chips behind serial ports who they are, side by side: each port is opened, the chip
/// reset into its loader, asked and started again.
class UsbProbes {
 public:
  using Open = std::function<net::Task<std::unique_ptr<net::Link>>(Address, net::OpenOptions)>;
  /// `context` outlives this. The chips are let go a little before its deadline.
  UsbProbes(const net::asio::any_io_executor& executor, SourceContext& context, Open open);
  ~UsbProbes();
  UsbProbes(const UsbProbes&) = delete;
  UsbProbes& operator=(const UsbProbes&) = delete;

  /// Begins asking at the device's ports. What is learnt is reported with the identities of
  /// `seen`; what went wrong as the fact "usb.probe".
  void start(const net::UsbDevice& device, const Observation& seen);
  /// Stops what still runs, and waits until each chip is let go.
  net::asio::awaitable<void> end();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace aiot::discover
