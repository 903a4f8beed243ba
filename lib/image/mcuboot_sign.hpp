#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "crypto/signing_key.hpp"
#include "image/errors.hpp"

/// Makes images of MCUboot, byte for byte as imgtool 2.4 does.
namespace aiot::image {

struct McubootVersion {
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
  std::uint16_t revision = 0;
  std::uint32_t build = 0;
};
/// "1", "1.2", "1.2.3" or "1.2.3+4". Errc::bad_version.
Result<McubootVersion> parse_mcuboot_version(std::string_view text);

/// Another image that must have at least this version.
struct McubootDependency {
  std::uint8_t image = 0;
  McubootVersion version;
};

/// The slot that the image is for.
struct McubootSlot {
  std::uint64_t bytes = 0;
  std::uint32_t align = 8;      ///< of writes to its flash: 1, 2, 4, 8, 16 or 32
  std::uint32_t sectors = 128;  ///< at most, as the boot loader is built
  bool pad = false;             ///< fill the slot, and mark the image to be booted
  bool confirm = false;         ///< and to stay; implies `pad`
};

struct McubootSettings {
  McubootVersion version;
  std::uint16_t header_bytes = 32;
  /// Put the header in front of the payload. Otherwise the payload begins with `header_bytes`
  /// zeros, which the header takes.
  bool pad_header = false;
  std::optional<std::uint32_t> security_counter;
  std::vector<McubootDependency> dependencies;
  bool pure = false;  ///< sign the bytes, not their hash: Ed25519 alone
  std::optional<McubootSlot> slot;
};

/// What `auto` means for the security counter.
std::uint32_t security_counter_of(const McubootVersion& version);

/// Errc::bad_header for a header size, an alignment or a payload that cannot be; Errc::unsupported
/// for a pure ECDSA signature; Errc::does_not_fit for the slot; Errc::too_large; errors of
/// `signer`.
Result<Bytes> sign_mcuboot(ByteSpan payload, const McubootSettings& settings,
                           const crypto::Signer& signer);

}  // namespace aiot::image
