#include "mlperf_tiny.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace aiot::test {

std::optional<Bytes> test_data(const std::string& relative_path) {
  const char* folder = std::getenv("AIOT_TEST_DATA");
  const auto path = std::string(folder == nullptr ? "" : folder) + '/' + relative_path;
  std::ifstream file(path, std::ios::binary);
  if (folder == nullptr || !file) {
    std::printf("SKIP: no %s; set AIOT_TEST_DATA\n", relative_path.c_str());  // NOLINT
    return std::nullopt;
  }
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

std::optional<Bytes> mlperf_tiny(const std::string& relative_path) {
  return test_data("mlperf-tiny/" + relative_path);
}

}  // namespace aiot::test
