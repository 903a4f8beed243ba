#pragma once

#include <memory>

#include "image/delta_format.hpp"

/// The streams of a delta, packed with liblzma and libzstd.
namespace aiot::image {

struct PackedStream {
  DeltaStreamInfo info;
  Bytes data;
};

/// As LZMA2, zstd or stored, whichever is smallest.
PackedStream pack_stream(DeltaStream stream, ByteSpan data, ByteSpan primer);

/// Unpacks a stream piece by piece, within the memory of its dictionary.
class StreamReader {
 public:
  /// The stream lies in `file` at `offset`. `primer`: see DeltaHeader; needed until this returns.
  static Result<StreamReader> open(DeltaStream stream, const DeltaStreamInfo& info,
                                   ByteSource& file, std::uint64_t offset, ByteSpan primer);
  StreamReader(StreamReader&&) noexcept;
  ~StreamReader();

  /// All that the header says was read.
  bool at_end() const;
  /// Fills all of `into`. Errc::bad_delta when the stream has less, or is damaged.
  Result<void> read(std::span<std::uint8_t> into);
  /// Errc::bad_delta at its end, too.
  Result<std::uint8_t> read_byte();
  Result<std::uint32_t> read_varint();
  /// Errc::bad_delta unless all of it was read, and its coding ends here as well.
  Result<void> finish();

 private:
  class Decoder;
  class Lzma;
  class Zstd;
  class Stored;
  StreamReader(ByteSource& file, std::uint64_t offset, const DeltaStreamInfo& info);
  Result<void> fill();
  Result<void> refill();

  ByteSource* file_;
  std::uint64_t offset_;
  std::uint32_t packed_left_;
  std::uint32_t left_;  ///< not yet in plain_
  std::unique_ptr<Decoder> decoder_;
  Bytes packed_;           ///< buffer of what was read of the file
  std::size_t used_ = 0;   ///< of packed_
  Bytes plain_;            ///< buffer of what was unpacked, for small reads
  std::size_t taken_ = 0;  ///< of plain_
};

}  // namespace aiot::image
