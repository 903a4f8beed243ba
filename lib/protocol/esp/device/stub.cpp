#include <algorithm>
#include <utility>

#include "protocol/esp/device/loaders.hpp"

// The stub of loaders.hpp.
namespace aiot::esp::device {

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
