#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace aiot::net {

/// A process that has a device open.
struct Holder {
  pid_t pid = 0;
  std::string name;  ///< as the kernel shows it, at most 15 characters

  friend bool operator==(const Holder&, const Holder&) = default;
};

/// Who has `device` (a resolved path) open, sorted by process id. Only processes whose descriptors
/// this one may look at are seen: all for root, one's own otherwise.
std::vector<Holder> find_holders(const std::string& device, const std::string& proc = "/proc");

/// "ModemManager (process 812), minicom (process 4711)".
std::string describe_holders(const std::vector<Holder>& holders);

/// What makes them leave the port.
std::string release_hint(const std::string& device, const std::vector<Holder>& holders);

/// What lets this user open `device`, whose group is `group`; `group_may` is true when its members
/// may read and write it, `member` when this process is one.
std::string permission_hint(const std::string& device, std::string_view group, bool group_may,
                            bool member);

}  // namespace aiot::net
