#include "sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "image/esp_image.hpp"

namespace aiot::sample {
namespace {

/// SplitMix64 (Steele, Lea, Flood 2014): the standard's distributions differ between libraries.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(next() % limit); }

 private:
  std::uint64_t state_;
};

constexpr std::uint32_t page = 0x10000;
constexpr std::size_t segment_header = 8;

const image::MemoryRange* range_named(const image::EspChip& chip, std::string_view name) {
  for (const image::MemoryRange& range : chip.memory) {
    if (range.name == name) return &range;
  }
  return nullptr;
}

/// Addresses in RAM for data and for code; on chips where they are the same memory, apart.
struct Ram {
  std::uint32_t data = 0;
  std::uint32_t code = 0;
};
Ram ram_of(const image::EspChip& chip) {
  const std::uint32_t code = range_named(chip, "IRAM")->begin;
  const std::uint32_t data = range_named(chip, "DRAM")->begin;
  constexpr std::uint32_t apart = 0x20000;
  return {data == code ? data + apart : data + 0x2000, code};
}

image::HeaderBytes header(const image::EspChip& chip) {
  constexpr std::uint8_t dio = 2;
  return {dio, static_cast<std::uint8_t>(*image::code_of(chip.sizes, "4MB"))};
}

}  // namespace

Bytes make_random(std::size_t size_bytes, std::uint64_t seed) {
  Random random(seed);
  Bytes out;
  out.reserve(size_bytes + 8);
  while (out.size() < size_bytes) {
    const std::uint64_t word = random.next();
    append_le32(out, static_cast<std::uint32_t>(word));
    append_le32(out, static_cast<std::uint32_t>(word >> 32));
  }
  out.resize(size_bytes);
  return out;
}

Bytes make_code_like(std::size_t size_bytes, std::uint64_t seed) {
  Random random(seed);
  // Code repeats whole sequences (prologues, calls), uses some instructions far more often than
  // others, and carries addresses and constants that hardly repeat.
  std::array<std::uint32_t, 512> common{};
  for (auto& word : common) word = static_cast<std::uint32_t>(random.next());
  std::array<std::uint8_t, 24> opcodes{};
  for (auto& opcode : opcodes) opcode = static_cast<std::uint8_t>(random.next());
  std::array<Bytes, 96> sequences;
  for (Bytes& sequence : sequences) {
    for (std::uint32_t i = 0, words = 2 + random.below(5); i < words; ++i) {
      append_le32(sequence, static_cast<std::uint32_t>(random.next()));
    }
  }
  Bytes out;
  out.reserve(size_bytes + 64);
  while (out.size() < size_bytes) {
    const std::uint32_t kind = random.below(100);
    if (kind < 16) {
      append(out, sequences[random.below(96)]);
    } else if (kind < 66) {
      append_le32(out, common[std::min(random.below(512), random.below(512))]);
    } else {
      const std::uint64_t bits = random.next();
      out.push_back(opcodes[bits % opcodes.size()]);
      out.push_back(static_cast<std::uint8_t>(bits >> 8));
      out.push_back(static_cast<std::uint8_t>(bits >> 16));
    }
  }
  out.resize(size_bytes);
  return out;
}

Result<Bytes> make_application(const AppRequest& request) {
  const image::EspChip& chip = *request.chip;
  if (!chip.image_id) return make_error(image::Errc::unsupported, "an application image for it");
  constexpr std::size_t least = 8 * 1024;
  constexpr std::size_t iram_bytes = 3072, dram_bytes = 1024;
  const std::size_t total = (std::max(request.size_bytes, least) + 15) / 16 * 16;
  image::AppDescription app;
  app.version = request.version;
  app.project = request.project;
  app.time = "12:00:00";
  app.date = "Jan  1 2026";
  app.idf_version = "v5.4";
  const Bytes seed_bytes = make_random(32, request.seed);
  std::copy(seed_bytes.begin(), seed_bytes.end(), app.elf_sha256.begin());

  // header 24 + four segment headers + data + 16 for the checksum + 32 for the hash = total
  const std::size_t mapped = total - 24 - 4 * segment_header - 16 - 32 - iram_bytes - dram_bytes;
  const std::size_t rodata_bytes = mapped / 4 / 4 * 4;
  const Ram ram = ram_of(chip);
  std::vector<image::SegmentData> segments;
  Bytes rodata = image::encode_app_description(app);
  append(rodata, as_bytes(request.text));
  append(rodata, make_code_like(rodata_bytes - rodata.size(), request.seed * 4));
  std::size_t at = 24 + segment_header;  // of the next segment's data in the file
  segments.push_back({chip.drom.begin + static_cast<std::uint32_t>(at % page), std::move(rodata)});
  at += rodata_bytes + segment_header;
  // The MMU maps whole pages: an address in flash is congruent to its place in the file.
  std::uint32_t base = chip.irom.begin;
  if (chip.drom.begin == base) base += static_cast<std::uint32_t>(rodata_bytes / page + 1) * page;
  segments.push_back({base + static_cast<std::uint32_t>(at % page),
                      make_code_like(mapped - rodata_bytes, request.seed * 4 + 1)});
  segments.push_back({ram.code, make_code_like(iram_bytes, request.seed * 4 + 2)});
  segments.push_back({ram.data, make_code_like(dram_bytes, request.seed * 4 + 3)});
  image::EncodeOptions options;
  options.chip = &chip;
  options.entry = ram.code;
  options.header = header(chip);
  return image::encode_esp_image(segments, options);
}

Result<Bytes> make_bootloader(const image::EspChip& chip, std::uint64_t seed) {
  if (!chip.image_id) return make_error(image::Errc::unsupported, "a boot loader image for it");
  const Ram ram = ram_of(chip);
  Bytes data = image::encode_boot_description({1, "v5.4", "Jan  1 2026 12:00:00"});
  append(data, make_code_like(5 * 1024, seed * 4));
  const std::vector<image::SegmentData> segments = {
      {ram.data, std::move(data)},
      {ram.code, make_code_like(11 * 1024, seed * 4 + 1)},
      {ram.code + 0x4000, make_code_like(4 * 1024, seed * 4 + 2)}};
  image::EncodeOptions options;
  options.chip = &chip;
  options.entry = ram.code;
  options.header = header(chip);
  return image::encode_esp_image(segments, options);
}

std::string partitions_csv(std::size_t app_bytes) {
  const std::size_t app_pages = std::max<std::size_t>(16, (app_bytes + page - 1) / page);
  return fmt::format(
      "# Name, Type, SubType, Offset, Size, Flags\n"
      "nvs,data,nvs,0x9000,16K,\n"
      "otadata,data,ota,0xd000,8K,\n"
      "phy_init,data,phy,0xf000,4K,\n"
      "factory,app,factory,0x10000,{}K,\n"
      "storage,data,fat,,256K,\n",
      app_pages * 64);
}

}  // namespace aiot::sample
