// The kernel's termios2 clashes with <termios.h>, which Asio includes: neither is included here.
#include "net/tty_port.hpp"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/major.h>
#include <linux/serial.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "aiot/bytes.hpp"
#include "net/holder.hpp"
#include "net/usb_device.hpp"

namespace aiot::net {
namespace {

std::string errno_text(int number) { return std::generic_category().message(number); }

Error io_error(int number, std::string_view what) {
  const bool gone = number == EIO || number == ENODEV || number == ENXIO;
  return make_error(gone ? Errc::link_lost : Errc::io,
                    fmt::format("{}: {}", what, errno_text(number)));
}

Error not_found(const std::string& path) {
  std::string here;
  for (const SerialPort& port : list_serial_ports(DeviceRoots())) {
    here += fmt::format("{}{}", here.empty() ? "" : ", ", port.path);
    if (!port.product.empty()) here += fmt::format(" ({})", escape_controls(port.product));
  }
  return make_error(Errc::not_found, path,
                    here.empty() ? "no serial port is here: check the cable, and that it carries "
                                   "data"
                                 : "the ports here are " + here);
}

Error busy(const std::string& path) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  const std::string device = error ? path : target.string();
  const std::vector<Holder> holders = find_holders(device);
  std::string context = path;
  if (!holders.empty()) context += ", held by " + describe_holders(holders);
  return make_error(Errc::port_busy, std::move(context), release_hint(device, holders));
}

Error denied(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return make_error(Errc::no_permission, path);
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<std::size_t>(std::max(0, count)));
  groups.push_back(::getegid());
  const bool member = std::find(groups.begin(), groups.end(), status.st_gid) != groups.end();
  const bool may = (status.st_mode & (S_IRGRP | S_IWGRP)) == (S_IRGRP | S_IWGRP);
  const group* entry = ::getgrgid(status.st_gid);
  const std::string name = entry ? entry->gr_name : std::to_string(status.st_gid);
  return make_error(Errc::no_permission, path, permission_hint(path, name, may, member));
}

Error open_error(int number, const std::string& path) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ENXIO: return not_found(path);
    case EACCES:
    case EPERM: return denied(path);
    case EBUSY: return busy(path);
    default: return make_error(Errc::io, fmt::format("{}: {}", path, errno_text(number)));
  }
}

/// Fewer milliseconds between a byte's arrival and its delivery, where the driver knows how.
void ask_low_latency(int fd) {
  serial_struct settings = {};
  if (::ioctl(fd, TIOCGSERIAL, &settings) != 0) return;
  settings.flags |= ASYNC_LOW_LATENCY;  // NOLINT(hicpp-signed-bitwise)
  ::ioctl(fd, TIOCSSERIAL, &settings);
}

bool is_pty(dev_t device) {
  const unsigned number = major(device);
  return number >= UNIX98_PTY_SLAVE_MAJOR &&
         number < UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT;
}

}  // namespace

struct TtyPort::Saved {
  termios2 settings = {};
};

TtyPort::TtyPort() : saved_(std::make_unique<Saved>()) {}
TtyPort::TtyPort(TtyPort&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      has_lines_(other.has_lines_),
      path_(std::move(other.path_)),
      saved_(std::move(other.saved_)) {}
TtyPort& TtyPort::operator=(TtyPort&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
    has_lines_ = other.has_lines_;
    path_ = std::move(other.path_);
    saved_ = std::move(other.saved_);
  }
  return *this;
}
TtyPort::~TtyPort() { close(); }

Result<TtyPort> TtyPort::open(const std::string& path, std::uint32_t baud_bps) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return open_error(errno, path);
  if (!S_ISCHR(status.st_mode)) {
    return make_error(Errc::not_found, path + " is not a serial port",
                      "name a device node such as /dev/ttyUSB0");
  }
  const int fd = ::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return open_error(errno, path);
  TtyPort port;
  port.path_ = path;
  if (::ioctl(fd, TCGETS2, &port.saved_->settings) != 0) {
    ::close(fd);
    return make_error(Errc::not_found, path + " is not a serial port",
                      "name a device node such as /dev/ttyUSB0");
  }
  // The lock first: somebody else's settings are not touched.
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return busy(path);
  }
  port.fd_ = fd;
  // The flag that keeps out who asks for no lock lies on the device while anybody has it open. A
  // pseudo-terminal's other end always has: of a process that was killed the flag would stay.
  if (!is_pty(status.st_rdev)) ::ioctl(fd, TIOCEXCL);
  AIOT_CHECK(make_raw(fd, std::nullopt));
  AIOT_CHECK(port.set_baud(baud_bps));
  ask_low_latency(fd);
  int lines = 0;
  port.has_lines_ = ::ioctl(fd, TIOCMGET, &lines) == 0;
  return port;
}

Result<int> TtyPort::duplicate() const {
  const int copy = ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return io_error(errno, path_);
  return copy;
}

Result<void> make_raw(int fd, std::optional<std::uint32_t> baud_bps) {
  termios2 settings = {};
  if (::ioctl(fd, TCGETS2, &settings) != 0) return io_error(errno, "reading the port's settings");
  settings.c_iflag = IGNBRK;
  settings.c_oflag = 0;
  settings.c_lflag = 0;
  // Without HUPCL a board keeps running when the port is closed.
  settings.c_cflag &= ~(CSIZE | PARENB | PARODD | CMSPAR | CSTOPB | CRTSCTS | HUPCL);
  settings.c_cflag |= CS8 | CREAD | CLOCAL;
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  if (baud_bps) {
    settings.c_cflag &= ~(CBAUD | (CBAUD << IBSHIFT));
    settings.c_cflag |= BOTHER | (BOTHER << IBSHIFT);
    settings.c_ospeed = *baud_bps;
    settings.c_ispeed = *baud_bps;
  }
  if (::ioctl(fd, TCSETS2, &settings) != 0) {
    if (errno == EINVAL && baud_bps) {
      return make_error(Errc::bad_baud, fmt::format("{} baud", *baud_bps));
    }
    return io_error(errno, "setting the port up");
  }
  return {};
}

std::uint32_t terminal_baud(int fd) {
  termios2 settings = {};
  return ::ioctl(fd, TCGETS2, &settings) == 0 ? settings.c_ospeed : 0;
}

Result<void> TtyPort::set_baud(std::uint32_t baud_bps) {
  if (fd_ < 0) return make_error(Errc::link_lost, "the port is closed");
  // Rate 0 would mean to hang up.
  if (baud_bps == 0) return make_error(Errc::bad_baud, "0 baud");
  Result<void> set = make_raw(fd_, baud_bps);
  if (!set) return std::move(set).with(path_);
  const std::uint64_t got = terminal_baud(fd_);
  const std::uint64_t off = got > baud_bps ? got - baud_bps : baud_bps - got;
  if (off * 100 > std::uint64_t{baud_bps} * 3) {
    return make_error(Errc::bad_baud,
                      fmt::format("{}: {} baud, the nearest is {}", path_, baud_bps, got));
  }
  return {};
}

Result<void> TtyPort::set_lines(std::optional<bool> dtr, std::optional<bool> rts) {
  if (fd_ < 0) return make_error(Errc::link_lost, "the port is closed");
  if (!has_lines_) return make_error(Errc::not_supported, path_ + ": DTR and RTS");
  int lines = 0;
  if (::ioctl(fd_, TIOCMGET, &lines) != 0) return io_error(errno, path_ + ": modem lines");
  if (dtr) lines = *dtr ? lines | TIOCM_DTR : lines & ~TIOCM_DTR;
  if (rts) lines = *rts ? lines | TIOCM_RTS : lines & ~TIOCM_RTS;
  if (::ioctl(fd_, TIOCMSET, &lines) != 0) return io_error(errno, path_ + ": modem lines");
  return {};
}

Result<std::size_t> TtyPort::unsent() const {
  if (fd_ < 0) return make_error(Errc::link_lost, "the port is closed");
  int queued = 0;
  if (::ioctl(fd_, TIOCOUTQ, &queued) != 0) return io_error(errno, path_);
  if (queued > 0) return static_cast<std::size_t>(queued);
  unsigned status = 0;
  const bool tells = ::ioctl(fd_, TIOCSERGETLSR, &status) == 0;
  return static_cast<std::size_t>(tells && (status & TIOCSER_TEMT) == 0 ? 1 : 0);
}

Result<void> TtyPort::discard_input() {
  if (fd_ < 0) return make_error(Errc::link_lost, "the port is closed");
  if (::ioctl(fd_, TCFLSH, TCIFLUSH) != 0) return io_error(errno, path_);
  return {};
}

void TtyPort::close() {
  if (fd_ < 0) return;
  termios2& settings = saved_->settings;
  settings.c_cflag &= ~HUPCL;
  ::ioctl(fd_, TCSETS2, &settings);
  ::ioctl(fd_, TIOCNXCL);
  ::flock(fd_, LOCK_UN);
  ::close(fd_);
  fd_ = -1;
}

}  // namespace aiot::net
