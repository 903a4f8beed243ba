#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "crypto/digest.hpp"
#include "image/errors.hpp"

/// Differences between two versions of a firmware file: container "aiot.delta/1"
/// (delta_format.hpp). Whether a delta pays (its size beside that of the result) is for the caller
/// to decide.
namespace aiot::image {

/// Bytes that can be read in any order, such as the slot that runs now.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::uint64_t size() const = 0;
  /// Fills `into` from `offset` on. The caller keeps the range within size().
  virtual Result<void> read(std::uint64_t offset, std::span<std::uint8_t> into) = 0;
};

/// Takes bytes in their order, such as the slot that is written.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Result<void> write(ByteSpan data) = 0;
};

/// A source that lies in memory, and stays there as long as this object.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(ByteSpan data) : data_(data) {}
  std::uint64_t size() const override { return data_.size(); }
  Result<void> read(std::uint64_t offset, std::span<std::uint8_t> into) override;

 private:
  ByteSpan data_;
};

/// A source that is an open file (or block device) of `size_bytes`; the descriptor stays the
/// caller's.
class FileSource final : public ByteSource {
 public:
  FileSource(int fd, std::uint64_t size_bytes) : fd_(fd), size_(size_bytes) {}
  std::uint64_t size() const override { return size_; }
  /// Errc::unreadable.
  Result<void> read(std::uint64_t offset, std::span<std::uint8_t> into) override;

 private:
  int fd_;
  std::uint64_t size_;
};

/// A sink that appends to bytes in memory.
class MemorySink final : public ByteSink {
 public:
  explicit MemorySink(Bytes& out) : out_(out) {}
  Result<void> write(ByteSpan data) override;

 private:
  Bytes& out_;
};

/// The machine code whose branches the delta predicts. The values stand in the container.
enum class DeltaCode : std::uint8_t {
  none = 0,       ///< plain bytes
  arm_thumb = 1,  ///< BL, B.W
  xtensa = 2,     ///< CALL0 to CALL12, L32R, J
  riscv = 3,      ///< JAL, AUIPC pairs, C.J, C.JAL
  x86 = 4,        ///< x86-64: CALL, JMP, Jcc, operands relative to RIP
};
/// "none", "arm-thumb", "xtensa", "riscv", "x86".
std::string_view name_of(DeltaCode code);

/// What the header of a delta says.
struct DeltaInfo {
  DeltaCode code = DeltaCode::none;
  std::uint64_t source_bytes = 0;
  std::uint64_t result_bytes = 0;
  crypto::Sha256 source_sha256{};
  crypto::Sha256 result_sha256{};
};

struct Delta {
  DeltaInfo info;
  Bytes file;  ///< the container; its size beside info.result_bytes says whether it pays
};

/// The memory that apply_delta() takes at most: dictionaries, table of copies, buffers.
inline constexpr std::size_t delta_memory_bytes = std::size_t{4} << 20;

/// The difference from `source` to `result`. `code`: found out from the bytes unless given.
/// Errc::too_large for files beyond limits::file_bytes.
Result<Delta> make_delta(ByteSpan source, ByteSpan result, std::optional<DeltaCode> code = {});

/// True when `file` begins as a delta.
bool is_delta(ByteSpan file);

/// The header of a delta, of which `file` holds at least the first delta_header_bytes.
/// Errc::not_an_image, truncated, bad_header, too_large.
Result<DeltaInfo> read_delta_info(ByteSpan file);
inline constexpr std::size_t delta_header_bytes = 128;

/// Writes the result to `sink`, in order, in at most delta_memory_bytes of memory beside those of
/// source and sink. Nothing is written before the source's SHA-256 is known to be right
/// (Errc::wrong_source); the last step holds the result's against the header (Errc::bad_hash):
/// until this returns success, the bytes in the sink are not to be used. Never reads outside the
/// sources, and never writes more than the header's result_bytes. Further errors:
/// those of read_delta_info(), bad_delta, and what source and sink report.
Result<void> apply_delta(ByteSource& delta, ByteSource& source, ByteSink& sink);

}  // namespace aiot::image
