#include "net/udev/library.hpp"

namespace aiot::net::udev {

Result<const Library*> Library::get() {
  static const Result<Library> opened =
      load_functions<Library>("libudev.so.1", "libudev1", "libudev1 of systemd 209");
  if (!opened) return opened.error();
  return &*opened;
}

}  // namespace aiot::net::udev
