#include "image/mcuboot_sign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include "crypto/hkdf.hpp"
#include "image/limits.hpp"
#include "image/mcuboot.hpp"

namespace aiot::image {
namespace {

constexpr std::uint8_t erased = 0xFF;
constexpr std::size_t magic_bytes = 16;
constexpr std::uint32_t least_max_align = 8;

void add_tlv(Bytes& area, McubootTlvType type, ByteSpan value) {
  append_le16(area, static_cast<std::uint16_t>(type));
  append_le16(area, static_cast<std::uint16_t>(value.size()));
  append(area, value);
}

/// An area with its head; nothing when it has no entry.
Bytes area_of(std::uint16_t magic, const Bytes& entries) {
  Bytes out;
  if (entries.empty()) return out;
  append_le16(out, magic);
  append_le16(out, static_cast<std::uint16_t>(entries.size() + mcuboot_tlv_head_bytes));
  append(out, entries);
  return out;
}

Bytes version_bytes(const McubootVersion& version) {
  Bytes out{version.major, version.minor};
  append_le16(out, version.revision);
  append_le32(out, version.build);
  return out;
}

Bytes protected_area(const McubootSettings& settings) {
  Bytes entries;
  if (settings.security_counter) {
    Bytes counter;
    append_le32(counter, *settings.security_counter);
    add_tlv(entries, McubootTlvType::security_counter, counter);
  }
  for (const McubootDependency& dependency : settings.dependencies) {
    Bytes value{dependency.image, 0, 0, 0};
    append(value, version_bytes(dependency.version));
    add_tlv(entries, McubootTlvType::dependency, value);
  }
  return area_of(mcuboot_protected_magic, entries);
}

Bytes header_of(const McubootSettings& settings, std::size_t protected_bytes,
                std::size_t payload_bytes) {
  Bytes out;
  append_le32(out, mcuboot_magic);
  append_le32(out, 0);  // load address
  append_le16(out, settings.header_bytes);
  append_le16(out, static_cast<std::uint16_t>(protected_bytes));
  append_le32(out, static_cast<std::uint32_t>(payload_bytes));
  append_le32(out, 0);  // flags
  append(out, version_bytes(settings.version));
  append_le32(out, 0);
  return out;
}

std::uint32_t max_align(const McubootSlot& slot) { return std::max(least_max_align, slot.align); }

std::uint64_t aligned_magic_bytes(const McubootSlot& slot) {
  const std::uint32_t align = max_align(slot);
  return (magic_bytes + align - 1) / align * align;
}

/// What the boot loader keeps at the end of a slot: the progress of a swap, and its flags.
std::uint64_t trailer_bytes(const McubootSlot& slot) {
  return std::uint64_t{slot.sectors} * 3 * slot.align + std::uint64_t{max_align(slot)} * 4 +
         aligned_magic_bytes(slot);
}

std::array<std::uint8_t, magic_bytes> trailer_magic(const McubootSlot& slot) {
  if (max_align(slot) == least_max_align) {
    return {0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f,
            0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80};
  }
  return {static_cast<std::uint8_t>(max_align(slot)),
          0,
          0x2d,
          0xe1,
          0x5d,
          0x29,
          0x41,
          0x0b,
          0x8d,
          0x77,
          0x67,
          0x9c,
          0x11,
          0x0f,
          0x1f,
          0x8a};
}

void fill_slot(Bytes& image, const McubootSlot& slot) {
  image.resize(static_cast<std::size_t>(slot.bytes), erased);
  std::ranges::copy(trailer_magic(slot), image.end() - magic_bytes);
  if (slot.confirm) {
    image[image.size() - static_cast<std::size_t>(aligned_magic_bytes(slot) + max_align(slot))] = 1;
  }
}

Result<void> check_slot(const McubootSlot& slot) {
  if (!std::has_single_bit(slot.align) || slot.align > 32) {
    return make_error(Errc::bad_header, fmt::format("an alignment of {}", slot.align),
                      "use 1, 2, 4, 8, 16 or 32");
  }
  if (slot.bytes > limits::output_bytes || slot.sectors > (1U << 16)) {
    return make_error(Errc::too_large, fmt::format("a slot of {} bytes", slot.bytes),
                      "give the size of the slot in the flash of the device");
  }
  return {};
}

/// The payload with room for the header in front of it.
Result<Bytes> with_header_room(ByteSpan payload, const McubootSettings& settings) {
  const std::size_t head = settings.header_bytes;
  if (head < 32 || head % 4 != 0) {
    return make_error(Errc::bad_header, fmt::format("a header of {} bytes", head),
                      "give a multiple of 4 that is at least 32");
  }
  if (payload.size() > limits::file_bytes) {
    return make_error(Errc::too_large, "the payload", "check that it is the right file");
  }
  Bytes image;
  if (settings.pad_header) {
    image.resize(head, erased);
    append(image, payload);
  } else {
    const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
    if (payload.size() < head || !std::ranges::all_of(payload.first(head), is_zero)) {
      return make_error(Errc::bad_header,
                        fmt::format("the payload does not begin with {} zeros", head),
                        "build it with room for the header, or add the header in front");
    }
    image.assign(payload.begin(), payload.end());
  }
  if (image.size() == head) {
    return make_error(Errc::empty_file, "the payload", "check what the build made");
  }
  return image;
}

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

/// A number behind `mark`, when the mark is there.
template <class Number>
bool take_part(std::string_view& text, char mark, Number& number) {
  if (!text.starts_with(mark)) return true;
  text.remove_prefix(1);
  return take_number(text, number);
}

}  // namespace

Result<McubootVersion> parse_mcuboot_version(std::string_view text) {
  McubootVersion out;
  std::string_view rest = text;
  const bool ok = take_number(rest, out.major) && take_part(rest, '.', out.minor) &&
                  take_part(rest, '.', out.revision) && take_part(rest, '+', out.build);
  if (ok && rest.empty()) return out;
  return make_error(Errc::bad_version, std::string(text.substr(0, 64)),
                    "write it as MAJOR.MINOR.REVISION+BUILD, such as 1.2.3+4");
}

std::uint32_t security_counter_of(const McubootVersion& version) {
  return std::uint32_t{version.major} << 24 | std::uint32_t{version.minor} << 16 | version.revision;
}

Result<Bytes> sign_mcuboot(ByteSpan payload, const McubootSettings& settings,
                           const crypto::Signer& signer) {
  const bool is_ecdsa = signer.public_key().type() == crypto::KeyType::ecdsa_p256;
  if (settings.pure && is_ecdsa) {
    return make_error(Errc::unsupported, "a pure signature with ECDSA", "use an Ed25519 key");
  }
  if (settings.slot) {
    AIOT_CHECK(check_slot(*settings.slot));
  }
  if (settings.dependencies.size() > 255) {
    return make_error(Errc::too_large, "more than 255 dependencies");
  }
  AIOT_TRY(Bytes image, with_header_room(payload, settings));

  const Bytes protected_tlvs = protected_area(settings);
  const Bytes header =
      header_of(settings, protected_tlvs.size(), image.size() - settings.header_bytes);
  std::ranges::copy(header, image.begin());
  append(image, protected_tlvs);

  const crypto::Hash kind = settings.pure ? crypto::Hash::sha512 : crypto::Hash::sha256;
  const Bytes hash = crypto::digest(kind, image);
  const bool over_hash = !is_ecdsa && !settings.pure;
  AIOT_TRY(const Bytes signature, signer.sign(over_hash ? hash : image));
  Bytes entries;
  add_tlv(entries, settings.pure ? McubootTlvType::sha512 : McubootTlvType::sha256, hash);
  if (settings.pure) add_tlv(entries, McubootTlvType::pure, Bytes{1});
  add_tlv(entries, McubootTlvType::key_hash, crypto::digest(kind, signer.public_key().spki_der()));
  add_tlv(entries, is_ecdsa ? McubootTlvType::ecdsa : McubootTlvType::ed25519, signature);
  append(image, area_of(mcuboot_tlv_magic, entries));

  if (settings.slot) {
    const McubootSlot& slot = *settings.slot;
    const std::uint64_t needed = image.size() + trailer_bytes(slot);
    if (needed > slot.bytes) {
      return make_error(Errc::does_not_fit,
                        fmt::format("the image and its trailer have {} bytes, the slot has {}",
                                    needed, slot.bytes),
                        "make the firmware smaller, or the slot larger");
    }
    if (slot.pad || slot.confirm) fill_slot(image, slot);
  }
  return image;
}

}  // namespace aiot::image
