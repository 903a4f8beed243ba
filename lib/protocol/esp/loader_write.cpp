#include <fmt/format.h>

#include <algorithm>

#include "protocol/esp/loader.hpp"

// Writing and erasing: "Writing Data" of the serial protocol.
//
// What a loader makes of a block that it gets twice (esp-flasher-stub 1.1, command_handler.c):
// - a refusal for its checksum or length (damaged): nothing was taken, the block may come again;
// - no reply: the block may have been taken or not, and nothing tells which. The stub ignores
//   sequence numbers and writes each block behind the one before. So raw data starts anew with a
//   BEGIN at the lost block, and a deflate stream is given up (Errc::block_lost);
// - the stub acknowledges a block before it is written: its failure answers the next command, and
//   an END after the last block waits for it and reports it.
namespace aiot::esp {
namespace {

constexpr std::uint32_t rom_block = 0x400;
constexpr std::uint32_t stub_block = 0x4000;
constexpr std::uint32_t otg_block = 0x800;
constexpr int attempts_per_block = 3;
constexpr std::chrono::seconds write_per_mb(40);
constexpr std::chrono::seconds erase_per_mb(40);
constexpr std::chrono::seconds chip_erase(120);

constexpr std::uint32_t blocks_of(std::uint64_t bytes, std::uint32_t block) {
  return static_cast<std::uint32_t>((bytes + block - 1) / block);
}

Result<void> check_range(std::uint32_t offset, std::uint64_t size) {
  if (offset % sector_bytes == 0 && offset + size <= (std::uint64_t{1} << 32)) return {};
  return make_error(Errc::bad_range, fmt::format("{} bytes at {:#x}", size, offset),
                    "flash is written from the start of a 4 KiB sector");
}

/// What FLASH_BEGIN has to be told so that the ESP8266's ROM erases `size` bytes: it counts the
/// sectors up to the first 64 KiB boundary twice. An odd number of those loses one sector more.
std::uint32_t esp8266_erase_size(std::uint32_t offset, std::uint32_t size) {
  constexpr std::uint32_t sectors_per_block = 16;
  const std::uint32_t sectors = blocks_of(size, sector_bytes);
  const std::uint32_t head =
      std::min(sectors, sectors_per_block - (offset / sector_bytes) % sectors_per_block);
  const std::uint32_t told = sectors < 2 * head ? (sectors + 1) / 2 : sectors - head;
  return told * sector_bytes;
}

}  // namespace

/// Blocks on their way: where they come from, how far they came.
struct Loader::Stream {
  Op op;
  ByteSpan bytes;
  std::uint32_t block;
  bool whole_blocks;  // the last one is filled up with FF
  net::Duration timeout;
  ProgressFn progress;
  std::size_t acknowledged = 0;  // bytes

  Stream(Op o, ByteSpan b, std::uint32_t size, bool whole, net::Duration t, ProgressFn p)
      : op(o), bytes(b), block(size), whole_blocks(whole), timeout(t), progress(std::move(p)) {}

  std::uint32_t count() const { return blocks_of(bytes.size(), block); }
  Bytes frame(std::uint32_t sequence) const {
    const std::size_t at = std::size_t{sequence} * block;
    const ByteSpan part = bytes.subspan(at, std::min<std::size_t>(block, bytes.size() - at));
    const std::size_t padding = whole_blocks ? block - part.size() : 0;
    return frame_block(op, sequence, part, padding);
  }
};

std::uint32_t Loader::block_bytes() const {
  if (!stub_) return rom_block;
  return through_otg() ? otg_block : stub_block;
}

net::Task<void> Loader::begin(Op op, std::uint32_t erase_bytes, std::uint32_t blocks,
                              std::uint32_t offset, std::uint32_t timeout_for_bytes) {
  Bytes data = words({erase_bytes, blocks, block_bytes(), offset});
  if (!stub_ && chip_->rom.extended_begin) append_le32(data, 0);  // not encrypted
  // A ROM erases everything here, a stub as it goes.
  const net::Duration timeout =
      stub_ ? net::Duration(default_timeout) : timeout_for(erase_per_mb, timeout_for_bytes);
  Command command(op, std::move(data), 0, timeout, 3);
  Result<Answer> begun = co_await exchange_.ask(std::move(command));
  if (!begun) co_return std::move(begun).error();
  co_return Result<void>();
}

// One block is on the wire or in the chip at any time; the next one is encoded meanwhile.
net::Task<void> Loader::send_blocks(Stream& stream) {
  const std::uint32_t count = stream.count();
  Bytes frame = stream.frame(0);
  Bytes next;
  int attempt = 1;
  for (std::uint32_t sequence = 0; sequence < count;) {
    Result<void> sent = co_await exchange_.send(frame);
    if (!sent) co_return std::move(sent).error();
    const net::TimePoint deadline =
        link_.clock().now() + stream.timeout + 2 * exchange_.wire_time(frame.size());
    if (next.empty() && sequence + 1 < count) next = stream.frame(sequence + 1);
    Result<Answer> answer = co_await exchange_.await_reply(stream.op, deadline);
    if (!answer) co_return std::move(answer).error().with(fmt::format("block {}", sequence));
    const Reply reply{stream.op, answer->value, answer->data};
    Result<ByteSpan> taken = check_status(reply, 0);
    if (!taken) {
      const bool damaged = taken.error().code == make_error_code(Errc::damaged);
      if (!damaged || attempt == attempts_per_block) {
        co_return std::move(taken).error().with(fmt::format("block {}", sequence));
      }
      ++attempt;
      continue;
    }
    attempt = 1;
    ++sequence;
    stream.acknowledged =
        std::min(stream.bytes.size(), std::size_t{sequence} * std::size_t{stream.block});
    frame = std::move(next);
    next.clear();
    if (stream.progress) stream.progress(stream.acknowledged);
  }
  co_return Result<void>();
}

net::Task<void> Loader::end(Op op) {
  // Only a stub: a ROM would leave its loader. The last block may still be erased for and written.
  const Bytes stay = words({1});
  const net::Duration timeout = timeout_for(write_per_mb, 1024 * 1024);
  Command command(op, stay, 0, timeout, 1);
  Result<Answer> ended = co_await exchange_.ask(std::move(command));
  if (!ended) co_return std::move(ended).error();
  co_return Result<void>();
}

net::Task<void> Loader::write(std::uint32_t offset, ByteSpan data, ProgressFn progress) {
  Result<void> range = check_range(offset, data.size());
  if (!range) co_return std::move(range).error();
  if (data.empty()) co_return Result<void>();
  std::size_t done = 0;
  for (int attempt = 1;;) {
    const std::uint32_t at = offset + static_cast<std::uint32_t>(done);
    const ByteSpan rest = data.subspan(done);
    const auto size = static_cast<std::uint32_t>(rest.size());
    const bool bug = !stub_ && chip_->rom.erase_size_bug;
    const std::uint32_t erase = bug ? esp8266_erase_size(at, size) : size;
    ProgressFn report;
    if (progress) report = [&progress, done](std::uint64_t n) { progress(done + n); };
    // A ROM wants whole blocks. A stub stops at the size it was told at the start.
    Stream stream(Op::flash_data, rest, block_bytes(), !stub_, default_timeout, std::move(report));
    Result<void> written = co_await begin(Op::flash_begin, erase, stream.count(), at, size);
    if (written) written = co_await send_blocks(stream);
    if (written && stub_) written = co_await end(Op::flash_end);
    if (written) co_return Result<void>();
    Error why = std::move(written).error().with(fmt::format("writing at {:#x}", at));
    if (!is_lost(why)) co_return std::move(why);
    // The block before the lost one may not be in flash either when it is the stub's: an error of
    // it would answer the BEGIN that comes now.
    const std::size_t kept = stream.acknowledged / sector_bytes * sector_bytes;
    const bool all = stream.acknowledged == rest.size();  // only the END was lost
    attempt = kept > 0 && !all ? 1 : attempt + 1;
    if (attempt > attempts_per_block) co_return std::move(why);
    Result<void> back = co_await exchange_.resync();
    if (!back) co_return std::move(back).error();
    done += all ? (rest.size() - 1) / sector_bytes * sector_bytes : kept;
  }
}

net::Task<void> Loader::write_deflated(std::uint32_t offset, std::uint32_t raw_size, ByteSpan zlib,
                                       ProgressFn progress) {
  Result<void> range = check_range(offset, raw_size);
  if (!range) co_return std::move(range).error();
  if (!can_deflate()) {
    Result<void> open = need_open_chip("FLASH_DEFL_BEGIN");
    co_return open ? needs_stub("compressed data") : std::move(open).error();
  }
  if (raw_size == 0 || zlib.empty()) co_return Result<void>();
  const std::uint32_t block = block_bytes();
  // A block's acknowledgement waits for the one before to be inflated, erased for and written. How
  // much that is varies: eight times the average is allowed for.
  const std::uint64_t per_block = std::uint64_t{raw_size} * block / zlib.size();
  const net::Duration timeout =
      default_timeout + timeout_for(write_per_mb, std::min<std::uint64_t>(raw_size, 8 * per_block));
  Stream stream(Op::flash_defl_data, zlib, block, false, timeout, std::move(progress));
  const std::uint32_t size = stub_ ? raw_size : blocks_of(raw_size, block) * block;
  const std::string step = fmt::format("writing at {:#x}", offset);
  Result<void> written =
      co_await begin(Op::flash_defl_begin, size, stream.count(), offset, raw_size);
  if (!written) co_return std::move(written).error().with(step);
  written = co_await send_blocks(stream);
  if (written && stub_) written = co_await end(Op::flash_defl_end);
  if (written) co_return Result<void>();
  Error why = std::move(written).error().with(step);
  if (!is_lost(why)) co_return std::move(why);
  Result<void> back = co_await exchange_.resync();
  if (!back) co_return std::move(back).error();
  co_return make_error(Errc::block_lost, std::move(why.context),
                       "what is in flash is not known here: compare it, and write what differs");
}

net::Task<void> Loader::erase_region(std::uint32_t offset, std::uint32_t size) {
  Result<void> range = check_range(offset, size);
  if (!range) co_return std::move(range).error();
  if (size % sector_bytes != 0) {
    co_return make_error(Errc::bad_range, fmt::format("{} bytes at {:#x}", size, offset),
                         "flash is erased by whole 4 KiB sectors");
  }
  if (!can_erase()) {
    Result<void> open = need_open_chip("ERASE_REGION");
    co_return open ? needs_stub("erasing exactly this") : std::move(open).error();
  }
  if (size == 0) co_return Result<void>();
  const std::string step = fmt::format("erasing at {:#x}", offset);
  if (!stub_) {
    // A write that never sends its blocks.
    Result<void> begun =
        co_await begin(Op::flash_begin, size, blocks_of(size, rom_block), offset, size);
    if (!begun) co_return std::move(begun).error().with(step);
    co_return Result<void>();
  }
  const Bytes data = words({offset, size});
  const net::Duration timeout = timeout_for(erase_per_mb, size);
  Command command(Op::erase_region, data, 0, timeout, 3);
  Result<Answer> erased = co_await exchange_.ask(std::move(command));
  if (!erased) co_return std::move(erased).error().with(step);
  co_return Result<void>();
}

net::Task<void> Loader::erase_chip() {
  if (!stub_) {
    if (can_erase() && flash_bytes_ == 0) {
      co_return make_error(Errc::bad_range, "erasing the chip: its size is not known",
                           "tell the flash's size");
    }
    const std::uint32_t size = flash_bytes_;
    co_return co_await erase_region(0, size);
  }
  const Bytes none;
  Command command(Op::erase_flash, none, 0, chip_erase, 2);
  Result<Answer> erased = co_await exchange_.ask(std::move(command));
  if (!erased) co_return std::move(erased).error().with("erasing the chip");
  co_return Result<void>();
}

}  // namespace aiot::esp
