#include "protocol/esp/device/silicon.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "aiot/units.hpp"

namespace aiot::esp::device {
namespace {

Result<void> check_size(std::uint64_t size) {
  if (std::has_single_bit(size) && size >= 256 * 1024 && size <= 16 * 1024 * 1024) return {};
  return make_error(Errc::flash_size, format_size(size),
                    "use a power of two from 256 KiB to 16 MiB");
}

Error file_error(const std::string& path, int code) {
  return make_error(Errc::flash_file, path + ": " + std::strerror(code),
                    "name a file that can be created or written, on a disk with room");
}

/// Fills an empty file with FF.
int fill(int fd, std::uint64_t size) {
  const Bytes erased(64 * 1024, 0xFF);
  for (std::uint64_t done = 0; done < size;) {
    const std::size_t part = std::min<std::uint64_t>(erased.size(), size - done);
    const ssize_t wrote = ::pwrite(fd, erased.data(), part, static_cast<off_t>(done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return wrote < 0 ? errno : ENOSPC;
    done += static_cast<std::uint64_t>(wrote);
  }
  return 0;
}

/// Locks the file and makes it the contents of a flash of `size` bytes.
Result<void> take_file(int fd, const std::string& path, std::uint64_t size) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return file_error(path, errno);
  if (!S_ISREG(info.st_mode)) return file_error(path, EINVAL);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error(path, errno);
    return make_error(Errc::flash_file, path + ": another virtual device has it",
                      "give each device a file of its own");
  }
  if (info.st_size == 0) {
    const int failed = fill(fd, size);
    return failed ? Result<void>(file_error(path, failed)) : Result<void>();
  }
  if (static_cast<std::uint64_t>(info.st_size) != size) {
    return make_error(
        Errc::flash_file_size,
        path + ": " + std::to_string(info.st_size) + " bytes, not " + std::to_string(size),
        "name a new file, or one that has the contents of a whole flash");
  }
  return {};
}

/// What only the device side needs to know. Magics and crystals: esptool 5.3 and esptool-js 0.7
/// (targets), which name them for every revision; the revisions are ones in production.
struct Silicon {
  std::string_view name;
  std::uint32_t magic = 0;
  std::uint32_t crystal_hz = 40'000'000;
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
};

constexpr Silicon table[] = {
    {"esp8266", 0xFFF0C101, 26'000'000, 0, 0}, {"esp32", 0x00F01D83, 40'000'000, 3, 0},
    {"esp32s2", 0x000007C6, 40'000'000, 1, 0}, {"esp32s3", 0x00000009, 40'000'000, 0, 2},
    {"esp32c2", 0x7C41A06F, 40'000'000, 1, 2}, {"esp32c3", 0x1B31506F, 40'000'000, 0, 4},
    {"esp32c5", 0x1101406F, 48'000'000, 1, 0}, {"esp32c6", 0x2CE0806F, 40'000'000, 0, 1},
    {"esp32h2", 0xD7B73E80, 32'000'000, 0, 1}, {"esp32p4", 0x0ADDBAD0, 40'000'000, 1, 3},
};

const Silicon& silicon_of(const Chip& chip) {
  const auto* found = std::find_if(std::begin(table), std::end(table),
                                   [&](const Silicon& row) { return row.name == chip.name; });
  return found == std::end(table) ? table[1] : *found;
}

/// SPI_USR in the controller's command register: run what the USR registers say.
constexpr std::uint32_t spi_user = 1U << 18;
/// The slow clock that the RTC watchdog counts, in hertz: RC oscillator, nominal (ESP32 TRM).
constexpr std::uint64_t slow_clock_hz = 150'000;
/// ESP32-C5: PCR_SYSCLK_CONF, bits 24 to 30: the crystal that the ROM expects, in MHz.
constexpr std::uint32_t c5_sysclk_conf = 0x60096110;

/// CRC-8 of Dallas/Maxim, above the ESP32's MAC in eFuse word 2.
std::uint8_t crc8(const Mac& mac) {
  std::uint8_t crc = 0;
  for (std::uint8_t byte : mac) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = static_cast<std::uint8_t>((crc & 1) ? (crc >> 1) ^ 0x8C : crc >> 1);
  }
  return crc;
}

void set_field(std::map<std::uint32_t, std::uint32_t>& words, const BitField& field,
               std::uint32_t value) {
  if (field.bits == 0) return;
  const std::uint32_t mask = ((1U << field.bits) - 1) << field.shift;
  std::uint32_t& word = words[field.address];
  word = (word & ~mask) | ((value << field.shift) & mask);
}

/// Spreads `value` over parts, the first the highest.
template <std::size_t N>
void set_parts(std::map<std::uint32_t, std::uint32_t>& words, const BitField (&parts)[N],
               std::uint32_t value) {
  for (std::size_t i = N; i-- > 0;) {
    if (parts[i].bits == 0) continue;
    set_field(words, parts[i], value);
    value >>= parts[i].bits;
  }
}

}  // namespace

Result<FlashMemory> FlashMemory::in_memory(std::uint64_t size) {
  AIOT_CHECK(check_size(size));
  void* map = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) return file_error("memory", errno);
  FlashMemory flash;
  flash.data_ = static_cast<std::uint8_t*>(map);
  flash.size_ = static_cast<std::uint32_t>(size);
  std::memset(flash.data_, 0xFF, size);
  return flash;
}

Result<FlashMemory> FlashMemory::in_file(const std::string& path, std::uint64_t size) {
  AIOT_CHECK(check_size(size));
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return file_error(path, errno);
  FlashMemory flash;
  flash.file_ = fd;
  AIOT_CHECK(take_file(fd, path, size));
  void* map = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) return file_error(path, errno);
  flash.data_ = static_cast<std::uint8_t*>(map);
  flash.size_ = static_cast<std::uint32_t>(size);
  return flash;
}

FlashMemory::FlashMemory(FlashMemory&& other) noexcept
    : cut_power(std::move(other.cut_power)),
      data_(std::exchange(other.data_, nullptr)),
      file_(std::exchange(other.file_, -1)),
      size_(std::exchange(other.size_, 0)),
      protection_(other.protection_) {}

FlashMemory& FlashMemory::operator=(FlashMemory&& other) noexcept {
  std::swap(cut_power, other.cut_power);
  std::swap(data_, other.data_);
  std::swap(file_, other.file_);
  std::swap(size_, other.size_);
  std::swap(protection_, other.protection_);
  return *this;
}

FlashMemory::~FlashMemory() {
  if (data_ != nullptr) ::munmap(data_, size_);
  if (file_ >= 0) ::close(file_);
}

std::uint32_t FlashMemory::jedec_id() const {
  // Winbond W25QxxJV: EF 40, then log2 of the size.
  const auto capacity = static_cast<std::uint32_t>(std::countr_zero(size_));
  return 0xEF | (0x40 << 8) | (capacity << 16);
}

const FlashMemory::Protection* FlashMemory::protected_at(std::uint32_t offset) const {
  if (!protection_ || offset < protection_->begin || offset >= protection_->end) return nullptr;
  return &*protection_;
}

void FlashMemory::protect(std::uint64_t offset, std::uint64_t length, bool with_error) {
  const std::uint64_t begin = offset / sector_size * sector_size;
  const std::uint64_t end = (offset + length + sector_size - 1) / sector_size * sector_size;
  protection_ = Protection{begin, end, with_error};
}

bool FlashMemory::program(std::uint32_t offset, ByteSpan bytes) {
  bool accepted = true;
  while (!bytes.empty()) {
    const std::size_t part = std::min<std::size_t>(bytes.size(), page_size - offset % page_size);
    if (const Protection* kept = protected_at(offset)) {
      accepted = accepted && !kept->with_error;
    } else if (cut_power && cut_power()) {
      for (std::size_t i = 0; i < part / 2; ++i) data_[offset + i] &= bytes[i];
      // The cells at the boundary were half way.
      if (part / 2 < part)
        data_[offset + part / 2] &= static_cast<std::uint8_t>(bytes[part / 2] | 0xAA);
      return false;
    } else {
      for (std::size_t i = 0; i < part; ++i) data_[offset + i] &= bytes[i];
    }
    offset += static_cast<std::uint32_t>(part);
    bytes = bytes.subspan(part);
  }
  return accepted;
}

bool FlashMemory::erase(std::uint32_t offset, std::uint32_t length) {
  bool accepted = true;
  for (std::uint32_t at = offset; at < offset + length; at += sector_size) {
    if (const Protection* kept = protected_at(at)) {
      accepted = accepted && !kept->with_error;
    } else {
      std::memset(data_ + at, 0xFF, sector_size);
    }
  }
  return accepted;
}

Profile::Time FlashMemory::erase_time(const Profile& profile, std::uint32_t offset,
                                      std::uint32_t length) {
  Profile::Time time{};
  while (length > 0) {
    const bool block = offset % block_size == 0 && length >= block_size;
    const std::uint32_t step = block ? block_size : std::min(length, sector_size);
    time += block ? profile.erase_64k : profile.erase_4k;
    offset += step;
    length -= step;
  }
  return time;
}

Profile::Time FlashMemory::program_time(const Profile& profile, std::uint32_t offset,
                                        std::uint32_t length) {
  if (length == 0) return {};
  const std::uint64_t first = offset / page_size;
  const std::uint64_t last = (static_cast<std::uint64_t>(offset) + length - 1) / page_size;
  return profile.page_program * static_cast<std::int64_t>(last - first + 1);
}

Result<Mac> checked_mac(std::string_view text) {
  if (const auto mac = parse_mac(text)) return *mac;
  return make_error(Errc::bad_mac, std::string(text), "write it as 24:0a:c4:00:00:01");
}

std::string format_mac(const Mac& mac) { return to_hex(mac, ":"); }

Registers::Registers(const Chip& chip, const Mac& mac, const Security& security, FlashMemory& flash)
    : chip_(chip), mac_(mac), security_(security), flash_(flash) {
  burn();
}

void Registers::burn() {
  const Silicon& silicon = silicon_of(chip_);
  fuses_.clear();
  fuses_[magic_address] = silicon.magic;
  const std::uint32_t low = static_cast<std::uint32_t>(mac_[2]) << 24 |
                            static_cast<std::uint32_t>(mac_[3]) << 16 |
                            static_cast<std::uint32_t>(mac_[4]) << 8 | mac_[5];
  const std::uint32_t high = static_cast<std::uint32_t>(mac_[0]) << 8 | mac_[1];
  const std::uint32_t at = chip_.mac_address;
  if (chip_.mac_layout == MacLayout::esp8266) {
    const std::uint32_t oui = static_cast<std::uint32_t>(mac_[0]) << 16 |
                              static_cast<std::uint32_t>(mac_[1]) << 8 | mac_[2];
    fuses_[at] = static_cast<std::uint32_t>(mac_[5]) << 24;
    fuses_[at + 4] = 0x02000000U | static_cast<std::uint32_t>(mac_[3]) << 8 | mac_[4];
    fuses_[at + 12] = oui;
  } else {
    fuses_[at] = low;
    fuses_[at + 4] = high;
  }
  if (chip_.name == "esp32") {
    fuses_[at + 4] |= static_cast<std::uint32_t>(crc8(mac_)) << 16;
    // Package 1 (D0WD), rated for 240 MHz: the word that follows the MAC.
    fuses_[at + 8] = 1U << 9 | 1U << 13;
  }
  if (chip_.revision.rule == RevisionRule::esp32) {
    // A thermometer: the highest bit comes first.
    for (int i = 0; i < 3; ++i) set_field(fuses_, chip_.revision.major[i], silicon.major >= 3 - i);
  } else {
    set_parts(fuses_, chip_.revision.major, silicon.major);
  }
  set_parts(fuses_, chip_.revision.minor, silicon.minor);
  if (security_.flash_encryption) set_field(fuses_, chip_.fuses.crypt_count, 1);
  if (security_.secure_boot) {
    set_field(fuses_, chip_.fuses.secure_boot, 1);
    set_field(fuses_, chip_.fuses.secure_boot_v2, 1);
  }
  if (chip_.name == "esp32c5") fuses_[c5_sysclk_conf] = 48U << 24;
}

void Registers::reset() {
  volatile_.clear();
  flash_status_ = 0;
  attached_ = false;
  watchdog_unlocked_ = false;
  baud_ = 115200;
}

void Registers::set_mac(const Mac& mac) {
  mac_ = mac;
  mac_was_read_ = false;
  burn();
}

std::uint32_t Registers::read(std::uint32_t address) {
  if (address == chip_.mac_address) mac_was_read_ = true;
  if (chip_.uart_clkdiv != 0 && address == chip_.uart_clkdiv && baud_ != 0) {
    return silicon_of(chip_).crystal_hz / baud_ * chip_.xtal_divider;
  }
  if (auto fuse = fuses_.find(address); fuse != fuses_.end()) return fuse->second;
  if (auto word = volatile_.find(address); word != volatile_.end()) return word->second;
  return 0;
}

std::optional<Profile::Time> Registers::write(std::uint32_t address, std::uint32_t value,
                                              std::uint32_t mask) {
  if (fuses_.contains(address)) return std::nullopt;  // read-only
  const Watchdogs& dog = chip_.watchdogs;
  const bool guarded = dog.config0 != 0 && (address == dog.config0 || address == dog.config1);
  if (guarded && !watchdog_unlocked_) return std::nullopt;
  std::uint32_t& word = volatile_[address];
  word = (word & ~mask) | (value & mask);
  if (dog.config0 != 0 && address == dog.protect) watchdog_unlocked_ = word == dog.key;
  if (dog.config0 != 0 && address == dog.config0 && (word >> 31) != 0) {
    const std::uint64_t ticks = volatile_[dog.config1];
    return std::chrono::nanoseconds(ticks * 1'000'000'000ULL / slow_clock_hz);
  }
  if (address == chip_.spi.base && (word & spi_user) != 0) run_spi_command();
  return std::nullopt;
}

void Registers::run_spi_command() {
  const SpiRegisters& at = chip_.spi;
  const std::uint32_t lengths =
      at.miso_length == 0 ? spi(at.usr1) >> 8 & 0x1FF : spi(at.miso_length);
  const std::uint32_t bits = (spi(at.usr) & 1U << 28) != 0 ? lengths + 1 : 0;
  std::uint32_t answer = 0xFFFFFFFF;
  if (attached_) {
    switch (spi(at.usr2) & 0xFF) {
      case 0x9F: answer = flash_.jedec_id(); break;         // read JEDEC id
      case 0x05: answer = flash_status_; break;             // read status 1
      case 0x35: answer = 0; break;                         // read status 2
      case 0x15: answer = 0x60; break;                      // read status 3: output drive, default
      case 0x06: flash_status_ |= 2; break;                 // write enable
      case 0x04: flash_status_ &= ~std::uint8_t{2}; break;  // write disable
      default: break;
    }
  }
  if (bits > 0) volatile_[at.base + at.w0] = bits >= 32 ? answer : answer & ((1U << bits) - 1);
  volatile_[at.base] = 0;
}

}  // namespace aiot::esp::device
