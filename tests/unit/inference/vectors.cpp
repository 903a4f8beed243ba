#include "vectors.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

#include "inference/model/file.hpp"
#include "paths.hpp"

namespace aiot::test {
namespace {

const std::filesystem::path folder = tests::source_dir() + "/tests/vectors/inference";

Bytes inflated(ByteSpan packed) {
  const std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> inflate(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  Bytes bytes(8U << 20);
  std::size_t size = 0;
  if (libdeflate_deflate_decompress(inflate.get(), packed.data(), packed.size(), bytes.data(),
                                    bytes.size(), &size) != LIBDEFLATE_SUCCESS) {
    return {};
  }
  bytes.resize(size);
  return bytes;
}

/// The next part of the file: its length in four bytes, then itself.
std::optional<Bytes> take(ByteSpan& rest) {
  if (rest.size() < 4) return std::nullopt;
  const auto size = load_le32(rest.data());
  rest = rest.subspan(4);
  if (size > rest.size()) return std::nullopt;
  Bytes part(rest.begin(), rest.begin() + size);
  rest = rest.subspan(size);
  return part;
}

bool take(ByteSpan& rest, std::size_t count, std::vector<Bytes>& parts) {
  for (std::size_t i = 0; i < count; ++i) {
    auto part = take(rest);
    if (!part) return false;
    parts.push_back(*std::move(part));
  }
  return true;
}

}  // namespace

std::vector<std::string> vector_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".bin") names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

std::vector<Vector> vectors_of(const std::string& name) {
  std::ifstream file(folder / (name + ".bin"), std::ios::binary);
  const Bytes packed(std::istreambuf_iterator<char>(file), {});
  const auto bytes = inflated(packed);
  std::vector<Vector> vectors;
  for (ByteSpan rest = bytes; !rest.empty();) {
    Vector vector;
    auto model = take(rest);
    if (!model) return {};
    vector.model = *std::move(model);
    const auto read = inference::read_model(vector.model);
    if (!read || !take(rest, read->inputs.size(), vector.inputs) ||
        !take(rest, read->outputs.size(), vector.outputs)) {
      return {};
    }
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

}  // namespace aiot::test
