#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "protocol/ble/sensor.hpp"
#include "paths.hpp"

namespace aiot::test {

/// The lines of tests/vectors/ble/NAME that are no comments.
inline std::vector<std::string> vector_lines(const std::string& name) {
  std::ifstream file(tests::source_dir() + "/tests/vectors/ble/" + name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  }
  REQUIRE_FALSE(lines.empty());
  return lines;
}

/// 16 bytes of hex, as a key.
inline std::array<std::uint8_t, 16> key_of(std::string_view hex) {
  std::array<std::uint8_t, 16> key{};
  const Bytes bytes = *from_hex(hex);
  REQUIRE(bytes.size() == key.size());
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

inline std::string show(const Value& value) {
  struct Shower {
    std::string operator()(std::nullptr_t) const { return "null"; }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t n) const { return fmt::format("{}", n); }
    std::string operator()(std::uint64_t n) const { return fmt::format("{}", n); }
    std::string operator()(double d) const { return fmt::format("{}", d); }
    std::string operator()(const std::string& s) const { return s; }
    std::string operator()(const Bytes& b) const { return to_hex(b); }
    std::string operator()(const Array&) const { return "array"; }
    std::string operator()(const Object&) const { return "object"; }
  };
  return std::visit(Shower{}, value.storage());
}

/// "humidity_percent=50.55;temperature_celsius=25.06", sorted.
inline std::string show(const std::vector<ble::Reading>& readings) {
  std::vector<std::string> parts;
  for (const auto& r : readings) parts.push_back(ble::full_name(r) + "=" + show(r.value));
  std::sort(parts.begin(), parts.end());
  return fmt::format("{}", fmt::join(parts, ";"));
}

}  // namespace aiot::test
