#include <fmt/format.h>

#include <algorithm>

#include "aiot/units.hpp"
#include "job/flash/device.hpp"
#include "job/flash/error.hpp"
#include "protocol/esp/error.hpp"

// What a device has in its flash: small reads into memory, and the partition table.
namespace aiot::flash {
namespace {

constexpr std::uint32_t table_offset = 0x8000;
constexpr std::uint32_t table_size = 0xC00;
constexpr std::uint32_t entry_size = 32;
constexpr int max_reads = 3;

}  // namespace

net::Task<bool> Device::arrived_whole(std::uint32_t offset, ByteSpan bytes) {
  if (loader_->stub_running() || !loader_->can_md5()) co_return true;
  AIOT_CO_TRY(const crypto::Md5 there,
              co_await loader_->md5(offset, static_cast<std::uint32_t>(bytes.size())));
  co_return there == crypto::md5(bytes);
}

net::Task<Bytes> Device::read_bytes(std::uint32_t offset, std::uint32_t size) {
  for (int attempt = 1; attempt <= max_reads; ++attempt) {
    Bytes out;
    out.reserve(size);
    std::function<Result<void>(ByteSpan)> sink = [&out](ByteSpan bytes) -> Result<void> {
      append(out, bytes);
      return {};
    };
    AIOT_CO_CHECK(co_await loader_->read(offset, size, std::move(sink)));
    AIOT_CO_TRY(const bool whole, co_await arrived_whole(offset, out));
    if (whole) co_return out;
  }
  co_return make_error(esp::Errc::md5_mismatch, fmt::format("reading at {}", format_hex(offset)),
                       "a slower wire may carry the bytes unharmed");
}

net::Task<image::PartitionTable> Device::read_table() {
  if (!loader_->can_read()) {
    co_return make_error(esp::Errc::rom_cannot, "reading the partition table",
                         "use a stub, or give offsets instead of partition names");
  }
  // Most tables have fewer than eight entries: the rest is read only where the end is not seen.
  Bytes table;
  for (const std::uint32_t until : {8 * entry_size, 32 * entry_size, table_size}) {
    const auto have = static_cast<std::uint32_t>(table.size());
    AIOT_CO_TRY(const Bytes more, co_await read_bytes(table_offset + have, until - have));
    append(table, more);
    const bool ended =
        std::any_of(more.begin(), more.end(), [](std::uint8_t b) { return b != 0xFF; })
            ? std::all_of(table.end() - entry_size, table.end(),
                          [](std::uint8_t b) { return b == 0xFF; })
            : true;
    if (ended) break;
  }
  auto parsed = image::parse_partition_table(table);
  if (!parsed) {
    co_return make_error(Errc::no_table, parsed.error().message(),
                         "write a partition table first, or give offsets");
  }
  co_return *std::move(parsed);
}

}  // namespace aiot::flash
