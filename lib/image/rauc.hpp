#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "image/errors.hpp"

/// Bundles of RAUC: "Reference: Manifest" and "Bundle Formats" of its manual. A bundle is a
/// squashfs, in the format verity a dm-verity hash tree, a CMS message, and its length in 8 bytes.
namespace aiot::image {

enum class RaucFormat {
  plain,   ///< a detached signature over the squashfs; the manifest is inside the squashfs
  verity,  ///< a signed manifest with the root hash of the tree over the squashfs
  crypt,   ///< the same, encrypted
};
/// "plain", "verity", "crypt".
std::string_view name_of(RaucFormat format);

/// An image in the manifest.
struct RaucImage {
  std::string slot;  ///< the slot class, such as "rootfs"
  std::string file;
  std::string sha256;  ///< hexadecimal
  std::uint64_t size_bytes = 0;
};

struct RaucBundle {
  RaucFormat format = RaucFormat::plain;
  std::uint64_t payload_bytes = 0;    ///< squashfs and hash tree: what is in front of the message
  std::uint64_t signature_bytes = 0;  ///< of the CMS message behind it
  // Of the manifest; empty for the format plain.
  std::string compatible;
  std::string version;
  std::string build;
  std::vector<RaucImage> images;
  Bytes verity_salt;
  Bytes verity_hash;
  std::uint64_t verity_bytes = 0;  ///< of the hash tree

  ByteSpan payload(ByteSpan file) const {
    return file.first(static_cast<std::size_t>(payload_bytes));
  }
  ByteSpan signature(ByteSpan file) const {
    return file.subspan(static_cast<std::size_t>(payload_bytes),
                        static_cast<std::size_t>(signature_bytes));
  }
};

/// True when `file` begins with a squashfs and ends with the length of a message in it.
bool is_rauc(ByteSpan file);
/// Nothing of it is verified. Errc::not_an_image, bad_bundle; errors of the CMS message.
Result<RaucBundle> parse_rauc(ByteSpan file);
/// Whether payload and tree of a bundle in the format verity are those of its manifest: every block
/// hashed again. False for other formats. `file` is what parse_rauc() read the bundle from.
bool is_tree_valid(ByteSpan file, const RaucBundle& bundle);

}  // namespace aiot::image
