#include "protocol/esp/loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace aiot::esp {
namespace {

constexpr std::uint8_t read_jedec_id = 0x9F;
constexpr std::uint32_t esp32_v3 = 300;

/// The size that the third byte of a JEDEC id stands for; the vendors agree on powers of two, in
/// three ranges. 0 when it is none of them.
std::uint32_t size_of_capacity(std::uint8_t code) {
  if (code >= 0x12 && code <= 0x1C) return std::uint32_t{1} << code;
  if (code >= 0x20 && code <= 0x22) return std::uint32_t{1} << (code - 0x20 + 26);
  if (code >= 0x32 && code <= 0x3A) return std::uint32_t{1} << (code - 0x20);
  return 0;
}

constexpr std::uint32_t rom_block = 0x400;
constexpr std::uint32_t stub_block = 0x4000;
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

/// What FLASH_BEGIN has to be sent so that the ESP8266's ROM erases `size` bytes: it counts the
/// sectors up to the first 64 KiB boundary twice. An odd number of those loses one sector more.
std::uint32_t esp8266_erase_size(std::uint32_t offset, std::uint32_t size) {
  constexpr std::uint32_t sectors_per_block = 16;
  const std::uint32_t sectors = blocks_of(size, sector_bytes);
  const std::uint32_t head =
      std::min(sectors, sectors_per_block - (offset / sector_bytes) % sectors_per_block);
  const std::uint32_t told = sectors < 2 * head ? (sectors + 1) / 2 : sectors - head;
  return told * sector_bytes;
}

/// One READ_FLASH: small enough to be kept until its MD5 is known, and to be read again.
constexpr std::uint32_t piece_bytes = 128 * 1024;
constexpr std::uint32_t packet_bytes = 0x1000;
/// What the other tools ask for; the stubs so far wait for each acknowledgement all the same.
constexpr std::uint32_t packets_in_flight = 64;
constexpr int attempts_per_piece = 3;
constexpr std::uint32_t rom_read_bytes = 64;

}  // namespace

// What the chip says of itself: registers, eFuses, the flash chip's id --------------------------

net::Task<std::uint32_t> Loader::read_register(std::uint32_t address) {
  AIOT_CO_CHECK(need_open_chip("READ_REG"));
  Command command(Op::read_reg, words({address}));
  AIOT_CO_TRY(const Answer answer, co_await exchange_.ask(std::move(command)));
  co_return answer.value;
}

net::Task<void> Loader::write_register(std::uint32_t address, std::uint32_t value) {
  AIOT_CO_CHECK(need_open_chip("WRITE_REG"));
  Command command(Op::write_reg, words({address, value, 0xFFFFFFFF, 0}));
  AIOT_CO_CHECK(co_await exchange_.ask(std::move(command)));
  co_return Result<void>();
}

net::Task<std::uint32_t> Loader::read_field(BitField field) {
  if (field.bits == 0) co_return std::uint32_t{0};
  AIOT_CO_TRY(const std::uint32_t word, co_await read_register(field.address));
  co_return field.of(word);
}

net::Task<SecurityInfo> Loader::security_info() {
  if (chip_->rom.security_info_bytes != 0) co_return co_await ask_security_info();
  SecurityInfo info;
  const SecurityFuses& fuses = chip_->fuses;
  if (fuses.secure_boot.bits == 0) co_return info;
  AIOT_CO_TRY(const std::uint32_t count, co_await read_field(fuses.crypt_count));
  AIOT_CO_TRY(const std::uint32_t boot, co_await read_field(fuses.secure_boot));
  AIOT_CO_TRY(const std::uint32_t boot_v2, co_await read_field(fuses.secure_boot_v2));
  info.flash_encryption = std::popcount(count) % 2 != 0;
  info.secure_boot = boot != 0;
  if (boot_v2 != 0 && !info.secure_boot) {
    AIOT_CO_TRY(const std::uint32_t revision, co_await read_revision());
    info.secure_boot = revision >= esp32_v3;
  }
  co_return info;
}

net::Task<Mac> Loader::read_mac() {
  const std::uint32_t base = chip_->mac_address;
  AIOT_CO_TRY(const std::uint32_t low, (co_await read_register(base)).with("reading the MAC"));
  AIOT_CO_TRY(const std::uint32_t high, (co_await read_register(base + 4)).with("reading the MAC"));
  const auto byte = [](std::uint32_t word, int n) {
    return static_cast<std::uint8_t>(word >> (8 * n));
  };
  if (chip_->mac_layout != MacLayout::esp8266) {
    co_return Mac{byte(high, 1), byte(high, 0), byte(low, 3),
                  byte(low, 2),  byte(low, 1),  byte(low, 0)};
  }
  AIOT_CO_TRY(const std::uint32_t oui, (co_await read_register(base + 12)).with("reading the MAC"));
  Mac mac{byte(oui, 2), byte(oui, 1), byte(oui, 0), byte(high, 1), byte(high, 0), byte(low, 3)};
  if (oui == 0) {
    // Early parts leave the vendor out: the third byte of the second word says which.
    const std::uint8_t vendor = byte(high, 2);
    if (vendor > 1) co_return make_error(Errc::bad_reply, "reading the MAC: an unknown vendor");
    const std::array<std::uint8_t, 3> known = vendor == 0
                                                  ? std::array<std::uint8_t, 3>{0x18, 0xFE, 0x34}
                                                  : std::array<std::uint8_t, 3>{0xAC, 0xD0, 0x74};
    std::copy(known.begin(), known.end(), mac.begin());
  }
  co_return mac;
}

net::Task<std::uint32_t> Loader::read_revision() {
  const RevisionFields& fields = chip_->revision;
  if (fields.rule == RevisionRule::none) co_return std::uint32_t{0};
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  for (const BitField& field : fields.major) {
    AIOT_CO_TRY(const std::uint32_t part,
                (co_await read_field(field)).with("reading the revision"));
    major = (major << field.bits) | part;
  }
  for (const BitField& field : fields.minor) {
    AIOT_CO_TRY(const std::uint32_t part,
                (co_await read_field(field)).with("reading the revision"));
    minor = (minor << field.bits) | part;
  }
  if (fields.rule == RevisionRule::esp32) {
    // 000, 001, 011, 111 are v0, v1, v2, v3.
    const bool thermometer = major == 0 || major == 1 || major == 3 || major == 7;
    major = thermometer ? static_cast<std::uint32_t>(std::popcount(major)) : 0;
  }
  if (fields.rule == RevisionRule::esp32s3 && (minor & 7) == 0) {
    // v0.0 parts, known by their eFuse block version 1.1, hold calibration in the major field.
    const BitField block_minor{fields.minor[1].address, 24, 3};
    const BitField block_major{chip_->mac_address + 0x28, 0, 2};
    AIOT_CO_TRY(const std::uint32_t low,
                (co_await read_field(block_minor)).with("reading the revision"));
    AIOT_CO_TRY(const std::uint32_t high,
                (co_await read_field(block_major)).with("reading the revision"));
    if (low == 1 && high == 1) co_return std::uint32_t{0};
  }
  co_return major * 100 + minor;
}

net::Task<FlashId> Loader::attach_flash() {
  if (!stub_ && !chip_->rom.flash_commands) {
    // The ESP8266's ROM attaches the flash when a write begins.
    AIOT_CO_CHECK((co_await begin(Op::flash_begin, 0, 0, 0, 0)).with("attaching the flash"));
  } else {
    if (!stub_ && !secure_download_) {
      AIOT_CO_CHECK((co_await power_on_flash()).with("powering the flash"));
    }
    const Bytes data(stub_ ? 4 : 8, 0);
    Command command(Op::spi_attach, data);
    AIOT_CO_CHECK((co_await exchange_.ask(std::move(command))).with("attaching the flash"));
  }
  if (secure_download_) co_return FlashId();
  AIOT_CO_TRY(const std::uint32_t id,
              (co_await run_spi_command(read_jedec_id, 24)).with("reading the flash id"));
  FlashId flash;
  flash.manufacturer = static_cast<std::uint8_t>(id);
  flash.device = static_cast<std::uint16_t>((id & 0xFF00) | ((id >> 16) & 0xFF));
  flash.size_bytes = size_of_capacity(static_cast<std::uint8_t>(id >> 16));
  co_return flash;
}

// The SPI controller's "user command": the loaders have none for this.
net::Task<std::uint32_t> Loader::run_spi_command(std::uint8_t command, std::uint8_t read_bits) {
  const SpiRegisters& spi = chip_->spi;
  constexpr std::uint32_t user_command = 1u << 31;
  constexpr std::uint32_t user_miso = 1u << 28;
  constexpr std::uint32_t start = 1u << 18;
  constexpr std::uint32_t command_bits = 7u << 28;  // length less one
  const std::uint32_t lengths = read_bits - 1u;

  AIOT_CO_TRY(const std::uint32_t old_usr, co_await read_register(spi.base + spi.usr));
  AIOT_CO_TRY(const std::uint32_t old_usr2, co_await read_register(spi.base + spi.usr2));
  const bool length_register = spi.miso_length != 0;
  const std::array<std::array<std::uint32_t, 2>, 5> writes = {{
      {spi.base + (length_register ? spi.miso_length : spi.usr1),
       length_register ? lengths : lengths << 8},
      {spi.base + spi.usr, user_command | user_miso},
      {spi.base + spi.usr2, command_bits | command},
      {spi.base + spi.w0, 0},
      {spi.base, start},
  }};
  for (const auto& [address, value] : writes) {
    AIOT_CO_CHECK(co_await write_register(address, value));
  }
  for (int polls = 0;; ++polls) {
    AIOT_CO_TRY(const std::uint32_t state, co_await read_register(spi.base));
    if ((state & start) == 0) break;
    if (polls == 10) {
      co_return make_error(Errc::refused, "the flash does not answer",
                           "check the flash chip and its supply");
    }
  }
  AIOT_CO_TRY(const std::uint32_t answer, co_await read_register(spi.base + spi.w0));
  AIOT_CO_CHECK(co_await write_register(spi.base + spi.usr, old_usr));
  AIOT_CO_CHECK(co_await write_register(spi.base + spi.usr2, old_usr2));
  co_return answer&((std::uint32_t{1} << read_bits) - 1);
}

// ESP32-P4 v3.1 starts with its flash unpowered; the steps are the chip's power sequence as esptool
// 5.3 runs it. v3.2 may have it powered twice, which the ROM does not survive.
net::Task<void> Loader::power_on_flash() {
  if (chip_->name != "esp32p4") co_return Result<void>();
  AIOT_CO_TRY(const std::uint32_t revision, co_await read_revision());
  if (revision != 301 && revision != 302) co_return Result<void>();
  constexpr std::uint32_t pads = 0x5011010C;
  constexpr std::uint32_t ldo = 0x501151B8;
  constexpr std::uint32_t ldo_analog = 0x501151BC;
  constexpr std::uint32_t date = 0x501153FC;
  constexpr std::uint32_t force_on = 3;
  constexpr std::uint32_t current_limit = 1u << 27;
  constexpr std::uint32_t tie_high = 1u << 7;
  constexpr std::uint32_t target = 0xFFu << 23;
  struct Change {
    std::uint32_t address;
    std::uint32_t clear;
    std::uint32_t set;
    std::chrono::microseconds wait;
  };
  constexpr std::chrono::microseconds none{0};
  static constexpr std::array<Change, 8> power_up = {{
      {pads, 0xFFFFFFFF, 1, std::chrono::microseconds(10'000)},
      {ldo_analog, 0, current_limit, none},
      {ldo, 0, tie_high, none},
      {date, 0, force_on, std::chrono::microseconds(50)},
      {ldo_analog, current_limit, 0, none},
      {ldo, target, 0, none},
      {ldo, 0, 0x80, none},
      {ldo, tie_high, 0, std::chrono::microseconds(1800)},
  }};
  static constexpr std::array<Change, 1> let_go = {{{date, force_on, 0, none}}};
  std::span<const Change> changes = power_up;
  if (revision == 302) {
    const BitField powered_by_rom{0x5012D034, 16, 1};
    AIOT_CO_TRY(const std::uint32_t by_rom, co_await read_field(powered_by_rom));
    if (by_rom != 0) changes = let_go;
  }
  for (const Change& change : changes) {
    AIOT_CO_TRY(const std::uint32_t word, co_await read_register(change.address));
    const std::uint32_t value = (word & ~change.clear) | change.set;
    AIOT_CO_CHECK(co_await write_register(change.address, value));
    const net::TimePoint until = link_.clock().now() + change.wait;
    AIOT_CO_CHECK(co_await link_.clock().sleep_until(until));
  }
  co_return Result<void>();
}

net::Task<void> Loader::set_flash_size(std::uint32_t size_bytes) {
  flash_bytes_ = size_bytes;
  if (!stub_ && !chip_->rom.flash_commands) co_return Result<void>();  // its ROM does not care
  constexpr std::uint32_t block = 64 * 1024;
  constexpr std::uint32_t page = 256;
  constexpr std::uint32_t status_mask = 0xFFFF;
  Command command(Op::spi_set_params,
                  words({0, size_bytes, block, sector_bytes, page, status_mask}));
  AIOT_CO_CHECK((co_await exchange_.ask(std::move(command))).with("setting the flash size"));
  co_return Result<void>();
}

bool Loader::can_md5() const { return !secure_download_ && (stub_ || chip_->rom.flash_commands); }
bool Loader::can_read() const { return can_md5(); }
bool Loader::can_deflate() const { return can_md5(); }
bool Loader::can_erase() const { return can_md5(); }
bool Loader::can_change_baud() const {
  // In secure download mode the crystal cannot be found out, which these two ROMs need.
  const bool blind = secure_download_ && (chip_->baud_rule == BaudRule::assumes_40m ||
                                          chip_->baud_rule == BaudRule::reads_xtal);
  return stub_ || (chip_->rom.changes_baud && !blind);
}

net::Task<crypto::Md5> Loader::md5(std::uint32_t offset, std::uint32_t size) {
  AIOT_CO_CHECK(need_open_chip("SPI_FLASH_MD5"));
  if (!can_md5()) co_return needs_stub("MD5 of flash");
  constexpr std::chrono::seconds per_mb(8);
  const std::size_t body = stub_ ? 16 : 32;
  const net::Duration timeout = timeout_for(per_mb, size);
  Command command(Op::spi_flash_md5, words({offset, size, 0, 0}), body, timeout, 3);
  AIOT_CO_TRY(const Answer answer, co_await exchange_.ask(std::move(command)));
  crypto::Md5 digest{};
  if (stub_) {
    std::copy(answer.data.begin(), answer.data.end(), digest.begin());
    co_return digest;
  }
  const std::string text = to_string(answer.data);
  const std::optional<Bytes> bytes = from_hex(text);
  if (!bytes || bytes->size() != digest.size()) {
    co_return make_error(Errc::bad_reply, "SPI_FLASH_MD5: not 32 hex digits").with_peer_text(text);
  }
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  co_return digest;
}

// Writing and erasing: "Writing Data" of the serial protocol ------------------------------------
//
// What a loader makes of a block that it gets twice (esp-flasher-stub 1.1, command_handler.c):
// - a refusal for its checksum or length (damaged): nothing was taken, the block may come again;
// - no reply: the block may have been taken or not, and nothing shows which. The stub ignores
//   sequence numbers and writes each block behind the one before. So raw data starts anew with a
//   BEGIN at the lost block, and a deflate stream is given up (Errc::block_lost);
// - the stub acknowledges a block before it is written: its failure answers the next command, and
//   an END after the last block waits for it and reports it.

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
  return through_otg() ? otg_block_bytes : stub_block;
}

net::Task<void> Loader::begin(Op op, std::uint32_t erase_bytes, std::uint32_t blocks,
                              std::uint32_t offset, std::uint32_t timeout_for_bytes) {
  Bytes data = words({erase_bytes, blocks, block_bytes(), offset});
  if (!stub_ && chip_->rom.extended_begin) append_le32(data, 0);  // not encrypted
  // A ROM erases everything here, a stub as it goes.
  const net::Duration timeout =
      stub_ ? net::Duration(default_timeout) : timeout_for(erase_per_mb, timeout_for_bytes);
  Command command(op, std::move(data), 0, timeout, 3);
  AIOT_CO_CHECK(co_await exchange_.ask(std::move(command)));
  co_return Result<void>();
}

// One block is on the wire or in the chip at any time; the next one is encoded meanwhile.
net::Task<void> Loader::send_blocks(Stream& stream) {
  const std::uint32_t count = stream.count();
  Bytes frame = stream.frame(0);
  Bytes next;
  int attempt = 1;
  for (std::uint32_t sequence = 0; sequence < count;) {
    AIOT_CO_CHECK(co_await exchange_.send(frame));
    const net::TimePoint deadline =
        link_.clock().now() + stream.timeout + 2 * exchange_.wire_time(frame.size());
    if (next.empty() && sequence + 1 < count) next = stream.frame(sequence + 1);
    AIOT_CO_TRY(const Answer answer, (co_await exchange_.await_reply(stream.op, deadline))
                                         .with(fmt::format("block {}", sequence)));
    const Reply reply{stream.op, answer.value, answer.data};
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
  const net::Duration timeout = timeout_for(write_per_mb, 1024 * 1024);
  Command command(op, words({1}), 0, timeout, 1);
  AIOT_CO_CHECK(co_await exchange_.ask(std::move(command)));
  co_return Result<void>();
}

net::Task<void> Loader::write(std::uint32_t offset, ByteSpan data, ProgressFn progress) {
  AIOT_CO_CHECK(check_range(offset, data.size()));
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
    // A ROM wants whole blocks. A stub stops at the size it was sent at the start.
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
    AIOT_CO_CHECK(co_await exchange_.resync());
    done += all ? (rest.size() - 1) / sector_bytes * sector_bytes : kept;
  }
}

net::Task<void> Loader::write_deflated(std::uint32_t offset, std::uint32_t raw_size, ByteSpan zlib,
                                       ProgressFn progress) {
  AIOT_CO_CHECK(check_range(offset, raw_size));
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
  AIOT_CO_CHECK(co_await exchange_.resync());
  co_return make_error(Errc::block_lost, std::move(why.context),
                       "what is in flash is not known here: compare it, and write what differs");
}

net::Task<void> Loader::erase_region(std::uint32_t offset, std::uint32_t size) {
  AIOT_CO_CHECK(check_range(offset, size));
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
    AIOT_CO_CHECK((co_await begin(Op::flash_begin, size, blocks_of(size, rom_block), offset, size))
                      .with(step));
    co_return Result<void>();
  }
  const net::Duration timeout = timeout_for(erase_per_mb, size);
  Command command(Op::erase_region, words({offset, size}), 0, timeout, 3);
  AIOT_CO_CHECK((co_await exchange_.ask(std::move(command))).with(step));
  co_return Result<void>();
}

net::Task<void> Loader::erase_chip() {
  if (!stub_) {
    if (can_erase() && flash_bytes_ == 0) {
      co_return make_error(Errc::bad_range, "erasing the chip: its size is not known",
                           "send the flash's size");
    }
    const std::uint32_t size = flash_bytes_;
    co_return co_await erase_region(0, size);
  }
  const Bytes none;
  Command command(Op::erase_flash, none, 0, chip_erase, 2);
  AIOT_CO_CHECK((co_await exchange_.ask(std::move(command))).with("erasing the chip"));
  co_return Result<void>();
}

// Reading: "Reading Flash" of the serial protocol -----------------------------------------------

net::Task<void> Loader::read(std::uint32_t offset, std::uint32_t size,
                             std::function<Result<void>(ByteSpan)> sink) {
  if (std::uint64_t{offset} + size > (std::uint64_t{1} << 32)) {
    co_return make_error(Errc::bad_range, fmt::format("{} bytes at {:#x}", size, offset));
  }
  if (!can_read()) {
    Result<void> open = need_open_chip("READ_FLASH");
    co_return open ? needs_stub("reading flash") : std::move(open).error();
  }
  if (!stub_) co_return co_await read_slow(offset, size, sink);
  Bytes piece;
  for (std::uint32_t done = 0; done < size;) {
    const std::uint32_t at = offset + done;
    Result<void> got;
    for (int attempt = 1;; ++attempt) {
      piece.resize(std::min(piece_bytes, size - done));
      got = co_await read_piece(at, piece);
      if (got) break;
      const bool again = is_lost(got.error()) ||
                         got.error().code == make_error_code(Errc::damaged) ||
                         got.error().code == make_error_code(Errc::md5_mismatch);
      if (!again || attempt == attempts_per_piece)
        co_return std::move(got).error().with(fmt::format("reading at {:#x}", at));
      AIOT_CO_CHECK((co_await abort_read()).with(fmt::format("reading at {:#x}", at)));
    }
    AIOT_CO_CHECK(sink(piece));
    done += static_cast<std::uint32_t>(piece.size());
  }
  co_return Result<void>();
}

net::Task<void> Loader::read_piece(std::uint32_t offset, Bytes& piece) {
  const auto size = static_cast<std::uint32_t>(piece.size());
  Command command(Op::read_flash, words({offset, size, packet_bytes, packets_in_flight}), 0,
                  default_timeout, 1);
  AIOT_CO_CHECK(co_await exchange_.ask(std::move(command)));
  crypto::Md5Stream digest;
  Bytes acknowledgement;
  for (std::uint32_t got = 0; got < size;) {
    const std::uint32_t expected = std::min(packet_bytes, size - got);
    const net::TimePoint deadline =
        link_.clock().now() + default_timeout + 2 * exchange_.wire_time(2 * expected);
    Result<Bytes> packet = co_await exchange_.read_frame(deadline);
    if (!packet) co_return std::move(packet).error();
    if (packet->size() != expected) {
      co_return make_error(Errc::bad_reply, fmt::format("a packet of {} bytes instead of {}",
                                                        packet->size(), expected));
    }
    got += expected;
    // The stub waits for this: everything else comes after.
    acknowledgement.clear();
    const Bytes total = words({got});
    slip_encode(total, acknowledgement);
    AIOT_CO_CHECK(co_await exchange_.send(acknowledgement));
    digest.update(*packet);
    std::copy(packet->begin(), packet->end(), piece.begin() + (got - expected));
  }
  const net::TimePoint deadline = link_.clock().now() + default_timeout;
  AIOT_CO_TRY(const Bytes sum, co_await exchange_.read_frame(deadline));
  const crypto::Md5 expected = digest.finish();
  if (sum.size() != expected.size()) {
    co_return make_error(Errc::bad_reply, fmt::format("an MD5 of {} bytes", sum.size()));
  }
  if (!std::equal(expected.begin(), expected.end(), sum.begin()))
    co_return make_error(Errc::md5_mismatch);
  co_return Result<void>();
}

// The stub takes any frame that has not four bytes for the end of the read, sends its MD5 and
// listens again.
net::Task<void> Loader::abort_read() {
  const Bytes nothing{0};
  Bytes frame;
  slip_encode(nothing, frame);
  AIOT_CO_CHECK(co_await exchange_.send(frame));
  const net::Duration one_packet = std::chrono::milliseconds(50) + exchange_.wire_time(64);
  AIOT_CO_CHECK(co_await exchange_.drain_input(one_packet));
  co_return co_await exchange_.resync();
}

// The ROM's own command: 64 bytes a request, without a checksum of its own.
net::Task<void> Loader::read_slow(std::uint32_t offset, std::uint32_t size,
                                  const std::function<Result<void>(ByteSpan)>& sink) {
  for (std::uint32_t done = 0; done < size;) {
    const std::uint32_t want = std::min(rom_read_bytes, size - done);
    Command command(Op::read_flash_slow, words({offset + done, want}), rom_read_bytes);
    AIOT_CO_TRY(const Answer answer, (co_await exchange_.ask(std::move(command)))
                                         .with(fmt::format("reading at {:#x}", offset + done)));
    AIOT_CO_CHECK(sink(ByteSpan(answer.data).first(want)));
    done += want;
  }
  co_return Result<void>();
}

}  // namespace aiot::esp
