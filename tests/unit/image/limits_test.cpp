// Small files that announce much: refused before anything is allocated for it.
#include "image/limits.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "aiot/firmware.hpp"
#include "elf_builder.hpp"
#include "image/elf.hpp"
#include "temporary_folder.hpp"

using namespace aiot;
using namespace aiot::image;

namespace {

/// The most memory that this process has had, in bytes.
std::uint64_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("VmHWM:")) continue;
    std::istringstream words(line.substr(6));
    std::uint64_t kib = 0;
    words >> kib;
    return kib * 1024;
  }
  return 0;
}

constexpr std::uint64_t allowed_bytes = 200ULL << 20;

/// An ELF whose sections, or segments, all name the same megabyte of it.
Bytes overlapping(bool sections, std::size_t count) {
  constexpr std::uint32_t header = 52;
  constexpr std::uint32_t megabyte = 1 << 20;
  const std::size_t entry = sections ? 40 : 32;
  Bytes elf(header, 0);
  elf[0] = 0x7F;
  elf[1] = 'E';
  elf[2] = 'L';
  elf[3] = 'F';
  elf[4] = elf[5] = 1;
  store_le16(&elf[18], Elf::riscv);
  store_le32(&elf[sections ? 32 : 28], header + megabyte);
  store_le16(&elf[sections ? 46 : 42], static_cast<std::uint16_t>(entry));
  store_le16(&elf[sections ? 48 : 44], static_cast<std::uint16_t>(count));
  elf.resize(header + megabyte, 0x13);
  for (std::size_t i = 0; i < count; ++i) {
    Bytes row(entry, 0);
    const auto address = static_cast<std::uint32_t>(0x42000000 + i * megabyte);
    store_le32(&row[sections ? 4 : 0], 1);
    store_le32(&row[12], address);
    store_le32(&row[sections ? 16 : 4], header);
    store_le32(&row[sections ? 20 : 16], megabyte);
    append(elf, row);
  }
  return elf;
}

std::string convert(ByteSpan bytes, const std::string& to) {
  const test::TemporaryFolder folder;
  firmware::ConvertRequest request;
  request.input = folder.put("in", bytes);
  request.output = folder.path("out");
  request.to = to;
  request.chip = "esp32c6";
  const auto done = firmware::convert(request);
  return done ? "ok" : done.error().stable_code();
}

}  // namespace

TEST_CASE("sections and segments that all name the same bytes") {
  const std::uint64_t before = peak_bytes();
  CHECK(convert(overlapping(true, 3000), "esp-image") == "image.large");
  CHECK(convert(overlapping(false, 3000), "raw") == "image.large");
  CHECK(convert(overlapping(false, 3000), "hex") == "image.large");
  CHECK(peak_bytes() - before < allowed_bytes);
}

TEST_CASE("an MMU page that the chip does not have") {
  AppDescription app;
  app.version = "1";
  app.mmu_page_size_bytes = 1U << 31;
  Bytes description = encode_app_description(app);
  const Bytes elf = test::build_elf(
      Elf::riscv, 0x42000020,
      {{".flash.appdesc", 0x42800020, description}, {".flash.text", 0x42000020, Bytes(64, 1)}});
  const std::uint64_t before = peak_bytes();
  CHECK(convert(elf, "esp-image") == "image.elf");
  CHECK(peak_bytes() - before < allowed_bytes);
}

TEST_CASE("a HEX file of a few records that lie far apart") {
  // One byte at 0, one at the address of the linear base.
  const auto hex = [](std::string_view base, std::string_view sum) {
    return std::string(":0100000001FE\n:02000004") + std::string(base) + std::string(sum) +
           "\n:0100000002FD\n:00000001FF\n";
  };
  const std::uint64_t before = peak_bytes();
  CHECK(convert(as_bytes(hex("0FFF", "EC")), "raw") == "image.large");
  CHECK(convert(as_bytes(hex("03FF", "F8")), "raw") == "ok");  // less than 64 MiB
  CHECK(peak_bytes() - before < allowed_bytes);
}
