#include "protocol/esp/device/work.hpp"

namespace aiot::esp::device {

std::optional<Block> parse_block(const Request& request) {
  if (request.data.size() < block_header_bytes) return std::nullopt;
  Block block;
  block.sequence = word(request.data, 1);
  block.payload = request.data.subspan(block_header_bytes);
  if (word(request.data, 0) != block.payload.size()) return std::nullopt;
  block.checksum_good = request.check == checksum(block.payload);
  return block;
}

void write_registers(Parts& parts, ByteSpan entries, Work& work) {
  for (; entries.size() >= 16; entries = entries.subspan(16)) {
    work.before += std::chrono::microseconds(word(entries, 3));
    if (auto bites = parts.registers.write(word(entries, 0), word(entries, 1), word(entries, 2))) {
      work.watchdog = bites;
    }
  }
}

Bytes security_info(const Parts& parts) {
  const Security& security = parts.security;
  Bytes info;
  append_le32(info, (security.secure_boot ? 1U : 0U) | (security.secure_download ? 1U << 2 : 0U));
  info.push_back(security.flash_encryption ? 1 : 0);
  info.resize(info.size() + 7);  // key purposes
  if (parts.chip.rom.security_info_bytes > 12) {
    append_le32(info, parts.chip.image_id.value_or(0));
    append_le32(info, 0);  // API version
  }
  return info;
}

Profile::Time md5_time(const Profile& profile, std::uint64_t size) {
  return Profile::Time(profile.md5_per_mib.count() * static_cast<std::int64_t>(size) /
                       (1024 * 1024));
}

}  // namespace aiot::esp::device
