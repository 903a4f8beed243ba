#pragma once

#include "protocol/esp/command.hpp"
#include "protocol/esp/device/silicon.hpp"

namespace aiot::esp::device {

/// What the chip is made of, shared by its loaders.
struct Parts {
  const Chip& chip;
  const Profile& profile;
  Security security;
  FlashMemory& flash;
  Registers& registers;
  bool attached = false;     ///< SPI_ATTACH was done since the reset
  bool refuses_ram = false;  ///< MEM_* are refused (fault no-stub)
};

/// What a loader does with one request.
struct Work {
  enum class Then {
    stay,     ///< goes on with the next request
    stub,     ///< what was loaded into RAM runs
    crash,    ///< the jump went nowhere: the chip restarts
    restart,  ///< restarts as the boot pin says
    run,      ///< starts the application
    baud,     ///< another rate, once the reply has left
  };
  Bytes output;            ///< frames, ready for the wire
  Profile::Time before{};  ///< work done before `output` is sent
  Profile::Time after{};   ///< work done after it: the chip is busy that long
  Then then = Then::stay;
  std::uint32_t baud = 0;
  std::optional<Profile::Time> watchdog;  ///< a reset follows after this time
};

/// Size, sequence number and payload of a DATA request; nullopt when it is shorter than it says.
struct Block {
  std::uint32_t sequence = 0;
  ByteSpan payload;
  bool checksum_good = false;
};
std::optional<Block> parse_block(const Request& request);

/// The n-th little-endian word of `data`, which is long enough.
inline std::uint32_t word(ByteSpan data, std::size_t n) { return load_le32(data.data() + 4 * n); }

/// WRITE_REG: one or more entries of address, value, mask, delay in microseconds.
void write_registers(Parts& parts, ByteSpan entries, Work& work);
/// The body of GET_SECURITY_INFO.
Bytes security_info(const Parts& parts);
Profile::Time md5_time(const Profile& profile, std::uint64_t size);

}  // namespace aiot::esp::device
