#include "image/delta_segments.hpp"

#include <algorithm>
#include <limits>

#include "image/elf.hpp"
#include "image/esp_image.hpp"

namespace aiot::image {
namespace {

using Segments = std::vector<DeltaSegment>;

/// The loadable segments of a 64-bit little-endian ELF below 4 GiB (parse_elf() is for firmware).
/// (System V ABI, chapter 5)
Segments elf64_segments(ByteSpan file) {
  constexpr std::size_t header_bytes = 64, entry_bytes = 56;
  Segments out;
  if (file.size() < header_bytes || file[4] != 2 || file[5] != 1) return out;
  const auto table = load_le64(&file[32]);
  const std::size_t entries = load_le16(&file[56]);
  if (load_le16(&file[54]) != entry_bytes || table > file.size() ||
      entries > (file.size() - table) / entry_bytes)
    return out;
  for (std::size_t i = 0; i < entries; ++i) {
    const auto* entry = &file[table + i * entry_bytes];
    const auto offset = load_le64(entry + 8), address = load_le64(entry + 16),
               bytes = load_le64(entry + 32);
    constexpr auto most = std::numeric_limits<std::uint32_t>::max();
    if (load_le32(entry) != 1 || offset > file.size() || bytes > file.size() - offset ||
        bytes == 0 || address > most - bytes)
      continue;
    out.push_back({static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(address),
                   static_cast<std::uint32_t>(bytes)});
  }
  return out;
}

Segments known_segments(ByteSpan file) {
  Segments out;
  if (is_elf(file)) {
    if (const auto elf = parse_elf(file)) {
      for (const auto& s : elf->segments)
        out.push_back({s.offset, s.virtual_address, s.size_bytes});
    } else {
      out = elf64_segments(file);
    }
  } else if (const auto esp = parse_esp_image(file)) {
    for (const auto& s : esp->segments)
      out.push_back({static_cast<std::uint32_t>(s.data_offset()), s.address, s.size_bytes});
  }
  // An ESP image's header may promise more than there is.
  std::erase_if(out, [&](const auto& s) {
    return s.bytes == 0 || s.offset > file.size() || s.bytes > file.size() - s.offset;
  });
  if (out.size() > delta_limits::segments - 1) out.resize(delta_limits::segments - 1);
  return out;
}

std::uint32_t end_of(const Segments& segments) {
  std::uint32_t end = 0;
  for (const auto& s : segments) end = std::max(end, s.offset + s.bytes);
  return end;
}

struct ChangedWord {
  std::uint32_t before, after;
};

/// Aligned words of the copies that changed by less than the file's size, evenly chosen.
std::vector<ChangedWord> changed_words(ByteSpan source, ByteSpan result,
                                       const std::vector<DeltaCopy>& copies) {
  constexpr std::size_t most = 512;
  std::vector<ChangedWord> all;
  for (const auto& copy : copies) {
    if ((copy.source - copy.result) % 4 != 0) continue;
    for (std::uint32_t i = (4 - copy.source % 4) % 4; copy.length >= 4 && i <= copy.length - 4;
         i += 4) {
      const auto before = load_le32(&source[copy.source + i]),
                 after = load_le32(&result[copy.result + i]);
      const auto moved = after > before ? after - before : before - after;
      if (moved != 0 && moved < source.size()) all.push_back({before, after});
    }
  }
  std::sort(all.begin(), all.end(), [](auto a, auto b) { return a.before < b.before; });
  if (all.size() <= most) return all;
  std::vector<ChangedWord> some;
  for (std::size_t i = 0; i < most; ++i) some.push_back(all[i * all.size() / most]);
  return some;
}

/// Where the copies take an offset: the last copy that begins at or before it.
class Moves {
 public:
  explicit Moves(std::vector<DeltaCopy> copies) : copies_(std::move(copies)) {
    std::stable_sort(copies_.begin(), copies_.end(),
                     [](const auto& a, const auto& b) { return a.source < b.source; });
  }
  std::uint32_t of(std::uint32_t offset) const {
    const auto behind =
        std::upper_bound(copies_.begin(), copies_.end(), offset,
                         [](std::uint32_t at, const DeltaCopy& c) { return at < c.source; });
    return behind == copies_.begin() ? offset
                                     : offset - (behind - 1)->source + (behind - 1)->result;
  }

 private:
  std::vector<DeltaCopy> copies_;
};

/// The address of the first byte of both files with which most changed words follow the copies;
/// nullopt when too few do.
std::optional<std::uint32_t> find_base(ByteSpan source, ByteSpan result,
                                       const std::vector<DeltaCopy>& copies) {
  constexpr std::uint32_t step = 0x200;  // where vector tables may lie
  const auto words = changed_words(source, result, copies);
  const auto size = static_cast<std::uint32_t>(source.size());
  // The window of a file's size with most words.
  std::size_t first = 0, best_count = 0;
  std::uint32_t densest = 0;
  for (std::size_t last = 0; last < words.size(); ++last) {
    while (words[last].before - words[first].before >= size) ++first;
    if (last - first + 1 > best_count) {
      best_count = last - first + 1;
      densest = words[first].before;
    }
  }
  constexpr std::size_t enough = 16;
  if (best_count < enough) return {};
  const Moves moves(copies);
  std::size_t best = 0;
  std::uint32_t base = 0;
  const std::uint64_t from = densest > size ? (densest - size) / step * step : 0;
  for (auto candidate = from; candidate <= densest && candidate <= 0xFFFFFFFFU - size;
       candidate += step) {
    const auto at = static_cast<std::uint32_t>(candidate);
    const auto hits =
        static_cast<std::size_t>(std::count_if(words.begin(), words.end(), [&](const auto& w) {
          return w.before >= at && w.before - at < size && moves.of(w.before - at) + at == w.after;
        }));
    if (hits > best) {
      best = hits;
      base = at;
    }
  }
  if (best < enough || best * 8 < words.size()) return {};
  return base;
}

}  // namespace

void find_segments(ByteSpan source, ByteSpan result, DeltaControl& control) {
  control.source = known_segments(source);
  control.result = known_segments(result);
  if (control.source.empty() != control.result.empty()) {
    control.source.clear();
    control.result.clear();
  }
  if (is_elf(source)) return;
  // A raw image, or what a flash has behind an ESP's first image.
  const auto base = find_base(source, result, control.copies);
  if (!base) return;
  const auto add = [&](Segments& segments, ByteSpan file) {
    const auto from = end_of(segments);
    if (from < file.size())
      segments.push_back({from, *base + from, static_cast<std::uint32_t>(file.size()) - from});
  };
  add(control.source, source);
  add(control.result, result);
}

}  // namespace aiot::image
