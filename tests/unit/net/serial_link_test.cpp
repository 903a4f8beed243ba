#include "net/serial_link.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include "net/pty.hpp"
#include "real_loop.hpp"
#include "show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  asio::io_context context;
  Pty pty = *Pty::open();

  std::unique_ptr<Link> open(std::uint32_t baud = 115200) {
    auto link = SerialLink::open(context.get_executor(), pty.path(), baud, DeviceRoots());
    REQUIRE(link);
    return *std::move(link);
  }
  void say(const Bytes& bytes) const {
    REQUIRE(::write(pty.master(), bytes.data(), bytes.size()) ==
            static_cast<ssize_t>(bytes.size()));
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "every byte value passes a pty both ways unchanged") {
  const auto link = open();
  CHECK(link->info().kind == "pty");
  CHECK(link->info().has_baud);
  CHECK(!link->info().has_lines);
  Bytes all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<std::uint8_t>(i));

  Result<void> written = run_real(context, [&]() -> Task<void> {
    Result<void> done = co_await link->write(all, in(5s));
    AIOT_CO_CHECK(std::move(done));
    Result<void> drained = co_await link->drain(in(5s));
    co_return drained;
  });
  CHECK(written);
  Bytes seen(256);
  std::size_t got = 0;
  while (got < seen.size()) {
    const ssize_t n = ::read(pty.master(), seen.data() + got, seen.size() - got);
    REQUIRE(n > 0);
    got += static_cast<std::size_t>(n);
  }
  CHECK(seen == all);

  say(all);
  Result<Bytes> back = run_real(context, [&] { return read_exactly(*link, 256, in(5s)); });
  REQUIRE(back);
  CHECK(*back == all);
}

TEST_CASE_FIXTURE(Fixture, "any rate can be set, and the device's end sees it") {
  const auto link = open(74880);
  CHECK(pty.client_baud() == 74880);
  for (const std::uint32_t baud : {1500000U, 250000U, 3000000U, 9600U}) {
    CHECK(run_real(context, [&] { return link->set_baud(baud); }));
    CHECK(pty.client_baud() == baud);
  }
  Result<void> zero = run_real(context, [&] { return link->set_baud(0); });
  REQUIRE(!zero);
  CHECK(zero.error().code == Errc::bad_baud);
}

TEST_CASE_FIXTURE(Fixture, "a pty has no modem lines and says so") {
  const auto link = open();
  const std::vector<LineStep> steps = {{true, false, 0ms}};
  Result<void> set = run_real(context, [&] { return link->set_lines(steps); });
  REQUIRE(!set);
  CHECK(set.error().code == Errc::not_supported);
}

TEST_CASE_FIXTURE(Fixture, "a read ends at its deadline and loses nothing that comes later") {
  const auto link = open();
  Result<Bytes> nothing = run_real(context, [&] { return read_exactly(*link, 1, in(5ms)); });
  REQUIRE(!nothing);
  CHECK(nothing.error().code == Errc::timed_out);
  say({0x42});
  Result<Bytes> byte = run_real(context, [&] { return read_exactly(*link, 1, in(5s)); });
  REQUIRE(byte);
  CHECK(*byte == Bytes{0x42});
}

TEST_CASE_FIXTURE(Fixture, "what has arrived can be dropped") {
  const auto link = open();
  say({1, 2, 3});
  CHECK(run_real(context, [&] { return link->discard_input(); }));
  say({4});
  Result<Bytes> byte = run_real(context, [&] { return read_exactly(*link, 1, in(5s)); });
  REQUIRE(byte);
  CHECK(*byte == Bytes{4});
}

TEST_CASE_FIXTURE(Fixture, "a reader that waits while the other end hangs up") {
  const auto link = open();
  asio::post(context, [&] { asio::post(context, [&] { pty.close(); }); });
  Result<Bytes> lost = run_real(context, [&] { return read_exactly(*link, 1, in(20s)); });
  REQUIRE(!lost);
  CHECK(lost.error().code == Errc::link_lost);
  Result<void> write = run_real(context, [&]() -> Task<void> {
    const Bytes one = {1};
    Result<void> done = co_await link->write(one, in(5s));
    co_return done;
  });
  REQUIRE(!write);
  CHECK(write.error().code == Errc::link_lost);
}

TEST_CASE_FIXTURE(Fixture, "a reader that waits while the link is closed here") {
  const auto link = open();
  asio::post(context, [&] { asio::post(context, [&] { link->close(); }); });
  Result<Bytes> lost = run_real(context, [&] { return read_exactly(*link, 1, in(20s)); });
  REQUIRE(!lost);
  CHECK(lost.error().code == Errc::link_lost);
  link->close();
}

TEST_CASE_FIXTURE(Fixture, "a cancelled read says so, and the link works on after it") {
  const auto link = open();
  asio::cancellation_signal signal;
  std::vector<boost::system::error_code> seen;
  bool done = false;
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        co_await asio::this_coro::throw_if_cancelled(false);
        for (int i = 0; i < 2; ++i) {
          Result<Bytes> read = co_await read_exactly(*link, 1, in(20s));
          seen.push_back(read ? boost::system::error_code() : read.error().code);
        }
        co_await asio::this_coro::reset_cancellation_state();
        Result<void> set = co_await link->set_baud(9600);
        CHECK(set);
      },
      asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { done = true; }));
  context.poll();
  signal.emit(asio::cancellation_type::all);
  while (!done && context.run_one_for(20s) != 0) {
  }
  REQUIRE(seen.size() == 2);
  CHECK(seen[0] == Errc::cancelled);
  CHECK(seen[1] == Errc::cancelled);
  say({9});
  Result<Bytes> byte = run_real(context, [&] { return read_exactly(*link, 1, in(5s)); });
  REQUIRE(byte);
  CHECK(*byte == Bytes{9});
}

TEST_CASE_FIXTURE(Fixture, "a write that the other end does not take ends at its deadline") {
  const auto link = open();
  const Bytes much(1 << 20, 0x55);
  Result<void> written = run_real(context, [&]() -> Task<void> {
    Result<void> done = co_await link->write(much, in(30ms));
    co_return done;
  });
  REQUIRE(!written);
  CHECK(written.error().code == Errc::timed_out);
}

TEST_CASE_FIXTURE(Fixture, "a device that never stops talking does not hold up the others") {
  const auto link = open();
  bool others_ran = false;
  Result<void> result = run_real(context, [&]() -> Task<void> {
    asio::post(context, [&] { others_ran = true; });
    for (int i = 0; i < 100 && !others_ran; ++i) {
      say({1});
      Result<Bytes> byte = co_await read_exactly(*link, 1, in(5s));
      AIOT_CO_CHECK(std::move(byte));
    }
    co_return Result<void>();
  });
  CHECK(result);
  CHECK(others_ran);
}

TEST_CASE_FIXTURE(Fixture, "a port that is open is busy, and its holder is named") {
  const auto link = open();
  auto second = SerialLink::open(context.get_executor(), pty.path(), 115200, DeviceRoots());
  REQUIRE(!second);
  CHECK(second.error().code == Errc::port_busy);
  CHECK(second.error().stable_code() == "port.busy");
  CHECK(second.error().condition() == Condition::resource);
  CHECK(second.error().context.find(pty.path()) != std::string::npos);
  CHECK(second.error().context.find("this process") != std::string::npos);
  link->close();
  CHECK(SerialLink::open(context.get_executor(), pty.path(), 115200, DeviceRoots()));
}

TEST_CASE_FIXTURE(Fixture,
                  "a pseudo-terminal has no flag that would outlive a process that is killed") {
  const auto link = open(115200);
  int exclusive = -1;
  const int peer = ::open(pty.path().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(::ioctl(peer, TIOCGEXCL, &exclusive) == 0);
  CHECK(exclusive == 0);
  ::close(peer);
  // The lock goes with the process, and keeps the port for one all the same.
  CHECK_FALSE(SerialLink::open(context.get_executor(), pty.path(), 115200, DeviceRoots()));
}

TEST_CASE_FIXTURE(Fixture, "closing puts the former settings back") {
  const int fd = ::open(pty.path().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  termios before{};
  REQUIRE(::tcgetattr(fd, &before) == 0);
  before.c_lflag |= ICANON | ECHO;
  ::cfsetspeed(&before, B19200);
  REQUIRE(::tcsetattr(fd, TCSANOW, &before) == 0);
  const auto link = open(921600);
  termios during{};
  ::tcgetattr(fd, &during);
  CHECK((during.c_lflag & (ICANON | ECHO)) == 0);
  CHECK(pty.client_baud() == 921600);
  link->close();
  termios after{};
  ::tcgetattr(fd, &after);
  CHECK(after.c_lflag == before.c_lflag);
  CHECK(::cfgetospeed(&after) == B19200);
  ::close(fd);
}

TEST_CASE("what is no serial port is refused") {
  asio::io_context context;
  TemporaryFolder folder;
  folder.write("file", "text");
  for (const std::string& path :
       {(folder.path() / "file").string(), std::string("/dev/null"), folder.path().string()}) {
    auto link = SerialLink::open(context.get_executor(), path, 115200, DeviceRoots());
    REQUIRE(!link);
    CHECK(link.error().code == Errc::not_found);
    CHECK(link.error().context.find("is not a serial port") != std::string::npos);
  }
  auto missing = SerialLink::open(context.get_executor(), (folder.path() / "ttyUSB7").string(),
                                  115200, DeviceRoots());
  REQUIRE(!missing);
  CHECK(missing.error().code == Errc::not_found);
  CHECK(missing.error().condition() == Condition::no_match);
  CHECK(!missing.error().hint.empty());
}

TEST_CASE_FIXTURE(Fixture,
                  "a device that comes back under another name is found by its USB identity") {
  TemporaryFolder folder;
  const DeviceRoots roots{folder.path() / "sys", folder.path() / "dev"};
  make_usb_port(folder, "ttyACM0", "1-1", "303a", "1001", "70:04:1D", pty.path());
  auto opened =
      SerialLink::open(context.get_executor(), folder.path() / "dev/ttyACM0", 460800, roots);
  REQUIRE(opened);
  Link& link = **opened;
  CHECK(link.info().usb_vid == 0x303a);
  CHECK(link.info().usb_pid == 0x1001);
  CHECK(link.info().usb_serial == "70:04:1D");

  pty.close();
  std::filesystem::remove_all(folder.path() / "sys/class/tty/ttyACM0");
  std::filesystem::remove(folder.path() / "dev/ttyACM0");
  Result<void> gone = run_real(context, [&] { return link.reopen(in(60ms)); });
  REQUIRE(!gone);
  CHECK(gone.error().code == Errc::timed_out);

  Pty stranger = *Pty::open();
  Pty back = *Pty::open();
  make_usb_port(folder, "ttyACM0", "1-2", "303a", "1001", "AA:BB:CC", stranger.path());
  make_usb_port(folder, "ttyACM3", "1-1", "303a", "1001", "70:04:1D", back.path());
  CHECK(run_real(context, [&] { return link.reopen(in(5s)); }));
  CHECK(back.client_baud() == 460800);
  const std::uint8_t byte = 0x77;
  REQUIRE(::write(back.master(), &byte, 1) == 1);
  Result<Bytes> read = run_real(context, [&] { return read_exactly(link, 1, in(5s)); });
  REQUIRE(read);
  CHECK(*read == Bytes{0x77});
}

TEST_CASE("a pty whose other end has closed does not come back as another program's") {
  asio::io_context context;
  Pty pty = *Pty::open();
  const std::string path = pty.path();
  Result<std::unique_ptr<Link>> link =
      SerialLink::open(context.get_executor(), path, 115200, DeviceRoots());
  REQUIRE(link);
  pty.close();
  // Nobody waits for the deadline.
  Result<void> gone = run_real(context, [&] { return (*link)->reopen(in(1h)); });
  REQUIRE(!gone);
  CHECK(gone.error().code == Errc::link_lost);
  // Now the number is free: the next pty may get it.
  const Pty stranger = *Pty::open();
  gone = run_real(context, [&] { return (*link)->reopen(in(1h)); });
  REQUIRE(!gone);
  CHECK(gone.error().code == Errc::link_lost);
}

TEST_CASE("a link to a pty is followed to where it leads next") {
  const TemporaryFolder folder;
  asio::io_context context;
  Pty pty = *Pty::open();
  folder.link(pty.path(), "port");
  Result<std::unique_ptr<Link>> link = SerialLink::open(
      context.get_executor(), (folder.path() / "port").string(), 115200, DeviceRoots());
  REQUIRE(link);
  pty.close();
  const Pty next = *Pty::open();
  folder.link(next.path(), "port");
  CHECK(run_real(context, [&] { return (*link)->reopen(in(10s)); }));
}
