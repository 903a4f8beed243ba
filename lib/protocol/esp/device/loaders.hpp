#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "aiot/bytes.hpp"
#include "crypto/digest.hpp"
#include "protocol/esp/codec.hpp"
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

/// Inflates a zlib stream that arrives in blocks, with the 32 KiB window a loader has.
class Inflater {
 public:
  enum class State { more, done, failed };

  Inflater();
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  /// Feeds one block; `sink` gets what comes out and returns false to stop (State::failed).
  /// Input after the stream's end is ignored, as a block may be padded.
  State feed(ByteSpan block, const std::function<bool(ByteSpan)>& sink);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  State state_ = State::more;
};

/// The ROM loader: everything is done before it is answered.
class Rom {
 public:
  /// Largest payloads of DATA commands.
  static constexpr std::uint32_t ram_block = 0x1800;
  static constexpr std::uint32_t flash_block = 0x400;

  explicit Rom(Parts& parts) : parts_(parts) {}

  /// Forgets the downloads that were under way.
  void reset();
  Work handle(ByteSpan frame);

 private:
  struct Download {
    std::uint32_t offset = 0;
    std::uint32_t remaining = 0;
    std::uint32_t blocks = 0;
    std::uint32_t block_size = 0;
    std::uint32_t next = 0;
    bool active = false;
  };

  bool supports(Op op) const;
  Work dispatch(const Request& request);
  Work flash_begin(const Request& request);
  Work flash_data(const Request& request);
  Work flash_end(const Request& request);
  Work mem_begin(const Request& request);
  Work mem_data(const Request& request);
  Work mem_end(const Request& request);
  Work md5(const Request& request);
  Work read_slow(const Request& request);

  Work good(Op op, ByteSpan body = {}, std::uint32_t value = 0) const;
  Work bad(Op op, std::uint8_t reason) const;
  /// nullopt, or why this block cannot be next.
  std::optional<std::uint8_t> refuse(const Download& download,
                                     const std::optional<Block>& block) const;
  /// Programs and reads back; false when the flash does not hold what was written.
  bool program(std::uint32_t offset, ByteSpan bytes, Work& work);

  Parts& parts_;
  Download flash_;
  Download ram_;
  bool deflate_ = false;
  std::optional<Inflater> inflater_;
  struct Range {
    std::uint32_t begin;
    std::uint32_t end;
  };
  std::vector<Range> loaded_;
};

/// The flasher stub, as esp-flasher-stub (version 2) behaves: a block is acknowledged when it has
/// been checked and is written after that; what fails then is answered to the next request.
/// Sequence numbers are not looked at, but that 0 starts a deflated stream.
class Stub {
 public:
  /// Largest payload of DATA commands, and largest packet of READ_FLASH.
  static constexpr std::uint32_t flash_block = 0x4000;
  static constexpr std::uint32_t read_packet = 0x1000;
  /// A frame longer than the stub's buffer is lost.
  static constexpr std::size_t max_frame = 8 + 0x4000 + 0xFF;

  explicit Stub(Parts& parts) : parts_(parts) {}

  void reset();
  Work handle(ByteSpan frame);
  /// READ_FLASH is sending: frames are acknowledgements now.
  bool streaming() const { return read_ != nullptr; }
  /// The greeting of a stub that has started.
  static Bytes greeting();

 private:
  struct Write {
    std::uint32_t offset = 0;
    std::uint32_t remaining = 0;
    std::uint32_t erased_to = 0;
    std::uint32_t erase_end = 0;
    bool deflate = false;
  };
  struct Read {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    std::uint32_t packet = 0;
    std::uint32_t sent = 0;
    crypto::Md5Stream md5;
  };

  Work dispatch(const Request& request);
  Work flash_begin(const Request& request);
  Work flash_data(const Request& request);
  Work flash_end(const Request& request);
  Work memory(const Request& request);
  Work erase_region(const Request& request);
  Work read_flash(const Request& request);
  Work acknowledged(ByteSpan frame);
  void send_packet(Work& work);
  /// Erases what the piece needs, programs it; false when the flash refused.
  bool write_piece(ByteSpan piece, Work& work);

  Work good(Op op, ByteSpan body = {}, std::uint32_t value = 0) const;
  Work bad(Op op, std::uint8_t reason) const;

  Parts& parts_;
  std::optional<Write> write_;
  std::optional<Inflater> inflater_;
  std::unique_ptr<Read> read_;
  std::uint32_t ram_remaining_ = 0;
  bool ram_active_ = false;
  std::uint8_t failed_ = 0;  ///< reason that the next request is answered with
};

}  // namespace aiot::esp::device
