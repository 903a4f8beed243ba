#include "net/udev/names.hpp"

#include <fmt/format.h>

#include <string_view>

namespace aiot::net::udev {

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

}  // namespace aiot::net::udev
