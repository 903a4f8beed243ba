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

bool has_open(const fs::path& process, const std::string& device) {
  std::error_code error;
  for (fs::directory_iterator it(process / "fd", error), end; !error && it != end;
       it.increment(error)) {
    std::error_code gone;
    if (fs::read_symlink(it->path(), gone) == device && !gone) return true;
  }
  return false;
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
