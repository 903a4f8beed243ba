#pragma once

#include <optional>

#include "protocol/esp/loader.hpp"

namespace aiot::esp {

/// What a chip tells of itself to whoever asks.
struct Identity {
  const Chip* chip = nullptr;
  std::optional<Mac> mac;                 ///< not told in secure download mode
  std::optional<std::uint32_t> revision;  ///< major * 100 + minor; likewise
  SecurityInfo security;
  std::uint32_t flash_bytes = 0;  ///< 0 when it does not tell
};

/// Resets what is behind `link` into its loader, asks who it is, and starts the application again,
/// also after a failure or a cancellation. Errors are those of Loader; Errc::no_sync after two
/// resets: whatever is there is no ESP, or is held by something.
net::Task<Identity> identify(net::Link& link);

}  // namespace aiot::esp
