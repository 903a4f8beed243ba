#pragma once

#include <doctest/doctest.h>

#include <string>

#include "image/files.hpp"
#include "paths.hpp"

/// A file of tests/vectors/ota.
inline aiot::Bytes ota_vector(const std::string& name) {
  const auto bytes =
      aiot::image::read_file(aiot::tests::source_dir() + "/tests/vectors/ota/" + name);
  REQUIRE(bytes.has_value());
  return *bytes;
}
