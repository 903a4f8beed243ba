#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <span>
#include <string_view>

#include "aiot/export.hpp"
#include "aiot/result.hpp"

namespace aiot {

/// "4096", "0x1000", "64k", "4KiB", "4MB": bytes. k, K, KB, KiB are all 1024, as flash sizes are.
AIOT_API Result<std::uint64_t> parse_size(std::string_view text);
/// "250ms", "3s", "2m", "1h", "2.5s"; a bare number is seconds. At most 24 h.
AIOT_API Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "512 B", "4.0 KiB", "1.5 MiB".
AIOT_API std::string format_size(std::uint64_t bytes);
/// "0x10000", at least `digits` hex digits.
AIOT_API std::string format_hex(std::uint64_t value, int digits = 1);
/// "850 ms", "12.3 s", "2 min 05 s".
AIOT_API std::string format_duration(std::chrono::nanoseconds time);
/// The candidate nearest to `word` in edit distance, when it is near enough to be a slip; else "".
AIOT_API std::string nearest_word(std::string_view word, std::span<const std::string> candidates);

}  // namespace aiot
