#include "image/mcuboot.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/hkdf.hpp"

namespace aiot::image {
namespace {

struct HashTlv {
  McubootTlvType type;
  crypto::Hash kind;
};
constexpr HashTlv hashes[] = {{McubootTlvType::sha256, crypto::Hash::sha256},
                              {McubootTlvType::sha384, crypto::Hash::sha384},
                              {McubootTlvType::sha512, crypto::Hash::sha512}};

ByteSpan hashed_part(ByteSpan file, const McubootImage& image) {
  return file.first(static_cast<std::size_t>(image.hashed_bytes));
}

/// A TLV area at `at`: its size, its head counted, with its entries added to `image`.
Result<std::uint64_t> read_tlvs(ByteSpan file, std::uint64_t at, bool is_protected,
                                McubootImage& image) {
  const std::uint64_t size = load_le16(&file[at + 2]);
  if (size < mcuboot_tlv_head_bytes || at + size > file.size()) {
    return make_error(Errc::truncated, "its TLVs");
  }
  const std::uint64_t end = at + size;
  for (at += mcuboot_tlv_head_bytes; at < end;) {
    if (end - at < mcuboot_tlv_head_bytes)
      return make_error(Errc::bad_header, "a TLV that is cut off");
    McubootTlv tlv;
    tlv.type = load_le16(&file[at]);
    const std::uint64_t length = load_le16(&file[at + 2]);
    at += mcuboot_tlv_head_bytes;
    if (length > end - at) {
      return make_error(Errc::bad_header,
                        fmt::format("TLV {:#06x} is longer than its area", tlv.type));
    }
    const ByteSpan value = file.subspan(at, length);
    tlv.value.assign(value.begin(), value.end());
    tlv.is_protected = is_protected;
    image.tlvs.push_back(std::move(tlv));
    at += length;
  }
  return size;
}

bool area_at(ByteSpan file, std::uint64_t at, std::uint16_t magic) {
  return at + mcuboot_tlv_head_bytes <= file.size() && load_le16(&file[at]) == magic;
}

}  // namespace

const McubootTlv* McubootImage::find(McubootTlvType type) const {
  const auto found = std::ranges::find(tlvs, static_cast<std::uint16_t>(type), &McubootTlv::type);
  return found == tlvs.end() ? nullptr : &*found;
}

bool is_mcuboot(ByteSpan file) {
  return file.size() >= 4 && load_le32(file.data()) == mcuboot_magic;
}

Result<McubootImage> parse_mcuboot(ByteSpan file) {
  if (!is_mcuboot(file)) return make_error(Errc::not_an_image, "no header of MCUboot");
  if (file.size() < mcuboot_header_bytes) return make_error(Errc::truncated, "its header");
  McubootImage image;
  image.load_address = load_le32(&file[4]);
  image.header_bytes = load_le16(&file[8]);
  const std::uint16_t protected_bytes = load_le16(&file[10]);
  image.payload_bytes = load_le32(&file[12]);
  image.flags = load_le32(&file[16]);
  const std::uint32_t build = load_le32(&file[24]);
  image.version = fmt::format("{}.{}.{}", file[20], file[21], load_le16(&file[22]));
  if (build != 0) image.version += fmt::format("+{}", build);
  if (image.header_bytes < mcuboot_header_bytes) {
    return make_error(Errc::bad_header, fmt::format("a header of {} bytes", image.header_bytes));
  }
  std::uint64_t at = std::uint64_t{image.header_bytes} + image.payload_bytes;
  if (at > file.size()) return make_error(Errc::truncated, "its payload");
  if (protected_bytes != 0) {
    if (!area_at(file, at, mcuboot_protected_magic)) {
      return make_error(Errc::bad_header, "no protected TLVs where the header has them");
    }
    AIOT_TRY(const std::uint64_t size, read_tlvs(file, at, true, image));
    if (size != protected_bytes) {
      return make_error(Errc::bad_header, "protected TLVs of another size than in the header");
    }
    at += size;
  }
  image.hashed_bytes = at;
  if (!area_at(file, at, mcuboot_tlv_magic)) return make_error(Errc::truncated, "its TLVs");
  AIOT_TRY(const std::uint64_t size, read_tlvs(file, at, false, image));
  image.total_bytes = at + size;
  for (const auto& [type, kind] : hashes) {
    const McubootTlv* hash = image.find(type);
    if (hash == nullptr) continue;
    image.hash = hash->value;
    image.hash_valid = image.hash == crypto::digest(kind, hashed_part(file, image));
    break;
  }
  const McubootTlv* counter = image.find(McubootTlvType::security_counter);
  if (counter != nullptr && counter->value.size() == 4) {
    image.security_counter = load_le32(counter->value.data());
  }
  return image;
}

bool is_signed_by(ByteSpan file, const McubootImage& image, const crypto::PublicKey& key) {
  const bool is_ecdsa = key.type() == crypto::KeyType::ecdsa_p256;
  const McubootTlvType wanted = is_ecdsa ? McubootTlvType::ecdsa : McubootTlvType::ed25519;
  const McubootTlv* pure = image.find(McubootTlvType::pure);
  const bool is_pure = pure != nullptr && pure->value == Bytes{1};
  // ECDSA hashes the message; Ed25519 takes the stored hash as its message, unless it is pure.
  const bool over_hash = !is_ecdsa && !is_pure;
  if (!image.hash_valid || (is_ecdsa && image.hash.size() != 32)) return false;
  const ByteSpan message = over_hash ? ByteSpan(image.hash) : hashed_part(file, image);
  return std::ranges::any_of(image.tlvs, [&](const McubootTlv& tlv) {
    if (tlv.is_protected || tlv.type != static_cast<std::uint16_t>(wanted)) return false;
    ByteSpan signature = tlv.value;
    if (is_ecdsa && signature.size() > 2) {  // zeros may follow, up to 72 bytes
      signature = signature.first(std::min<std::size_t>(signature.size(), 2U + signature[1]));
    }
    return key.verify(message, signature);
  });
}

}  // namespace aiot::image
