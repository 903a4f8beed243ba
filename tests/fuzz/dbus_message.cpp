// Messages from a bus: the arguments of any that libsystemd takes are read, or refused.
#include <dlfcn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "aiot/bytes.hpp"
#include "dbus/message.hpp"

using namespace aiot;

namespace {

/// What the room itself has no use for.
template <class F>
F* function(const char* name) {
  static void* const library = ::dlopen("libsystemd.so.0", RTLD_NOW);
  return library == nullptr ? nullptr : reinterpret_cast<F*>(::dlsym(library, name));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto opened = dbus::Library::get();
  static auto* const set_fd = function<decltype(sd_bus_set_fd)>("sd_bus_set_fd");
  if (!opened || set_fd == nullptr || size > 64 * 1024) return 0;
  const dbus::Library& library = **opened;
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) return 0;
  // The server's half of the authentication (D-Bus specification, "Authentication Protocol").
  constexpr std::string_view welcome =
      "DATA\r\nOK 0123456789abcdef0123456789abcdef\r\nAGREE_UNIX_FD\r\n";
  Bytes text(welcome.begin(), welcome.end());
  append(text, ByteSpan(data, size));
  const ssize_t written = ::write(ends[1], text.data(), text.size());
  ::shutdown(ends[1], SHUT_WR);
  sd_bus* bus = nullptr;
  if (written == static_cast<ssize_t>(text.size()) && library.bus_new(&bus) >= 0 &&
      set_fd(bus, ends[0], ends[0]) >= 0 && library.start(bus) >= 0) {
    for (int i = 0; i < 64; ++i) {
      sd_bus_message* message = nullptr;
      if (library.process(bus, &message) <= 0) break;
      if (message == nullptr) continue;
      (void)dbus::read_arguments(library, message);
      library.message_unref(message);
    }
  } else if (bus == nullptr) {
    ::close(ends[0]);
  }
  if (bus != nullptr) library.close_unref(bus);
  ::close(ends[1]);
  return 0;
}
