// A TUF client and a hostile server: each file has its length in front (3 bytes, little-endian;
// ffffff is a file that is missing), the first is the trusted root. No version that is trusted gets
// lower, and an update ends.
#include <cstdlib>

#include "protocol/tuf/updater.hpp"

using namespace aiot;
using namespace aiot::tuf;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteSpan rest(data, size);
  const auto next = [&]() -> std::optional<ByteSpan> {
    if (rest.size() < 3) return std::nullopt;
    const std::uint32_t length = static_cast<std::uint32_t>(rest[0] | rest[1] << 8 | rest[2] << 16);
    rest = rest.subspan(3);
    if (length == 0xFFFFFF) return std::nullopt;
    const ByteSpan file = rest.first(std::min<std::size_t>(length, rest.size()));
    rest = rest.subspan(file.size());
    return file;
  };
  const auto root = next();
  if (!root) return 0;
  Stored stored;
  stored.root.assign(root->begin(), root->end());
  const Time now{std::chrono::seconds(1900000000)};  // 2030
  auto updater = Updater::start(stored, now);
  if (!updater) return 0;
  std::uint64_t version = updater->root().version;
  while (updater->wanted() != nullptr && rest.size() >= 3) {
    const Wanted wanted = *updater->wanted();
    const auto file = next();
    const Result<void> done = file ? updater->on_document(*file) : updater->on_missing();
    if (updater->root().version < version) std::abort();
    version = updater->root().version;
    if (file && done && file->size() > wanted.limit_bytes) std::abort();
  }
  if (updater->wanted() == nullptr && updater->targets() == nullptr) std::abort();
  if (updater->targets() != nullptr && updater->targets()->expires <= now) std::abort();
  // What was stored is a start again.
  if (!Updater::start(updater->stored(), now)) std::abort();
  return 0;
}
