#include "net/holder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

namespace aiot::net {
namespace {

namespace fs = std::filesystem;

/// True when the descriptor is the master of pseudo-terminal `index` (proc(5), fdinfo).
bool is_master_of(const fs::path& process, const std::string& descriptor,
                  const std::string& index) {
  std::ifstream info(process / "fdinfo" / descriptor);
  for (std::string line; std::getline(info, line);) {
    if (line == "tty-index:\t" + index) return true;
  }
  return false;
}

/// Another program behind a pseudo-terminal keeps the other end open too: that is no user of it.
bool has_open(const fs::path& process, const std::string& device) {
  constexpr std::string_view pts = "/dev/pts/";
  const bool self = process.filename() == std::to_string(::getpid());
  const std::string index = !self && device.starts_with(pts) ? device.substr(pts.size()) : "";
  bool found = false;
  std::error_code error;
  for (fs::directory_iterator it(process / "fd", error), end; !error && it != end;
       it.increment(error)) {
    std::error_code gone;
    const std::string target = fs::read_symlink(it->path(), gone);
    if (gone) continue;
    if (!index.empty() && target.ends_with("/ptmx") &&
        is_master_of(process, it->path().filename(), index)) {
      return false;
    }
    found = found || target == device;
  }
  return found;
}

}  // namespace

std::vector<Holder> find_holders(const std::string& device, const std::string& proc) {
  std::vector<Holder> out;
  std::error_code error;
  for (fs::directory_iterator it(proc, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename();
    Holder holder;
    const auto [stop, bad] = std::from_chars(name.data(), name.data() + name.size(), holder.pid);
    if (bad != std::errc() || stop != name.data() + name.size()) continue;
    if (!has_open(it->path(), device)) continue;
    std::ifstream comm(it->path() / "comm");
    std::getline(comm, holder.name);
    out.push_back(std::move(holder));
  }
  std::sort(out.begin(), out.end(), [](const Holder& a, const Holder& b) { return a.pid < b.pid; });
  return out;
}

std::string describe_holders(const std::vector<Holder>& holders) {
  std::string out;
  for (const Holder& holder : holders) {
    out += out.empty() ? "" : ", ";
    out += holder.pid == ::getpid() ? "this process"
                                    : fmt::format("{} (process {})", holder.name, holder.pid);
  }
  return out;
}

std::string release_hint(const std::string& device, const std::vector<Holder>& holders) {
  for (const Holder& holder : holders) {
    if (holder.name.starts_with("ModemManager")) {
      return "ModemManager takes new ports for modems: run `sudo systemctl stop ModemManager`, or "
             "make it leave this one for good with a udev rule that sets "
             "ENV{ID_MM_DEVICE_IGNORE}=\"1\"";
    }
    if (holder.name.starts_with("brltty")) {
      return "brltty takes USB bridges for Braille displays: run `sudo systemctl stop "
             "brltty-udev.service` and mask it, or remove the package brltty";
    }
  }
  if (holders.empty()) {
    return fmt::format("`sudo fuser -v {}` shows who has it open", device);
  }
  if (holders.front().pid == ::getpid()) return "give every port once";
  return fmt::format("close {}, then try again", holders.front().name);
}

std::string permission_hint(const std::string& device, std::string_view group, bool group_may,
                            bool member) {
  if (group_may && !member && group != "root") {
    return fmt::format(
        "the port belongs to the group {0}: run `sudo usermod -aG {0} \"$USER\"`, then log out and "
        "in again",
        group);
  }
  const std::string node = device.substr(device.rfind('/') + 1);
  return fmt::format(
      "no group has access to {}: add a udev rule such as "
      "`KERNEL==\"{}\", GROUP=\"dialout\", MODE=\"0660\"` below /etc/udev/rules.d, then plug the "
      "device in again",
      device, node);
}

}  // namespace aiot::net
