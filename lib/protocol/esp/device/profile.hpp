#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "aiot/result.hpp"

namespace aiot::esp::device {

/// How long things take on a virtual device. All times are on the engine's clock.
///
/// - A byte occupies the wire for 10 bits at the sender's rate; each direction is a wire of its
/// own.
/// - The chip starts on a request when the last byte of its frame has arrived and it is idle.
/// - `command` passes, then the work a loader does before it answers; the reply then enters the
/// wire.
/// - A byte reaches the host `turn_around` after it has left the wire, in packets of at most
///   `packet` of wire time: what a USB adapter does. Towards the device there is no such delay.
/// - Erase and program times are the typical values of Winbond's W25Q32JV datasheet, revision G.
///
/// The values are fixed: they are what the benchmarks are stated against.
struct Profile {
  using Time = std::chrono::nanoseconds;

  std::string_view name;
  std::string_view description;
  bool paced = true;  ///< false: bytes take no time on the wire
  Time turn_around{};
  Time packet{};
  Time command{};
  Time md5_per_mib{};
  Time page_program{};  ///< 256 bytes, or a part of such a page
  Time erase_4k{};
  Time erase_32k{};
  Time erase_64k{};
  Time erase_chip{};
  Time boot{};        ///< from leaving reset to listening in the loader
  Time strap{};       ///< EN's capacitor: from its release until GPIO0 is sampled
  Time stub_start{};  ///< from MEM_END's reply to OHAI
};

/// All profiles; the first is the default.
std::span<const Profile> profiles();
/// The profile of that name, "" for the default; Errc::unknown_profile.
Result<Profile> find_profile(std::string_view name);

}  // namespace aiot::esp::device
