#include "protocol/alibaba/genie.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/digest.hpp"

namespace aiot::alibaba {
namespace {

constexpr std::array<std::uint8_t, 3> genie_head = {0xA8, 0x01, 0x71};
constexpr std::size_t product_at = 3;
constexpr std::size_t mac_at = 7;
constexpr std::size_t flags_at = 13;

}  // namespace

std::optional<GenieUuid> parse_genie_uuid(ByteSpan uuid) {
  if (uuid.size() != 16 || !std::ranges::equal(uuid.first(genie_head.size()), genie_head))
    return std::nullopt;
  GenieUuid out;
  out.product_id = load_le32(&uuid[product_at]);
  std::ranges::reverse_copy(uuid.subspan(mac_at, out.mac.size()), out.mac.begin());
  out.flags = uuid[flags_at];
  return out;
}

std::array<std::uint8_t, 16> genie_uuid(const GenieUuid& device) {
  std::array<std::uint8_t, 16> out{};
  std::ranges::copy(genie_head, out.begin());
  store_le32(&out[product_at], device.product_id);
  std::ranges::reverse_copy(device.mac, out.begin() + mac_at);
  out[flags_at] = device.flags;
  return out;
}

std::array<std::uint8_t, 16> genie_static_oob(std::uint32_t product_id,
                                              const std::array<std::uint8_t, 6>& mac,
                                              std::string_view secret, std::string_view random) {
  std::string text = fmt::format("{:08x},{},{}", product_id, to_hex(mac), secret);
  if (!random.empty()) text += fmt::format(",{}", random);
  const crypto::Sha256 hash = crypto::sha256(as_bytes(text));
  std::array<std::uint8_t, 16> out{};
  std::copy_n(hash.begin(), out.size(), out.begin());
  return out;
}

}  // namespace aiot::alibaba
