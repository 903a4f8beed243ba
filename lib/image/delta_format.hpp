#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "image/delta.hpp"

/// The container "aiot.delta/1". Numbers of the header are little-endian, others varints (7 bits a
/// byte, low ones first; signed ones zigzag).
///
///     0    12  "aiot.delta/1"
///     12    1  DeltaCode
///     13    3  0
///     16    4  bytes of the source        20   4  bytes of the result
///     24   32  SHA-256 of the source      56  32  SHA-256 of the result
///     88    4  bytes at the source's beginning that prime the dictionary of `added`
///     92  4*9  of the streams control, gaps, changes, added: u8 DeltaMethod, u32 size packed, u32
///     size 128      the streams, in this order
///
/// control: the segments of the source (number, then offset, address, size of each), those of the
/// result, the number of copies, then for each: bytes of `added` before it, length, and how far its
/// source lies from the end of the one before. `added` has the bytes outside copies. gaps and
/// changes: after so many bytes of the copies that are as predicted (delta_predict.hpp), add this
/// byte to the next; behind the last change all are as predicted.
namespace aiot::image {

enum class DeltaMethod : std::uint8_t {
  stored = 0,
  lzma2 = 1,  ///< raw, dictionary_bytes()
  zstd = 2,   ///< a frame
};

enum class DeltaStream : std::uint8_t { control, gaps, changes, added };
inline constexpr std::size_t delta_streams = 4;

struct DeltaStreamInfo {
  DeltaMethod method = DeltaMethod::stored;
  std::uint32_t packed_bytes = 0;
  std::uint32_t bytes = 0;
};

struct DeltaHeader {
  DeltaInfo info;
  std::uint32_t primer_bytes = 0;
  std::array<DeltaStreamInfo, delta_streams> streams{};

  const DeltaStreamInfo& operator[](DeltaStream s) const {
    return streams[static_cast<std::size_t>(s)];
  }
  DeltaStreamInfo& operator[](DeltaStream s) { return streams[static_cast<std::size_t>(s)]; }
  std::uint64_t file_bytes() const;  ///< of the whole delta
};

Bytes encode(const DeltaHeader& header);
/// Errc::not_an_image, truncated, bad_header, too_large.
Result<DeltaHeader> decode_delta_header(ByteSpan file);

/// What the applier's memory is made of.
namespace delta_limits {
inline constexpr std::uint32_t copies = 65536;           ///< 16 bytes each in memory
inline constexpr std::uint32_t segments = 64;            ///< of the source, and of the result
inline constexpr std::uint32_t control_bytes = 1 << 20;  ///< unpacked
inline constexpr std::uint32_t primer_bytes = 512 << 10;
inline constexpr std::uint32_t dictionary_bytes = 512 << 10;      ///< of control, gaps, changes
inline constexpr std::uint32_t added_dictionary_bytes = 1 << 20;  ///< the primer too
}  // namespace delta_limits
/// The dictionary of a stream: what both sides can know, at most its limit.
std::uint32_t dictionary_bytes(DeltaStream stream, std::uint32_t bytes, std::uint32_t primer_bytes);

/// Bytes of the source that appear in the result, some of them changed.
struct DeltaCopy {
  std::uint32_t source = 0;  ///< offset
  std::uint32_t result = 0;  ///< offset
  std::uint32_t length = 0;
  bool operator==(const DeltaCopy&) const = default;
};

/// Where a part of a file lies in the device's memory.
struct DeltaSegment {
  std::uint32_t offset = 0;  ///< in the file
  std::uint32_t address = 0;
  std::uint32_t bytes = 0;
  bool operator==(const DeltaSegment&) const = default;
};

struct DeltaControl {
  std::vector<DeltaSegment> source;  ///< may be empty: addresses are offsets then
  std::vector<DeltaSegment> result;
  std::vector<DeltaCopy> copies;  ///< in the order of the result
};

Bytes encode(const DeltaControl& control);

void append_varint(Bytes& out, std::uint32_t value);

/// Collects a varint of at most 32 bits from bytes that come one by one.
class VarintReader {
 public:
  enum class State : std::uint8_t { more, done, bad };
  State push(std::uint8_t byte);
  std::uint32_t take();

 private:
  std::uint64_t value_ = 0;
  unsigned shift_ = 0;
};

}  // namespace aiot::image
