#include "net/mqtt/library.hpp"

namespace aiot::net::mqtt {
namespace {

Result<Library> load() {
  AIOT_TRY(Library library,
           load_functions<Library>("libmosquitto.so.1", "libmosquitto1", "libmosquitto1 2.0"));
  library.lib_init();
  return library;
}

struct Opened {
  Result<Library> library = load();
  Opened() = default;
  ~Opened() {
    if (library) library->lib_cleanup();
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
};

}  // namespace

Result<const Library*> Library::open() {
  // Kept to the end of the process: the library holds state of OpenSSL's.
  static const Opened opened;
  if (!opened.library) return opened.library.error();
  return &*opened.library;
}

}  // namespace aiot::net::mqtt
