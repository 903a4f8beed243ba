#include "protocol/esp/device/loaders.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>

namespace aiot::esp::device {
namespace {

/// Where code and data can be loaded: internal memories of all chips lie between.
constexpr std::uint32_t ram_begin = 0x3F000000;
constexpr std::uint32_t ram_end = 0x60000000;
/// Bytes that the slow read answers with, whatever was asked for.
constexpr std::uint32_t slow_read_bytes = 64;

std::uint32_t sectors(std::uint64_t bytes) {
  return static_cast<std::uint32_t>((bytes + FlashMemory::sector_size - 1) /
                                    FlashMemory::sector_size);
}

/// What the ESP8266's ROM erases when asked for `count` sectors from `first`: the sectors up to the
/// next 64 KiB block are counted twice (esptool's get_erase_size works around it).
std::uint32_t esp8266_erased(std::uint32_t first, std::uint32_t count) {
  const std::uint32_t head = 16 - first % 16;
  return count + std::min(count, head);
}

}  // namespace

std::optional<Block> parse_block(const Request& request) {
  if (request.data.size() < block_header_bytes) return std::nullopt;
  Block block;
  block.sequence = word(request.data, 1);
  block.payload = request.data.subspan(block_header_bytes);
  if (word(request.data, 0) != block.payload.size()) return std::nullopt;
  block.checksum_good = request.check == checksum(block.payload);
  return block;
}

void write_registers(Parts& parts, ByteSpan entries, Work& work) {
  for (; entries.size() >= 16; entries = entries.subspan(16)) {
    work.before += std::chrono::microseconds(word(entries, 3));
    if (auto bites = parts.registers.write(word(entries, 0), word(entries, 1), word(entries, 2))) {
      work.watchdog = bites;
    }
  }
}

Bytes security_info(const Parts& parts) {
  const Security& security = parts.security;
  Bytes info;
  append_le32(info, (security.secure_boot ? 1U : 0U) | (security.secure_download ? 1U << 2 : 0U));
  info.push_back(security.flash_encryption ? 1 : 0);
  info.resize(info.size() + 7);  // key purposes
  if (parts.chip.rom.security_info_bytes > 12) {
    append_le32(info, parts.chip.image_id.value_or(0));
    append_le32(info, 0);  // API version
  }
  return info;
}

Profile::Time md5_time(const Profile& profile, std::uint64_t size) {
  return Profile::Time(profile.md5_per_mib.count() * static_cast<std::int64_t>(size) /
                       (1024 * 1024));
}

struct Inflater::Stream {
  z_stream z{};
  ~Stream() { inflateEnd(&z); }
};

Inflater::Inflater() : stream_(std::make_unique<Stream>()) {
  if (inflateInit(&stream_->z) != Z_OK) throw std::bad_alloc();
}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

Inflater::State Inflater::feed(ByteSpan block, const std::function<bool(ByteSpan)>& sink) {
  if (state_ != State::more) return state_;
  z_stream& z = stream_->z;
  std::array<std::uint8_t, 32 * 1024> window;
  z.next_in = const_cast<Bytef*>(block.data());  // zlib's old signature; it only reads
  z.avail_in = static_cast<uInt>(block.size());
  for (;;) {
    z.next_out = window.data();
    z.avail_out = static_cast<uInt>(window.size());
    const int result = ::inflate(&z, Z_NO_FLUSH);
    const std::size_t made = window.size() - z.avail_out;
    if (made > 0 && !sink(ByteSpan(window).first(made))) return state_ = State::failed;
    if (result == Z_STREAM_END) return state_ = State::done;
    if (result == Z_BUF_ERROR || (result == Z_OK && z.avail_in == 0 && z.avail_out > 0))
      return state_;
    if (result != Z_OK) return state_ = State::failed;
  }
}

void Rom::reset() {
  flash_ = {};
  ram_ = {};
  inflater_.reset();
  loaded_.clear();
}

Work Rom::good(Op op, ByteSpan body, std::uint32_t value) const {
  Bytes data(body.begin(), body.end());
  data.resize(data.size() + parts_.chip.rom.status_bytes);
  Work work;
  work.output = frame_reply(op, value, data);
  return work;
}

Work Rom::bad(Op op, std::uint8_t reason) const {
  Bytes data(parts_.chip.rom.status_bytes);
  data[0] = 1;
  data[1] = reason;
  Work work;
  work.output = frame_reply(op, 0, data);
  return work;
}

bool Rom::supports(Op op) const {
  const RomLoader& rom = parts_.chip.rom;
  if (parts_.security.secure_download) {
    switch (op) {
      case Op::sync:
      case Op::spi_attach:
      case Op::spi_set_params:
      case Op::change_baudrate:
      case Op::flash_begin:
      case Op::flash_data:
      case Op::flash_end:
      case Op::get_security_info: break;
      default: return false;
    }
  }
  switch (op) {
    case Op::flash_begin:
    case Op::flash_data:
    case Op::flash_end:
    case Op::mem_begin:
    case Op::mem_end:
    case Op::mem_data:
    case Op::sync:
    case Op::write_reg:
    case Op::read_reg: return true;
    case Op::spi_set_params:
    case Op::spi_attach:
    case Op::read_flash_slow:
    case Op::flash_defl_begin:
    case Op::flash_defl_data:
    case Op::flash_defl_end:
    case Op::spi_flash_md5: return rom.flash_commands;
    case Op::change_baudrate: return rom.changes_baud;
    case Op::get_security_info: return rom.security_info_bytes > 0;
    default: return false;
  }
}

Work Rom::handle(ByteSpan frame) {
  const Result<Request> request = decode_request(frame);
  if (!request) return {};  // the ROM answers nothing to what is no request
  if (supports(request->op)) return dispatch(*request);
  // Eight times, for reasons of its own.
  const Work once = bad(request->op, reason::invalid_message);
  Work work;
  for (int i = 0; i < 8; ++i) append(work.output, once.output);
  return work;
}

Work Rom::dispatch(const Request& request) {
  const Op op = request.op;
  const ByteSpan data = request.data;
  Parts& parts = parts_;
  switch (op) {
    case Op::sync: {
      const Bytes expected = sync_payload();
      if (!std::ranges::equal(data, expected)) return bad(op, reason::invalid_message);
      Work work;
      for (int i = 0; i < 8; ++i) append(work.output, good(op, {}, 0x20120707).output);
      return work;
    }
    case Op::flash_begin:
    case Op::flash_defl_begin: return flash_begin(request);
    case Op::flash_data:
    case Op::flash_defl_data: return flash_data(request);
    case Op::flash_end:
    case Op::flash_defl_end: return flash_end(request);
    case Op::mem_begin: return mem_begin(request);
    case Op::mem_data: return mem_data(request);
    case Op::mem_end: return mem_end(request);
    case Op::spi_flash_md5: return md5(request);
    case Op::read_flash_slow: return read_slow(request);
    case Op::read_reg:
      if (data.size() != 4) return bad(op, reason::invalid_message);
      return good(op, {}, parts.registers.read(word(data, 0)));
    case Op::write_reg: {
      if (data.empty() || data.size() % 16 != 0) return bad(op, reason::invalid_message);
      Work work = good(op);
      write_registers(parts, data, work);
      return work;
    }
    case Op::spi_attach:
      // Two words; a client that sends one is understood too.
      if (data.size() != 8 && data.size() != 4) return bad(op, reason::invalid_message);
      parts.attached = true;
      parts.registers.set_attached(true);
      return good(op);
    case Op::spi_set_params: return data.size() == 24 ? good(op) : bad(op, reason::invalid_message);
    case Op::change_baudrate: {
      if (data.size() != 8 || word(data, 0) == 0) return bad(op, reason::invalid_message);
      Work work = good(op);
      work.then = Work::Then::baud;
      work.baud = word(data, 0);
      return work;
    }
    case Op::get_security_info: return good(op, security_info(parts));
    default: return bad(op, reason::invalid_message);
  }
}

std::optional<std::uint8_t> Rom::refuse(const Download& download,
                                        const std::optional<Block>& block) const {
  if (!download.active) return reason::failed_to_act;
  if (!block || block->payload.size() > download.block_size) return reason::invalid_message;
  if (!block->checksum_good) return reason::invalid_crc;
  if (block->sequence != download.next || download.next >= download.blocks)
    return reason::failed_to_act;
  return std::nullopt;
}

bool Rom::program(std::uint32_t offset, ByteSpan bytes, Work& work) {
  work.before +=
      FlashMemory::program_time(parts_.profile, offset, static_cast<std::uint32_t>(bytes.size()));
  if (!parts_.flash.program(offset, bytes)) return false;
  return std::ranges::equal(parts_.flash.contents().subspan(offset, bytes.size()), bytes);
}

Work Rom::flash_begin(const Request& request) {
  const Op op = request.op;
  const ByteSpan data = request.data;
  if (data.size() != 16 && data.size() != 20) return bad(op, reason::invalid_message);
  if (data.size() == 20 && word(data, 4) != 0)
    return bad(op, reason::failed_to_act);  // encrypted write
  const std::uint32_t size = word(data, 0);
  Download download{word(data, 3), size, word(data, 1), word(data, 2), 0, true};
  const RomLoader& rom = parts_.chip.rom;
  if (!rom.flash_commands) {
    parts_.attached = true;  // the ESP8266 connects its flash here
    parts_.registers.set_attached(true);
  }
  if (!parts_.attached) return bad(op, reason::failed_to_act);
  const std::uint64_t payload = static_cast<std::uint64_t>(download.blocks) * download.block_size;
  if (download.block_size > flash_block || !parts_.flash.holds(download.offset, size) ||
      (op == Op::flash_begin && !parts_.flash.holds(download.offset, payload))) {
    return bad(op, reason::failed_to_act);
  }
  const std::uint32_t first = download.offset / FlashMemory::sector_size;
  std::uint32_t count =
      size == 0 ? 0 : sectors(static_cast<std::uint64_t>(download.offset) + size) - first;
  if (rom.erase_size_bug && count > 0) count = esp8266_erased(first, sectors(size));
  count = std::min(count, parts_.flash.size() / FlashMemory::sector_size - first);
  const std::uint32_t begin = first * FlashMemory::sector_size;
  const std::uint32_t length = count * FlashMemory::sector_size;
  if (!parts_.flash.erase(begin, length)) return bad(op, reason::flash_write);
  flash_ = download;
  deflate_ = op == Op::flash_defl_begin;
  inflater_.reset();
  if (deflate_) inflater_.emplace();
  Work work = good(op);
  work.before = FlashMemory::erase_time(parts_.profile, begin, length);
  return work;
}

Work Rom::flash_data(const Request& request) {
  const Op op = request.op;
  const std::optional<Block> block = parse_block(request);
  if (flash_.active && deflate_ != (op == Op::flash_defl_data))
    return bad(op, reason::failed_to_act);
  if (auto why = refuse(flash_, block)) return bad(op, *why);
  Work spent;
  if (!deflate_) {
    if (!program(flash_.offset, block->payload, spent)) return bad(op, reason::flash_write);
    flash_.offset += static_cast<std::uint32_t>(block->payload.size());
  } else {
    std::uint8_t why = reason::deflate;
    const auto state = inflater_->feed(block->payload, [&](ByteSpan piece) {
      if (piece.size() > flash_.remaining) return false;
      if (!program(flash_.offset, piece, spent)) {
        why = reason::flash_write;
        return false;
      }
      flash_.offset += static_cast<std::uint32_t>(piece.size());
      flash_.remaining -= static_cast<std::uint32_t>(piece.size());
      return true;
    });
    if (state == Inflater::State::failed) return bad(op, why);
  }
  ++flash_.next;
  Work work = good(op);
  work.before = spent.before;
  return work;
}

Work Rom::flash_end(const Request& request) {
  const Op op = request.op;
  if (request.data.size() != 4) return bad(op, reason::invalid_message);
  if (!flash_.active) return bad(op, reason::failed_to_act);
  flash_ = {};
  Work work = good(op);
  work.then = word(request.data, 0) == 0 ? Work::Then::restart : Work::Then::run;
  return work;
}

Work Rom::mem_begin(const Request& request) {
  const Op op = request.op;
  const ByteSpan data = request.data;
  if (data.size() != 16) return bad(op, reason::invalid_message);
  if (parts_.refuses_ram) return bad(op, reason::failed_to_act);
  const Download download{word(data, 3), word(data, 0), word(data, 1), word(data, 2), 0, true};
  const std::uint64_t end = static_cast<std::uint64_t>(download.offset) + download.remaining;
  if (download.block_size > ram_block || download.offset < ram_begin || end > ram_end) {
    return bad(op, reason::failed_to_act);
  }
  ram_ = download;
  return good(op);
}

Work Rom::mem_data(const Request& request) {
  const Op op = request.op;
  const std::optional<Block> block = parse_block(request);
  if (auto why = refuse(ram_, block)) return bad(op, *why);
  if (block->payload.size() > ram_.remaining) return bad(op, reason::failed_to_act);
  const auto size = static_cast<std::uint32_t>(block->payload.size());
  if (loaded_.size() > 64) loaded_.erase(loaded_.begin());
  loaded_.push_back({ram_.offset, ram_.offset + size});
  ram_.offset += size;
  ram_.remaining -= size;
  ++ram_.next;
  return good(op);
}

Work Rom::mem_end(const Request& request) {
  const Op op = request.op;
  if (request.data.size() != 8) return bad(op, reason::invalid_message);
  if (!ram_.active || ram_.remaining != 0) return bad(op, reason::failed_to_act);
  ram_ = {};
  Work work = good(op);
  const std::uint32_t entry = word(request.data, 1);
  if (word(request.data, 0) == 0) {
    const bool inside = std::ranges::any_of(
        loaded_, [&](const Range& range) { return entry >= range.begin && entry < range.end; });
    work.then = inside ? Work::Then::stub : Work::Then::crash;
  }
  return work;
}

Work Rom::md5(const Request& request) {
  const ByteSpan data = request.data;
  if (data.size() != 16) return bad(request.op, reason::invalid_message);
  if (!parts_.attached || !parts_.flash.holds(word(data, 0), word(data, 1))) {
    return bad(request.op, reason::failed_to_act);
  }
  const crypto::Md5 sum =
      crypto::md5(parts_.flash.contents().subspan(word(data, 0), word(data, 1)));
  Work work = good(request.op, as_bytes(to_hex(sum)));
  work.before = md5_time(parts_.profile, word(data, 1));
  return work;
}

Work Rom::read_slow(const Request& request) {
  const ByteSpan data = request.data;
  if (data.size() != 8) return bad(request.op, reason::invalid_message);
  if (word(data, 1) > slow_read_bytes) return bad(request.op, reason::flash_read_length);
  if (!parts_.attached || !parts_.flash.holds(word(data, 0), word(data, 1))) {
    return bad(request.op, reason::flash_read);
  }
  const ByteSpan bytes = parts_.flash.contents().subspan(word(data, 0), word(data, 1));
  Bytes body(bytes.begin(), bytes.end());
  body.resize(slow_read_bytes);
  return good(request.op, body);
}

}  // namespace aiot::esp::device
