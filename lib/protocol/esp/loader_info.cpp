#include <algorithm>
#include <bit>

#include "protocol/esp/loader.hpp"

// What the chip says of itself: registers, eFuses, the flash chip's id.
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

}  // namespace

net::Task<std::uint32_t> Loader::read_register(std::uint32_t address) {
  Result<void> open = need_open_chip("READ_REG");
  if (!open) co_return std::move(open).error();
  const Bytes data = words({address});
  Command command(Op::read_reg, data);
  Result<Answer> answer = co_await exchange_.ask(std::move(command));
  if (!answer) co_return std::move(answer).error();
  co_return answer->value;
}

net::Task<void> Loader::write_register(std::uint32_t address, std::uint32_t value) {
  Result<void> open = need_open_chip("WRITE_REG");
  if (!open) co_return std::move(open).error();
  const Bytes data = words({address, value, 0xFFFFFFFF, 0});
  Command command(Op::write_reg, data);
  Result<Answer> answer = co_await exchange_.ask(std::move(command));
  if (!answer) co_return std::move(answer).error();
  co_return Result<void>();
}

net::Task<std::uint32_t> Loader::read_field(BitField field) {
  if (field.bits == 0) co_return std::uint32_t{0};
  Result<std::uint32_t> word = co_await read_register(field.address);
  if (!word) co_return std::move(word).error();
  co_return field.of(*word);
}

net::Task<SecurityInfo> Loader::security_info() {
  if (chip_->rom.security_info_bytes != 0) co_return co_await ask_security_info();
  SecurityInfo info;
  const SecurityFuses& fuses = chip_->fuses;
  if (fuses.secure_boot.bits == 0) co_return info;
  Result<std::uint32_t> count = co_await read_field(fuses.crypt_count);
  if (!count) co_return std::move(count).error();
  Result<std::uint32_t> boot = co_await read_field(fuses.secure_boot);
  if (!boot) co_return std::move(boot).error();
  Result<std::uint32_t> boot_v2 = co_await read_field(fuses.secure_boot_v2);
  if (!boot_v2) co_return std::move(boot_v2).error();
  info.flash_encryption = std::popcount(*count) % 2 != 0;
  info.secure_boot = *boot != 0;
  if (*boot_v2 != 0 && !info.secure_boot) {
    Result<std::uint32_t> revision = co_await read_revision();
    if (!revision) co_return std::move(revision).error();
    info.secure_boot = *revision >= esp32_v3;
  }
  co_return info;
}

net::Task<Mac> Loader::read_mac() {
  const std::uint32_t base = chip_->mac_address;
  Result<std::uint32_t> low = co_await read_register(base);
  if (!low) co_return std::move(low).error().with("reading the MAC");
  Result<std::uint32_t> high = co_await read_register(base + 4);
  if (!high) co_return std::move(high).error().with("reading the MAC");
  const auto byte = [](std::uint32_t word, int n) {
    return static_cast<std::uint8_t>(word >> (8 * n));
  };
  if (chip_->mac_layout != MacLayout::esp8266) {
    co_return Mac{byte(*high, 1), byte(*high, 0), byte(*low, 3),
                  byte(*low, 2),  byte(*low, 1),  byte(*low, 0)};
  }
  Result<std::uint32_t> oui = co_await read_register(base + 12);
  if (!oui) co_return std::move(oui).error().with("reading the MAC");
  Mac mac{byte(*oui, 2),  byte(*oui, 1),  byte(*oui, 0),
          byte(*high, 1), byte(*high, 0), byte(*low, 3)};
  if (*oui == 0) {
    // Early parts leave the vendor out: the third byte of the second word says which.
    const std::uint8_t vendor = byte(*high, 2);
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
    Result<std::uint32_t> part = co_await read_field(field);
    if (!part) co_return std::move(part).error().with("reading the revision");
    major = (major << field.bits) | *part;
  }
  for (const BitField& field : fields.minor) {
    Result<std::uint32_t> part = co_await read_field(field);
    if (!part) co_return std::move(part).error().with("reading the revision");
    minor = (minor << field.bits) | *part;
  }
  if (fields.rule == RevisionRule::esp32) {
    // 000, 001, 011, 111 are v0, v1, v2, v3.
    const bool thermometer = major == 0 || major == 1 || major == 3 || major == 7;
    major = thermometer ? static_cast<std::uint32_t>(std::popcount(major)) : 0;
  }
  if (fields.rule == RevisionRule::esp32s3 && (minor & 7) == 0) {
    // v0.0 parts, told by their eFuse block version 1.1, hold calibration in the major field.
    const BitField block_minor{fields.minor[1].address, 24, 3};
    const BitField block_major{chip_->mac_address + 0x28, 0, 2};
    Result<std::uint32_t> low = co_await read_field(block_minor);
    if (!low) co_return std::move(low).error().with("reading the revision");
    Result<std::uint32_t> high = co_await read_field(block_major);
    if (!high) co_return std::move(high).error().with("reading the revision");
    if (*low == 1 && *high == 1) co_return std::uint32_t{0};
  }
  co_return major * 100 + minor;
}

net::Task<FlashId> Loader::attach_flash() {
  if (!stub_ && !chip_->rom.flash_commands) {
    // The ESP8266's ROM attaches the flash when a write begins.
    Result<void> begun = co_await begin(Op::flash_begin, 0, 0, 0, 0);
    if (!begun) co_return std::move(begun).error().with("attaching the flash");
  } else {
    if (!stub_ && !secure_download_) {
      Result<void> powered = co_await power_on_flash();
      if (!powered) co_return std::move(powered).error().with("powering the flash");
    }
    const Bytes data(stub_ ? 4 : 8, 0);
    Command command(Op::spi_attach, data);
    Result<Answer> attached = co_await exchange_.ask(std::move(command));
    if (!attached) co_return std::move(attached).error().with("attaching the flash");
  }
  if (secure_download_) co_return FlashId();
  Result<std::uint32_t> id = co_await run_spi_command(read_jedec_id, 24);
  if (!id) co_return std::move(id).error().with("reading the flash id");
  FlashId flash;
  flash.manufacturer = static_cast<std::uint8_t>(*id);
  flash.device = static_cast<std::uint16_t>((*id & 0xFF00) | ((*id >> 16) & 0xFF));
  flash.size_bytes = size_of_capacity(static_cast<std::uint8_t>(*id >> 16));
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

  Result<std::uint32_t> old_usr = co_await read_register(spi.base + spi.usr);
  if (!old_usr) co_return std::move(old_usr).error();
  Result<std::uint32_t> old_usr2 = co_await read_register(spi.base + spi.usr2);
  if (!old_usr2) co_return std::move(old_usr2).error();
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
    Result<void> written = co_await write_register(address, value);
    if (!written) co_return std::move(written).error();
  }
  for (int polls = 0;; ++polls) {
    Result<std::uint32_t> state = co_await read_register(spi.base);
    if (!state) co_return std::move(state).error();
    if ((*state & start) == 0) break;
    if (polls == 10) {
      co_return make_error(Errc::refused, "the flash does not answer",
                           "check the flash chip and its supply");
    }
  }
  Result<std::uint32_t> answer = co_await read_register(spi.base + spi.w0);
  if (!answer) co_return std::move(answer).error();
  const std::uint32_t usr = *old_usr;
  const std::uint32_t usr2 = *old_usr2;
  Result<void> restored = co_await write_register(spi.base + spi.usr, usr);
  if (!restored) co_return std::move(restored).error();
  restored = co_await write_register(spi.base + spi.usr2, usr2);
  if (!restored) co_return std::move(restored).error();
  co_return *answer&((std::uint32_t{1} << read_bits) - 1);
}

// ESP32-P4 v3.1 starts with its flash unpowered; the steps are the chip's power sequence as esptool
// 5.3 runs it. v3.2 may have it powered twice, which the ROM does not survive.
net::Task<void> Loader::power_on_flash() {
  if (chip_->name != "esp32p4") co_return Result<void>();
  Result<std::uint32_t> revision = co_await read_revision();
  if (!revision) co_return std::move(revision).error();
  if (*revision != 301 && *revision != 302) co_return Result<void>();
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
  if (*revision == 302) {
    const BitField powered_by_rom{0x5012D034, 16, 1};
    Result<std::uint32_t> by_rom = co_await read_field(powered_by_rom);
    if (!by_rom) co_return std::move(by_rom).error();
    if (*by_rom != 0) changes = let_go;
  }
  for (const Change& change : changes) {
    Result<std::uint32_t> word = co_await read_register(change.address);
    if (!word) co_return std::move(word).error();
    const std::uint32_t value = (*word & ~change.clear) | change.set;
    Result<void> written = co_await write_register(change.address, value);
    if (!written) co_return std::move(written).error();
    const net::TimePoint until = link_.clock().now() + change.wait;
    Result<void> waited = co_await link_.clock().sleep_until(until);
    if (!waited) co_return std::move(waited).error();
  }
  co_return Result<void>();
}

net::Task<void> Loader::set_flash_size(std::uint32_t size_bytes) {
  flash_bytes_ = size_bytes;
  if (!stub_ && !chip_->rom.flash_commands) co_return Result<void>();  // its ROM does not care
  constexpr std::uint32_t block = 64 * 1024;
  constexpr std::uint32_t page = 256;
  constexpr std::uint32_t status_mask = 0xFFFF;
  const Bytes data = words({0, size_bytes, block, sector_bytes, page, status_mask});
  Command command(Op::spi_set_params, data);
  Result<Answer> set = co_await exchange_.ask(std::move(command));
  if (!set) co_return std::move(set).error().with("setting the flash size");
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
  Result<void> open = need_open_chip("SPI_FLASH_MD5");
  if (!open) co_return std::move(open).error();
  if (!can_md5()) co_return needs_stub("MD5 of flash");
  constexpr std::chrono::seconds per_mb(8);
  const std::size_t body = stub_ ? 16 : 32;
  const Bytes data = words({offset, size, 0, 0});
  const net::Duration timeout = timeout_for(per_mb, size);
  Command command(Op::spi_flash_md5, data, body, timeout, 3);
  Result<Answer> answer = co_await exchange_.ask(std::move(command));
  if (!answer) co_return std::move(answer).error();
  crypto::Md5 digest{};
  if (stub_) {
    std::copy(answer->data.begin(), answer->data.end(), digest.begin());
    co_return digest;
  }
  const std::string text = to_string(answer->data);
  const std::optional<Bytes> bytes = from_hex(text);
  if (!bytes || bytes->size() != digest.size()) {
    co_return make_error(Errc::bad_reply, "SPI_FLASH_MD5: not 32 hex digits").with_peer_text(text);
  }
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  co_return digest;
}

}  // namespace aiot::esp
