#include "protocol/esp/device/profile.hpp"

#include <array>
#include <string>

#include "protocol/esp/device/error.hpp"

namespace aiot::esp::device {
namespace {

using namespace std::chrono_literals;

constexpr std::array<Profile, 2> table = {{
    {.name = "default",
     .description =
         "wire paced at the baud rate, 1 ms turn-around, 0.75 ms a command, MD5 at 0.41 s/MiB, "
         "W25Q32JV flash times",
     .paced = true,
     .turn_around = 1ms,
     .packet = 1ms,
     .command = 750us,
     .md5_per_mib = 410ms,
     .page_program = 400us,
     .erase_4k = 45ms,
     .erase_32k = 120ms,
     .erase_64k = 150ms,
     .erase_chip = 10s,
     .boot = 30ms,
     .strap = 5ms,
     .stub_start = 5ms},
    {.name = "fast", .description = "nothing takes time: for tests", .paced = false, .strap = 5ms},
}};

}  // namespace

std::span<const Profile> profiles() { return table; }

Result<Profile> find_profile(std::string_view name) {
  if (name.empty()) return table.front();
  for (const Profile& profile : table) {
    if (profile.name == name) return profile;
  }
  std::string known;
  for (const Profile& profile : table)
    known += (known.empty() ? "" : ", ") + std::string(profile.name);
  return make_error(Errc::unknown_profile, std::string(name), "the profiles are: " + known);
}

}  // namespace aiot::esp::device
