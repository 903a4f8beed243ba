#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "net/udev/monitor.hpp"
#include "real_loop.hpp"
#include "skip.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

TEST_CASE("udev's hardware database knows USB names") {
  const udev::NameBook book;
  const udev::UsbNames names = book.usb(0x10c4, 0xea60);
  if (names.vendor.empty()) AIOT_SKIP("udev's hardware database is not here: apt-get install udev");
  CHECK(names.vendor == "Silicon Labs");
  CHECK(names.product == "CP210x UART Bridge");
  CHECK(book.usb(0xfffe, 0xfffe).vendor == "");
}

TEST_CASE("waiting for a plug ends at the deadline") {
  asio::io_context context;
  auto opened = udev::Monitor::open(context.get_executor(), udev::Monitor::Voice::kernel);
  if (!opened) AIOT_SKIP("the kernel's messages cannot be heard: " + opened.error().message());
  Result<udev::Change> change = run_real(context, [&] { return opened->next(in(30ms)); });
  while (change) change = run_real(context, [&] { return opened->next(in(30ms)); });
  CHECK(change.error().code == make_error_code(Errc::timed_out));
}

TEST_CASE("a real uevent is heard") {
  // The kernel repeats a device's uevent for whoever may write there.
  const std::string trigger = "/sys/class/tty/tty0/uevent";
  if (::access(trigger.c_str(), W_OK) != 0)
    AIOT_SKIP(trigger + " is not writable here: a real uevent needs root and a writable /sys");
  asio::io_context context;
  auto opened = udev::Monitor::open(context.get_executor(), udev::Monitor::Voice::kernel);
  REQUIRE(opened.has_value());
  { std::ofstream(trigger) << "change"; }
  while (true) {
    Result<udev::Change> change = run_real(context, [&] { return opened->next(in(20s)); });
    REQUIRE(change.has_value());
    if (change->sys_path != "/sys/devices/virtual/tty/tty0") continue;
    CHECK(change->action == "change");
    CHECK(change->subsystem == "tty");
    break;
  }
}
