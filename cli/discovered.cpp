#include "discovered.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

namespace aiot::cli {
namespace {

constexpr std::size_t longest_address = 200;
constexpr std::size_t most_addresses = 1000;

bool is_plain(const std::string& address) {
  return address.size() <= longest_address &&
         std::all_of(address.begin(), address.end(), [](unsigned char c) {
           return (c < 0x80 && std::isalnum(c) != 0) ||
                  std::string_view(":/._=%@?+,-[]").find(static_cast<char>(c)) !=
                      std::string_view::npos;
         });
}

std::string lines_of(const discover::Report& report) {
  std::set<std::string> addresses;
  for (const discover::DeviceRecord& device : report.devices) {
    for (const Address& address : device.addresses) {
      std::string text = address.str();
      if (is_plain(text) && addresses.size() < most_addresses) addresses.insert(std::move(text));
    }
  }
  std::string lines;
  for (const std::string& address : addresses) lines += address + '\n';
  return lines;
}

/// A new file takes the old one's place at once: a shell never reads half of it.
void write_whole(const std::filesystem::path& file, const std::string& text) {
  const std::string part = file.string() + ".part-" + std::to_string(::getpid());
  const int fd =
      ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (fd < 0) return;
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  if (!written || ::rename(part.c_str(), file.c_str()) != 0) ::unlink(part.c_str());
}

}  // namespace

std::string discovered_file(const Environment& environment) {
  const auto variable = [&](const char* name) {
    return environment.variable ? environment.variable(name).value_or("") : std::string();
  };
  std::string folder = variable("XDG_CACHE_HOME");
  if (folder.empty() && !variable("HOME").empty()) folder = variable("HOME") + "/.cache";
  return folder.starts_with('/') ? folder + "/aiot/discovered" : std::string();
}

void remember_devices(const discover::Report& report, const Environment& environment) {
  const std::filesystem::path file = discovered_file(environment);
  if (file.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(file.parent_path().parent_path(), ignored);
  ::mkdir(file.parent_path().c_str(), S_IRWXU);
  write_whole(file, lines_of(report));
}

}  // namespace aiot::cli
