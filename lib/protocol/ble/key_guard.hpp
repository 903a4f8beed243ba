#pragma once

#include <cstdint>
#include <optional>

#include "aiot/bytes.hpp"

namespace aiot::ble {

/// What is known of the safety of one device's adverts.
enum class Security {
  plain,       ///< not encrypted, and nothing says that it should be
  needs_key,   ///< encrypted, and there is no key for it
  wrong_key,   ///< encrypted, and the key does not fit
  opened,      ///< the key fits
  unverified,  ///< decrypted with a key that the format gives no way to check
  wrapped,     ///< opened; the counter went from its end to its beginning
  restarted,   ///< opened; the counter began again, as after a change of batteries
  replayed,    ///< opened, but the counter is not ahead: an older advert sent again
  downgraded,  ///< plain, though there is a key for this device
};
/// "plain", "needs key", …
std::string_view security_text(Security security);
/// True when the advert's readings may be told.
bool is_trusted(Security security);

/// Watches one device, for which there is a key, through its adverts. Pure; time plays no part.
class KeyGuard {
 public:
  /// An advert with readings that is not encrypted.
  Security on_plain() const { return Security::downgraded; }
  /// An encrypted advert. `opened`: the tag fitted. `counter` counts up in `bits` bits, and
  /// `content` is what it came with: devices send the same advert many times over, which is no
  /// replay. A counter that falls is forgiven near its end (wrapped), or when it starts again below
  /// 100 (restarted), as BTHome receivers do.
  Security on_sealed(bool opened, std::uint32_t counter, unsigned bits, ByteSpan content);

  /// An encrypted advert that opened without a tag to prove it (MiBeacon 2 and 3). Such a counter
  /// may be anyone's: one that is behind is told as a replay, but three in a row that count up by
  /// little are a device that began again.
  Security on_untagged(std::uint32_t counter, unsigned bits, ByteSpan content);

 private:
  Security judge(std::uint32_t counter, unsigned bits, ByteSpan content, Security when_ahead) const;
  void move(std::uint32_t counter, ByteSpan content);

  std::optional<std::uint32_t> last_;
  Bytes content_;
  std::optional<std::uint32_t> behind_;  ///< untagged: the last that was behind
  int behind_run_ = 0;                   ///< how many of these counted up
};

}  // namespace aiot::ble
