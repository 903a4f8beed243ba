#include "aiot/ports.hpp"

#include <doctest/doctest.h>

#include "net/error.hpp"
#include "net/holder.hpp"
#include "net/usb_device.hpp"
#include "real_loop.hpp"
#include "show.hpp"

using namespace aiot;
using namespace aiot::net;

namespace {

struct Machine {
  TemporaryFolder folder;
  DeviceRoots roots{folder.path() / "sys", folder.path() / "dev"};

  Machine() {
    make_usb_port(folder, "ttyUSB10", "1-4", "10c4", "ea60", "", "/dev/null");
    make_usb_port(folder, "ttyUSB2", "1-3", "10c4", "ea60", "0001", "/dev/null");
    make_usb_port(folder, "ttyACM0", "1-1", "303a", "1001", "70:04:1D", "/dev/null");
    folder.write("sys/devices/pnp0/ttyS0/type", "0\n");
    folder.write("sys/devices/serial8250/ttyS1/type", "4\n");
    for (const char* name : {"ttyS0", "ttyS1"}) {
      folder.link("/dev/null", std::string("dev/") + name);
      folder.link(folder.path() / "sys/devices", std::string("sys/class/tty/") + name + "/device");
      folder.write(std::string("sys/class/tty/") + name + "/type", name[4] == '0' ? "0" : "4");
    }
    folder.write("sys/class/tty/tty7/dev", "4:7\n");
    folder.link("../../ttyACM0", "dev/serial/by-id/usb-Espressif_70:04:1D-if00");
    folder.link("../../ttyACM0", "dev/serial/by-path/pci-0000-usb-0:1:1.0");
    folder.link("../../ttyUSB10", "dev/serial/by-path/pci-0000-usb-0:4:1.0-port0");
  }
  std::string dev(const std::string& name) const { return folder.path() / "dev" / name; }
  Result<std::vector<Address>> expand(std::string_view text) const {
    return expand_usb_address(*parse_address(text), roots);
  }
};

std::vector<std::string> paths(const std::vector<Address>& addresses) {
  std::vector<std::string> out;
  for (const Address& address : addresses) {
    out.push_back(std::filesystem::path(address.path).filename());
  }
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(Machine, "ports are those with hardware behind them, by name and number") {
  const auto ports = list_serial_ports(roots);
  REQUIRE(ports.size() == 4);
  CHECK(ports[0].path == dev("ttyACM0"));
  CHECK(ports[0].usb_vid == 0x303a);
  CHECK(ports[0].usb_pid == 0x1001);
  CHECK(ports[0].usb_serial == "70:04:1D");
  CHECK(ports[0].product == "Test bridge");
  CHECK(ports[0].stable_path == dev("serial/by-id/usb-Espressif_70:04:1D-if00"));
  CHECK(ports[1].path == dev("ttyS1"));
  CHECK(ports[1].usb_vid == 0);
  CHECK(ports[2].path == dev("ttyUSB2"));
  CHECK(ports[3].path == dev("ttyUSB10"));
  CHECK(ports[3].stable_path == dev("serial/by-path/pci-0000-usb-0:4:1.0-port0"));
}

TEST_CASE_FIXTURE(Machine, "a machine without ports has none") {
  const DeviceRoots empty{folder.path() / "nothing", folder.path() / "nothing"};
  CHECK(list_serial_ports(empty).empty());
  CHECK(describe_serial_port("/dev/pts/0", empty).usb_vid == 0);
}

TEST_CASE_FIXTURE(Machine, "a usb: address stands for the ports that match") {
  CHECK(paths(*expand("usb:10c4:ea60")) == std::vector<std::string>{"ttyUSB2", "ttyUSB10"});
  CHECK(paths(*expand("usb:10C4:*")) == std::vector<std::string>{"ttyUSB2", "ttyUSB10"});
  CHECK(paths(*expand("usb:*:*")).size() == 3);
  CHECK(paths(*expand("usb:303a:1001?serial=70:04:1D")) == std::vector<std::string>{"ttyACM0"});
  const auto with_baud = expand("usb:303a:1001?baud=9600&serial=70:04:1D");
  REQUIRE(with_baud);
  CHECK(with_baud->front().str() == "serial:" + dev("ttyACM0") + "?baud=9600");
}

TEST_CASE_FIXTURE(Machine, "a usb: address that stands for nothing says what is there") {
  const auto none = expand("usb:1234:5678");
  REQUIRE(!none);
  CHECK(none.error().condition() == Condition::no_match);
  CHECK(none.error().hint.find("303a:1001 at ") != std::string::npos);
  for (const char* bad : {"usb:10c4x:1", "usb:12345:1", "usb:10c4:ea60:1"}) {
    const auto refused = expand(bad);
    REQUIRE(!refused);
    CHECK(refused.error().condition() == Condition::usage);
  }
}

TEST_CASE("who holds a port is read from the descriptors of the processes") {
  TemporaryFolder proc;
  proc.write("812/comm", "ModemManager\n");
  proc.link("/dev/ttyUSB0", "812/fd/9");
  proc.write("77/comm", "minicom\n");
  proc.link("/dev/null", "77/fd/0");
  proc.link("/dev/ttyUSB0", "77/fd/3");
  proc.write("78/comm", "bash\n");
  proc.link("/dev/ttyUSB1", "78/fd/3");
  proc.write("self/comm", "x\n");
  proc.link("/dev/ttyUSB0", "self/fd/3");
  const auto holders = find_holders("/dev/ttyUSB0", proc.path());
  CHECK(holders == std::vector<Holder>{{77, "minicom"}, {812, "ModemManager"}});
  CHECK(describe_holders(holders) == "minicom (process 77), ModemManager (process 812)");
  CHECK(release_hint("/dev/ttyUSB0", holders).find("ID_MM_DEVICE_IGNORE") != std::string::npos);
  CHECK(release_hint("/dev/ttyUSB0", {{5, "brltty"}}).find("brltty-udev") != std::string::npos);
  CHECK(release_hint("/dev/ttyUSB0", {{77, "minicom"}}) == "close minicom, then try again");
  CHECK(release_hint("/dev/ttyUSB0", {}).find("fuser -v /dev/ttyUSB0") != std::string::npos);
}

TEST_CASE("the program behind a pseudo-terminal is no user of it") {
  TemporaryFolder proc;
  proc.write("900/comm", "aiotctl\n");
  proc.link("/dev/pts/7", "900/fd/5");
  proc.link("/dev/ptmx", "900/fd/4");
  proc.write("900/fdinfo/4", "pos:\t0\nflags:\t02100002\ntty-index:\t7\n");
  proc.write("901/comm", "tio\n");
  proc.link("/dev/pts/7", "901/fd/3");
  proc.link("/dev/ptmx", "901/fd/4");
  proc.write("901/fdinfo/4", "tty-index:\t77\n");
  CHECK(find_holders("/dev/pts/7", proc.path()) == std::vector<Holder>{{901, "tio"}});
}

TEST_CASE("a missing permission names the group, or the rule") {
  CHECK(permission_hint("/dev/ttyUSB0", "dialout", true, false).find("usermod -aG dialout") !=
        std::string::npos);
  for (const bool member : {false, true}) {
    CHECK(permission_hint("/dev/ttyUSB0", "root", member, member).find("KERNEL==\"ttyUSB0\"") !=
          std::string::npos);
  }
  CHECK(permission_hint("/dev/ttyUSB0", "dialout", false, true).find("/etc/udev/rules.d") !=
        std::string::npos);
}
