#include "aiot/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <vector>

#include "core/error_codes.hpp"

namespace aiot {
namespace {

using core::Errc;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  });
  return out;
}

struct Suffix {
  std::string_view name;
  std::uint64_t factor;
};

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto fail = [&] {
    return make_error(Errc::bad_size, fmt::format("\"{}\"", text),
                      "write bytes as 4096, 0x1000, 64k or 4MB");
  };
  const std::string word = lower(text);
  const bool hex = word.starts_with("0x");
  const char* first = word.data() + (hex ? 2 : 0);
  const char* last = word.data() + word.size();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(first, last, number, hex ? 16 : 10);
  if (error != std::errc() || end == first) return fail();
  const std::string_view suffix(end, last);
  if (suffix.empty()) return number;
  constexpr std::array<Suffix, 11> suffixes = {{{"b", 1},
                                                {"k", 1ULL << 10},
                                                {"kb", 1ULL << 10},
                                                {"kib", 1ULL << 10},
                                                {"m", 1ULL << 20},
                                                {"mb", 1ULL << 20},
                                                {"mib", 1ULL << 20},
                                                {"g", 1ULL << 30},
                                                {"gb", 1ULL << 30},
                                                {"gib", 1ULL << 30},
                                                {"sectors", 4096}}};
  for (const auto& [name, factor] : suffixes) {
    if (suffix != name) continue;
    if (number > UINT64_MAX / factor) return fail();
    return number * factor;
  }
  return fail();
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto fail = [&] {
    return make_error(Errc::bad_duration, fmt::format("\"{}\"", text),
                      "write a duration as 250ms, 3s, 2m or 1h, at most 24h");
  };
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number) || number < 0) return fail();
  const std::string_view suffix(end, text.data() + text.size());
  double factor = 0;
  if (suffix.empty() || suffix == "s") factor = 1e3;
  if (suffix == "ms") factor = 1;
  if (suffix == "m" || suffix == "min") factor = 60e3;
  if (suffix == "h") factor = 3600e3;
  constexpr double day_ms = 24 * 3600e3;
  if (factor == 0 || number * factor > day_ms) return fail();
  return std::chrono::milliseconds(std::llround(number * factor));
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  if (bytes < 1024 * 1024) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1024 * 1024));
}

std::string format_hex(std::uint64_t value, int digits) {
  return fmt::format("0x{:0{}x}", value, digits);
}

std::string format_duration(std::chrono::nanoseconds time) {
  const double seconds = std::chrono::duration<double>(time).count();
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(seconds);
  return fmt::format("{} min {:02} s", whole / 60, whole % 60);
}

std::string nearest_word(std::string_view word, std::span<const std::string> candidates) {
  const auto distance = [](std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= b.size(); ++j) {
        const std::size_t above = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
        diagonal = above;
      }
    }
    return row[b.size()];
  };
  std::string best;
  std::size_t best_distance = word.size() / 3 + 2;
  for (const std::string& candidate : candidates) {
    std::size_t d = distance(word, candidate);
    // An abbreviation is nearer than its length says.
    if (word.size() >= 3 && candidate.starts_with(word)) d = 1;
    if (d < best_distance) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

}  // namespace aiot
