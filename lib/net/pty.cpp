#include "net/pty.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

#include "net/tty_port.hpp"

namespace aiot::net {
namespace {

Error failed(int number) {
  return make_error(Errc::io,
                    "making a pseudo-terminal: " + std::generic_category().message(number));
}

}  // namespace

Result<Pty> Pty::open() {
  Pty pty;
  pty.master_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (pty.master_ < 0) return failed(errno);
  std::array<char, 64> name{};
  if (::grantpt(pty.master_) != 0 || ::unlockpt(pty.master_) != 0 ||
      ::ptsname_r(pty.master_, name.data(), name.size()) != 0 ||
      ::ioctl(pty.master_, TIOCGPTN, &pty.number_) != 0) {
    return failed(errno);
  }
  pty.path_ = name.data();
  pty.client_ = ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (pty.client_ < 0) return failed(errno);
  AIOT_CHECK(make_raw(pty.client_, 115200));
  return pty;
}

Pty::Pty(Pty&& other) noexcept
    : master_(std::exchange(other.master_, -1)),
      client_(std::exchange(other.client_, -1)),
      number_(other.number_),
      path_(std::move(other.path_)) {}
Pty& Pty::operator=(Pty&& other) noexcept {
  if (this != &other) {
    close();
    master_ = std::exchange(other.master_, -1);
    client_ = std::exchange(other.client_, -1);
    number_ = other.number_;
    path_ = std::move(other.path_);
  }
  return *this;
}
Pty::~Pty() { close(); }

Result<int> Pty::duplicate_master() const {
  const int copy = ::fcntl(master_, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return failed(errno);
  return copy;
}

std::uint32_t Pty::client_baud() const { return terminal_baud(master_); }

void Pty::unplug() {
  // The kernel removes the path with the master, and frees the number with the last of the two.
  if (master_ >= 0) ::close(master_);
  master_ = -1;
}

Result<void> Pty::plug() {
  const unsigned wanted = number_;
  close();
  // The kernel hands out the lowest number that is free: those below the former are held meanwhile.
  std::vector<Pty> lower;
  while (true) {
    AIOT_TRY(Pty pty, open());
    if (pty.number_ >= wanted) {
      *this = std::move(pty);
      return {};
    }
    lower.push_back(std::move(pty));
  }
}

void Pty::close() {
  if (client_ >= 0) ::close(client_);
  if (master_ >= 0) ::close(master_);
  client_ = master_ = -1;
}

}  // namespace aiot::net
