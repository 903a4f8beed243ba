#include "net/dbus/library.hpp"

namespace aiot::net::dbus {

Result<const Library*> Library::get() {
  static const Result<Library> opened =
      load_functions<Library>("libsystemd.so.0", "libsystemd0", "libsystemd0 of systemd 241");
  if (!opened) return opened.error();
  return &*opened;
}

}  // namespace aiot::net::dbus
