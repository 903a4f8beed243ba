#include "image/delta.hpp"

#include <algorithm>

#include "image/delta_format.hpp"

namespace {

using namespace aiot;

/// Text that code decoders find operands in.
Bytes source_bytes() {
  Bytes out(4096);
  std::uint32_t state = 1;
  for (auto& b : out) {
    state = state * 1664525 + 1013904223;
    b = static_cast<std::uint8_t>(state >> 24);
  }
  return out;
}

/// Traps when it is read outside its bytes.
class Source final : public image::ByteSource {
 public:
  explicit Source(ByteSpan data) : data_(data) {}
  std::uint64_t size() const override { return data_.size(); }
  Result<void> read(std::uint64_t offset, std::span<std::uint8_t> into) override {
    if (offset > data_.size() || into.size() > data_.size() - offset) __builtin_trap();
    std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return {};
  }

 private:
  ByteSpan data_;
};

class Counting final : public image::ByteSink {
 public:
  std::uint64_t written = 0;
  Result<void> write(ByteSpan data) override {
    written += data.size();
    return {};
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes file(data, data + size);
  auto header = image::decode_delta_header(file);
  if (!header) return 0;
  static const Bytes all = source_bytes();
  // A delta that is for this source, as far as it goes: else nothing behind the hash is reached.
  const auto source =
      ByteSpan(all).first(std::min<std::uint64_t>(header->info.source_bytes, all.size()));
  header->info.source_bytes = source.size();
  header->info.source_sha256 = crypto::sha256(source);
  header->info.result_bytes = std::min<std::uint64_t>(header->info.result_bytes, 1 << 16);
  const auto fixed = image::encode(*header);
  std::copy(fixed.begin(), fixed.end(), file.begin());

  Source delta(file), old(source);
  Counting sink;
  const auto result = image::apply_delta(delta, old, sink);
  if (sink.written > header->info.result_bytes) __builtin_trap();
  if (result && sink.written != header->info.result_bytes) __builtin_trap();
  return 0;
}
