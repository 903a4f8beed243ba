#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "capture/file.hpp"
#include "paths.hpp"

namespace aiot::test {

/// The bytes of tests/vectors/capture/NAME, which holds them in hex.
inline Bytes capture_vector(const std::string& name) {
  std::ifstream file(tests::source_dir() + "/tests/vectors/capture/" + name);
  std::string hex;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') hex += line;
  }
  REQUIRE_FALSE(hex.empty());
  return *from_hex(hex);
}

/// Bytes from memory, at most `step` at a time.
inline capture::Input input_of(Bytes bytes, std::size_t step = 1 << 20) {
  auto all = std::make_shared<Bytes>(std::move(bytes));
  auto at = std::make_shared<std::size_t>(0);
  return capture::Input([=](std::span<std::uint8_t> out) -> Result<std::size_t> {
    const std::size_t size = std::min({out.size(), all->size() - *at, step});
    std::copy_n(all->begin() + static_cast<std::ptrdiff_t>(*at), size, out.begin());
    *at += size;
    return size;
  });
}

/// A record whose bytes live on.
struct OwnRecord {
  capture::Record record;
  Bytes bytes;
};
/// All records, and the code of the error that ended them, or "".
struct Contents {
  std::vector<OwnRecord> records;
  std::string error;
};

inline Contents read_all(capture::Input input) {
  Contents out;
  auto reader = capture::make_reader(std::move(input));
  if (!reader) {
    out.error = reader.error().stable_code();
    return out;
  }
  while (true) {
    auto record = (*reader)->next();
    if (!record) {
      out.error = record.error().stable_code();
      return out;
    }
    if (!*record) return out;
    out.records.push_back({**record, Bytes((*record)->bytes.begin(), (*record)->bytes.end())});
    out.records.back().record.bytes = {};
  }
}

inline Contents read_all(std::string_view hex) { return read_all(input_of(*from_hex(hex))); }

}  // namespace aiot::test
