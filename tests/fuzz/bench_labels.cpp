#include <cstdlib>

#include "job/bench/host/error.hpp"
#include "job/bench/host/labels.hpp"

/// Every file of labels is either refused with its own error or keeps the limits it promises.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto labels = aiot::bench::parse_labels({reinterpret_cast<const char*>(data), size});
  if (!labels.has_value()) {
    if (labels.error().code != aiot::bench::Errc::bad_labels) std::abort();
    return 0;
  }
  for (const auto& label : *labels) {
    if (label.truth >= label.classes || label.classes > aiot::bench::most_classes) std::abort();
    if (label.file.empty() || label.file.front() == '/') std::abort();
    if (label.window && (label.window->bytes == 0 || label.window->stride == 0)) std::abort();
  }
  return 0;
}
