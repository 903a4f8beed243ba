// The host's session against the virtual chip, every chip, ROM and stub, on virtual time.
#include <doctest/doctest.h>

#include <algorithm>

#include "support/memory_link.hpp"
#include "protocol/esp/device/device.hpp"
#include "protocol/esp/loader.hpp"
#include "show.hpp"

using namespace aiot;
using namespace aiot::esp;

namespace {

constexpr Mac mac{0x24, 0x0A, 0xC4, 0x01, 0x02, 0x03};
constexpr std::uint32_t flash_bytes = 4u << 20;

Bytes pattern(std::size_t size) {
  Bytes out(size);
  std::uint32_t state = 1;
  for (std::uint8_t& b : out) {
    state = state * 1664525 + 1013904223;
    b = static_cast<std::uint8_t>(state >> 24);
  }
  return out;
}

/// RFC 1950 and 1951: `data` in stored blocks.
Bytes stored_zlib(ByteSpan data) {
  Bytes out{0x78, 0x01};
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const std::uint8_t byte : data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  while (!data.empty()) {
    const std::size_t size = std::min<std::size_t>(data.size(), 0xFFFF);
    out.push_back(size == data.size() ? 1 : 0);
    append_le16(out, static_cast<std::uint16_t>(size));
    append_le16(out, static_cast<std::uint16_t>(~size));
    append(out, data.first(size));
    data = data.subspan(size);
  }
  const std::uint32_t adler = (b << 16) | a;
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(adler >> shift));
  return out;
}

net::Task<void> whole_session(Loader& loader, bool with_stub) {
  ConnectOptions options;
  AIOT_CO_CHECK(co_await loader.connect(std::move(options)));
  if (with_stub) {
    Stub stub;
    stub.chip = &loader.chip();
    stub.text = pattern(8000);
    stub.text_start = 0x40080000;
    stub.entry = 0x40080000;
    AIOT_CO_CHECK(co_await loader.run_stub(stub));
  }
  if (loader.can_change_baud()) {
    AIOT_CO_CHECK(co_await loader.change_baud(921600));
  }
  AIOT_CO_TRY(const Mac read, co_await loader.read_mac());
  CHECK(read == mac);
  AIOT_CO_TRY(const SecurityInfo info, co_await loader.security_info());
  CHECK(!info.secure_boot);
  CHECK(!info.flash_encryption);
  AIOT_CO_TRY(const FlashId id, co_await loader.attach_flash());
  CHECK(id.size_bytes == flash_bytes);
  AIOT_CO_CHECK(co_await loader.set_flash_size(id.size_bytes));
  const Bytes raw = pattern(3 * 0x4000 + 0x1000);
  AIOT_CO_CHECK(co_await loader.write(0x10000, raw, nullptr));
  if (loader.can_deflate()) {
    const Bytes packed = stored_zlib(raw);
    const auto size = static_cast<std::uint32_t>(raw.size());
    AIOT_CO_CHECK(co_await loader.write_deflated(0x40000, size, packed, nullptr));
    AIOT_CO_TRY(const crypto::Md5 sum, co_await loader.md5(0x40000, size));
    CHECK(sum == crypto::md5(raw));
    Bytes back;
    std::function<Result<void>(ByteSpan)> sink = [&back](ByteSpan bytes) -> Result<void> {
      append(back, bytes);
      return {};
    };
    AIOT_CO_CHECK(co_await loader.read(0x10000, 0x2100, sink));
    CHECK(back == Bytes(raw.begin(), raw.begin() + 0x2100));
    AIOT_CO_CHECK(co_await loader.erase_region(0x40000, 0x1000));
  }
  AIOT_CO_CHECK(co_await loader.leave(true));
  co_return Result<void>();
}

void try_chip(const Chip& chip, bool with_stub) {
  CAPTURE(chip.name);
  CAPTURE(with_stub);
  net::asio::io_context context;
  net::VirtualClock clock;
  device::Options options;
  options.chip = std::string(chip.name);
  options.mac = mac;
  options.profile = *device::find_profile("");
  auto chip_side =
      *device::Device::make(std::move(options), *device::FlashMemory::in_memory(flash_bytes));
  net::MemoryLink link(clock, *chip_side);
  Loader loader(link);
  Result<void> done =
      clock.run(context, [&loader, with_stub] { return whole_session(loader, with_stub); });
  CHECK(done);
  CHECK(clock.elapsed() < std::chrono::seconds(120));
}

}  // namespace

TEST_CASE("the whole session, every chip, by its ROM") {
  for (const Chip& chip : chips()) try_chip(chip, false);
}

TEST_CASE("the whole session, every chip, by a stub") {
  for (const Chip& chip : chips()) try_chip(chip, true);
}
