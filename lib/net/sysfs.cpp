#include "net/sysfs.hpp"

#include <charconv>
#include <fstream>

namespace aiot::net {

namespace fs = std::filesystem;

std::string attribute(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.pop_back();
  return line;
}

std::uint32_t hex_attribute(const fs::path& file) {
  const std::string text = attribute(file);
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

fs::path usb_folder_of(const fs::path& device, const DeviceRoots& roots) {
  const fs::path top(roots.sys);
  std::error_code error;
  for (fs::path dir = device; dir != top && dir.has_relative_path(); dir = dir.parent_path()) {
    if (fs::exists(dir / "idVendor", error)) return dir;
  }
  return {};
}

}  // namespace aiot::net
