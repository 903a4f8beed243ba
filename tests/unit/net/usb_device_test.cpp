#include "net/usb_device.hpp"

#include <doctest/doctest.h>

#include "fake_usb.hpp"

using namespace aiot;
using namespace aiot::net;

TEST_CASE("USB devices are listed with their interfaces and serial ports") {
  TemporaryFolder folder;
  const DeviceRoots roots{folder.path() / "sys", folder.path() / "dev"};
  CHECK(list_usb_devices(roots).empty());
  FakeUsb{"1-2", "10c4", "ea60", "0001", "Silicon Labs", "CP2102 USB to UART", {"ff0000"}}.plug_in(
      folder, "ttyUSB0");
  FakeUsb{"1-1", "0483", "df11", "3277", "", "", {"fe0102"}}.plug_in(folder);
  // An interface, beside the devices as the kernel has it.
  folder.link(folder.path() / "sys/devices/usb1/1-1/1-1:1.0", "sys/bus/usb/devices/1-1:1.0");

  const auto devices = list_usb_devices(roots);
  REQUIRE(devices.size() == 2);
  CHECK(devices[0].place == "1-1");
  CHECK(devices[0].vid == 0x0483);
  CHECK(devices[0].pid == 0xdf11);
  CHECK(devices[0].serial == "3277");
  CHECK(devices[0].interfaces == std::vector<UsbInterface>{{0xfe, 1, 2}});
  CHECK(devices[0].ports.empty());
  CHECK(devices[1].place == "1-2");
  CHECK(devices[1].manufacturer == "Silicon Labs");
  REQUIRE(devices[1].ports.size() == 1);
  CHECK(devices[1].ports[0].path == folder.path() / "dev/ttyUSB0");
}

TEST_CASE("a hub's devices keep their own ports") {
  TemporaryFolder folder;
  const DeviceRoots roots{folder.path() / "sys", folder.path() / "dev"};
  FakeUsb{"1-1", "05e3", "0608", "", "", "Hub", {"090000"}}.plug_in(folder);
  FakeUsb device{"1-1.4", "303a", "1001", "70:04:1D:00:00:01", "", "", {"020201", "0a0000"}};
  device.plug_in(folder, "ttyACM0");
  const auto devices = list_usb_devices(roots);
  REQUIRE(devices.size() == 2);
  CHECK(devices[0].ports.empty());
  CHECK(devices[1].place == "1-1.4");
  CHECK(devices[1].ports.size() == 1);
  device.unplug(folder, "ttyACM0");
  CHECK(list_usb_devices(roots).size() == 1);
}
