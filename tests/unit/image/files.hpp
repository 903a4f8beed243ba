#pragma once

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>

#include "aiot/bytes.hpp"

namespace aiot::test {

inline Bytes read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

/// A real image of $AIOT_TEST_DATA/esp-images; nullopt, with the reason printed, without them.
inline std::optional<Bytes> real_image(const std::string& name) {
  const char* folder = std::getenv("AIOT_TEST_DATA");
  if (!folder) {
    std::cout << "skipped " << name << ": AIOT_TEST_DATA is not set\n";
    return std::nullopt;
  }
  Bytes bytes = read_all(std::string(folder) + "/esp-images/" + name);
  if (bytes.empty()) {
    std::cout << "skipped " << name << ": not in " << folder << "/esp-images\n";
    return std::nullopt;
  }
  return bytes;
}

}  // namespace aiot::test
