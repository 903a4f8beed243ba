#include "net/udev/monitor.hpp"

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>
#include <utility>

#include "net/clock.hpp"

namespace aiot::net::udev {

Result<const Library*> Library::get() {
  static const Result<Library> opened =
      load_functions<Library>("libudev.so.1", "libudev1", "libudev1 of systemd 209");
  if (!opened) return opened.error();
  return &*opened;
}

NameBook::NameBook() {
  const Result<const Library*> library = Library::get();
  if (!library) return;
  library_ = *library;
  context_ = library_->context();
  if (context_) database_ = {library_->hwdb_new(context_.get()), library_->hwdb_unref};
}

UsbNames NameBook::usb(std::uint16_t vid, std::uint16_t pid) const {
  UsbNames out;
  if (!database_) return out;
  // The kernel's alias, as far as the database's patterns look at it.
  const std::string alias = fmt::format("usb:v{:04X}p{:04X}", vid, pid);
  auto* entry = library_->hwdb_properties(database_.get(), alias.c_str(), 0);
  for (; entry != nullptr; entry = library_->entry_next(entry)) {
    const std::string_view name = library_->entry_name(entry);
    const char* value = library_->entry_value(entry);
    if (value == nullptr) continue;
    if (name == "ID_VENDOR_FROM_DATABASE") out.vendor = value;
    if (name == "ID_MODEL_FROM_DATABASE") out.product = value;
  }
  return out;
}

namespace {

/// udevd's control socket is there as long as it runs.
constexpr const char* udevd_socket = "/run/udev/control";

std::string text(const char* value) { return value == nullptr ? std::string() : value; }

}  // namespace

struct Monitor::Shared {
  Shared(const asio::any_io_executor& executor, const Library& functions)
      : library(functions), descriptor(executor) {}
  ~Shared() { descriptor.release(); }  // the monitor closes it
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  const Library& library;
  std::shared_ptr<::udev> context;
  std::shared_ptr<::udev_monitor> monitor;
  asio::posix::stream_descriptor descriptor;
};

Monitor::Monitor(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
Monitor::Monitor(Monitor&&) noexcept = default;
Monitor& Monitor::operator=(Monitor&&) noexcept = default;
Monitor::~Monitor() {
  boost::system::error_code ignored;
  if (shared_) shared_->descriptor.cancel(ignored);
}

Monitor::Voice Monitor::voice_here() {
  return ::access(udevd_socket, F_OK) == 0 ? Voice::udevd : Voice::kernel;
}

Result<Monitor> Monitor::open(const asio::any_io_executor& executor, Voice voice) {
  AIOT_TRY(const Library* library, Library::get());
  auto shared = std::make_shared<Shared>(executor, *library);
  shared->context = library->context();
  if (!shared->context) return make_error(Errc::io, "udev");
  const char* group = voice == Voice::udevd ? "udev" : "kernel";
  shared->monitor = {library->monitor_new(shared->context.get(), group), library->monitor_unref};
  if (!shared->monitor) return make_error(Errc::io, "the kernel's messages about devices");
  ::udev_monitor* monitor = shared->monitor.get();
  for (const char* subsystem : {"usb", "tty"}) {
    if (library->monitor_match(monitor, subsystem, nullptr) < 0)
      return make_error(Errc::io, "the filter of udev's messages");
  }
  if (library->monitor_enable(monitor) < 0)
    return make_error(Errc::io, "listening to udev's messages");
  boost::system::error_code error;
  shared->descriptor.assign(library->monitor_fd(monitor), error);
  if (error) return make_error(Errc::io, error.message());
  return Monitor(std::move(shared));
}

Task<Change> Monitor::next(TimePoint deadline) {
  const std::shared_ptr<Shared> shared = shared_;
  const Library& library = shared->library;
  while (true) {
    const std::shared_ptr<::udev_device> device(library.monitor_receive(shared->monitor.get()),
                                                [&library](::udev_device* d) {
                                                  if (d != nullptr) library.device_unref(d);
                                                });
    if (device) {
      Change change;
      change.action = text(library.device_action(device.get()));
      change.subsystem = text(library.device_subsystem(device.get()));
      change.sys_path = text(library.device_syspath(device.get()));
      co_return change;
    }
    auto start = [shared](auto handler) {
      shared->descriptor.async_wait(
          asio::posix::descriptor_base::wait_read,
          [shared, handler = std::move(handler)](const boost::system::error_code& error) mutable {
            handler(error);
          });
    };
    auto stop = [shared] {
      boost::system::error_code ignored;
      shared->descriptor.cancel(ignored);
    };
    auto ready = co_await by_deadline<boost::system::error_code>(deadline, start, stop);
    if (!ready) co_return std::move(ready).error();
    const auto [error] = *ready;
    if (error) co_return make_error(Errc::io, error.message());
  }
}

}  // namespace aiot::net::udev
