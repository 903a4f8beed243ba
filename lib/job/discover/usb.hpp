#pragma once

#include <functional>
#include <map>
#include <memory>

#include "job/discover/source.hpp"
#include "net/link.hpp"
#include "net/udev/monitor.hpp"
#include "net/usb_device.hpp"

namespace aiot::discover {

/// What a USB device and its serial ports say of themselves. `serial_is_its_own` is false when
/// another device here has the same ids and serial number: cheap adapters all say "0001".
Observation observe_usb(const net::UsbDevice& device, const net::udev::UsbNames& names,
                        bool serial_is_its_own);

/// A serial port that is not on the USB: a place where a device may be.
Observation observe_port(const SerialPort& port);

/// What the usb source has of the machine; tests pass their own.
struct UsbEnvironment {
  net::DeviceRoots roots;
  /// Waits until something was plugged in or out, at most until the time given: its end is
  /// Errc::timed_out.
  using Wait = std::function<net::Task<void>(net::TimePoint, net::Clock&)>;
  Wait wait_for_change;
  std::function<net::Task<std::unique_ptr<net::Link>>(Address, net::OpenOptions)> open;
};

/// Serial ports and USB devices, as they are and as they come and go.
std::unique_ptr<Source> make_usb_source(UsbEnvironment environment);

/// Identifies the chips behind serial ports, side by side: each port is opened, the chip
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
