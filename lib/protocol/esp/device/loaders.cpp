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

void Stub::reset() {
  write_.reset();
  inflater_.reset();
  read_.reset();
  ram_active_ = false;
  failed_ = 0;
}

Bytes Stub::greeting() {
  Bytes out;
  slip_encode(as_bytes("OHAI"), out);
  return out;
}

Work Stub::good(Op op, ByteSpan body, std::uint32_t value) const {
  Bytes data(body.begin(), body.end());
  data.resize(data.size() + 2);
  Work work;
  work.output = frame_reply(op, value, data);
  return work;
}

Work Stub::bad(Op op, std::uint8_t reason) const {
  const Bytes data = {reason, 0};  // the stub's 16-bit code, high byte first
  Work work;
  work.output = frame_reply(op, 0, data);
  return work;
}

Work Stub::handle(ByteSpan frame) {
  if (read_) return acknowledged(frame);
  if (frame.size() < header_bytes) return {};
  const Op op = static_cast<Op>(frame[1]);
  if (frame[0] != 0) return bad(op, reason::stub_invalid_command);
  const Result<Request> request = decode_request(frame);
  if (!request) return bad(op, reason::stub_bad_data_length);
  if (failed_ != 0) return bad(op, std::exchange(failed_, std::uint8_t{0}));
  return dispatch(*request);
}

Work Stub::dispatch(const Request& request) {
  const Op op = request.op;
  const ByteSpan data = request.data;
  Parts& parts = parts_;
  const auto sized = [&](std::size_t size) { return data.size() == size; };
  switch (op) {
    case Op::sync: {
      if (!sized(36)) return bad(op, reason::stub_bad_data_length);
      Work work;
      for (int i = 0; i < 8; ++i) append(work.output, good(op).output);
      return work;
    }
    case Op::flash_begin:
    case Op::flash_defl_begin: return flash_begin(request);
    case Op::flash_data:
    case Op::flash_defl_data: return flash_data(request);
    case Op::flash_end:
    case Op::flash_defl_end: return flash_end(request);
    case Op::mem_begin:
    case Op::mem_data:
    case Op::mem_end: return memory(request);
    case Op::read_reg:
      if (!sized(4)) return bad(op, reason::stub_bad_data_length);
      return good(op, {}, parts.registers.read(word(data, 0)));
    case Op::write_reg: {
      if (data.empty() || data.size() % 16 != 0) return bad(op, reason::stub_not_enough_data);
      Work work = good(op);
      write_registers(parts, data, work);
      return work;
    }
    case Op::spi_attach:
      if (!sized(4)) return bad(op, reason::stub_bad_data_length);
      return good(op);
    case Op::spi_set_params: return sized(24) ? good(op) : bad(op, reason::stub_bad_data_length);
    case Op::change_baudrate: {
      if (!sized(8) || word(data, 0) == 0) return bad(op, reason::stub_bad_data_length);
      Work work = good(op);
      work.then = Work::Then::baud;
      work.baud = word(data, 0);
      return work;
    }
    case Op::spi_flash_md5: {
      if (!sized(16)) return bad(op, reason::stub_bad_data_length);
      if (!parts.flash.holds(word(data, 0), word(data, 1))) return bad(op, reason::stub_spi_failed);
      Work work =
          good(op, crypto::md5(parts.flash.contents().subspan(word(data, 0), word(data, 1))));
      work.before = md5_time(parts.profile, word(data, 1));
      return work;
    }
    case Op::get_security_info:
      if (!sized(0)) return bad(op, reason::stub_bad_data_length);
      if (parts.chip.rom.security_info_bytes == 0) return bad(op, reason::stub_not_implemented);
      return good(op, security_info(parts));
    case Op::erase_flash: {
      const bool erased = parts.flash.erase_chip();
      Work work = erased ? good(op) : bad(op, reason::stub_spi_failed);
      work.before = parts.profile.erase_chip;
      return work;
    }
    case Op::erase_region: return erase_region(request);
    case Op::read_flash: return read_flash(request);
    case Op::run_user_code: {
      Work work;
      work.then = Work::Then::run;
      return work;
    }
    default: return bad(op, reason::stub_invalid_command);
  }
}

Work Stub::flash_begin(const Request& request) {
  const Op op = request.op;
  const ByteSpan data = request.data;
  if (data.size() != 16 && data.size() != 20) return bad(op, reason::stub_bad_data_length);
  const std::uint32_t size = word(data, 0);
  const std::uint32_t offset = word(data, 3);
  if (word(data, 2) > flash_block) return bad(op, reason::stub_bad_block_size);
  if (!parts_.flash.holds(offset, size)) return bad(op, reason::stub_spi_failed);
  if (data.size() == 20 && word(data, 4) != 0)
    return bad(op, reason::stub_spi_failed);  // encrypted
  constexpr std::uint32_t sector = FlashMemory::sector_size;
  Write write;
  write.offset = offset;
  write.remaining = size;
  write.erased_to = offset / sector * sector;
  write.erase_end = (offset + size + sector - 1) / sector * sector;
  write.deflate = op == Op::flash_defl_begin;
  write_ = write;
  inflater_.reset();
  if (write.deflate) inflater_.emplace();
  return good(op);
}

bool Stub::write_piece(ByteSpan piece, Work& work) {
  FlashMemory& flash = parts_.flash;
  const auto size = static_cast<std::uint32_t>(piece.size());
  const std::uint32_t end = write_->offset + size;
  while (write_->erased_to < end) {
    const bool block = write_->erased_to % FlashMemory::block_size == 0 &&
                       write_->erase_end - write_->erased_to >= FlashMemory::block_size;
    const std::uint32_t step = block ? FlashMemory::block_size : FlashMemory::sector_size;
    work.after += FlashMemory::erase_time(parts_.profile, write_->erased_to, step);
    if (!flash.erase(write_->erased_to, step)) return false;
    write_->erased_to += step;
  }
  work.after += FlashMemory::program_time(parts_.profile, write_->offset, size);
  const bool programmed = flash.program(write_->offset, piece);
  write_->offset = end;
  write_->remaining -= size;
  return programmed;
}

Work Stub::flash_data(const Request& request) {
  const Op op = request.op;
  const bool deflate = op == Op::flash_defl_data;
  if (request.data.size() < block_header_bytes) {
    return bad(op, deflate ? reason::stub_bad_data_length : reason::stub_not_enough_data);
  }
  if (!write_ || write_->deflate != deflate) return bad(op, reason::stub_not_in_flash_mode);
  const std::optional<Block> block = parse_block(request);
  if (!block) return bad(op, reason::stub_too_much_data);
  if (!block->checksum_good) return bad(op, reason::stub_bad_checksum);
  Work work = good(op);
  if (!deflate) {
    // The padding of the last block is not written.
    const std::size_t size = std::min<std::size_t>(block->payload.size(), write_->remaining);
    if (!write_piece(block->payload.first(size), work)) failed_ = reason::stub_spi_failed;
    return work;
  }
  if (block->sequence == 0) inflater_.emplace();
  std::uint8_t why = reason::stub_inflate;
  const auto state = inflater_->feed(block->payload, [&](ByteSpan piece) {
    if (piece.size() > write_->remaining) {
      why = reason::stub_too_much_data;
      return false;
    }
    if (write_piece(piece, work)) return true;
    why = reason::stub_spi_failed;
    return false;
  });
  if (state == Inflater::State::failed) failed_ = why;
  return work;
}

Work Stub::flash_end(const Request& request) {
  const Op op = request.op;
  if (request.data.size() != 4) return bad(op, reason::stub_bad_data_length);
  if (!write_) return bad(op, reason::stub_not_in_flash_mode);
  if (write_->remaining != 0) return bad(op, reason::stub_bad_data_length);
  write_.reset();
  inflater_.reset();
  Work work = good(op);
  if (word(request.data, 0) == 0) work.then = Work::Then::restart;
  return work;
}

Work Stub::memory(const Request& request) {
  const Op op = request.op;
  const ByteSpan data = request.data;
  if (op == Op::mem_begin) {
    if (data.size() != 16) return bad(op, reason::stub_bad_data_length);
    ram_remaining_ = word(data, 0);
    ram_active_ = true;
    return good(op);
  }
  if (op == Op::mem_data) {
    if (data.size() < block_header_bytes) return bad(op, reason::stub_not_enough_data);
    if (!ram_active_) return bad(op, reason::stub_not_in_flash_mode);
    const std::size_t size = data.size() - block_header_bytes;
    if (word(data, 0) != size || size > ram_remaining_) return bad(op, reason::stub_too_much_data);
    ram_remaining_ -= static_cast<std::uint32_t>(size);
    return good(op);
  }
  if (data.size() != 8) return bad(op, reason::stub_bad_data_length);
  if (!ram_active_) return bad(op, reason::stub_not_in_flash_mode);
  ram_active_ = false;
  Work work = good(op);
  if (word(data, 0) == 0) work.then = Work::Then::stub;
  return work;
}

Work Stub::erase_region(const Request& request) {
  const Op op = request.op;
  const ByteSpan data = request.data;
  if (data.size() != 8) return bad(op, reason::stub_bad_data_length);
  const std::uint32_t offset = word(data, 0);
  const std::uint32_t size = word(data, 1);
  if (offset % FlashMemory::sector_size != 0 || size % FlashMemory::sector_size != 0) {
    return bad(op, reason::stub_bad_data_length);
  }
  if (!parts_.flash.holds(offset, size)) return bad(op, reason::stub_spi_failed);
  const bool erased = parts_.flash.erase(offset, size);
  Work work = erased ? good(op) : bad(op, reason::stub_spi_failed);
  work.before = FlashMemory::erase_time(parts_.profile, offset, size);
  return work;
}

Work Stub::read_flash(const Request& request) {
  const Op op = request.op;
  const ByteSpan data = request.data;
  if (data.size() != 16) return bad(op, reason::stub_bad_data_length);
  Work work = good(op);
  const std::uint32_t packet = word(data, 2);
  if (packet > read_packet || packet == 0) {
    failed_ = reason::stub_bad_data_length;
    return work;
  }
  if (!parts_.flash.holds(word(data, 0), word(data, 1))) {
    failed_ = reason::stub_spi_failed;
    return work;
  }
  read_ = std::make_unique<Read>();
  read_->offset = word(data, 0);
  read_->size = word(data, 1);
  read_->packet = packet;
  // One packet is in flight whatever the request allows, as in every published stub.
  send_packet(work);
  return work;
}

void Stub::send_packet(Work& work) {
  Read& read = *read_;
  if (read.sent == read.size) {
    const crypto::Md5 sum = read.md5.finish();
    slip_encode(sum, work.output);
    read_.reset();
    return;
  }
  const std::uint32_t size = std::min(read.packet, read.size - read.sent);
  const ByteSpan bytes = parts_.flash.contents().subspan(read.offset + read.sent, size);
  read.md5.update(bytes);
  read.sent += size;
  slip_encode(bytes, work.output);
}

Work Stub::acknowledged(ByteSpan frame) {
  Work work;
  // Anything but four bytes ends the transfer, with the sum of what was sent.
  if (frame.size() != 4 || load_le32(frame.data()) != read_->sent) read_->size = read_->sent;
  send_packet(work);
  return work;
}

}  // namespace aiot::esp::device
