#pragma once

#include <memory>
#include <optional>

#include "crypto/digest.hpp"
#include "protocol/esp/device/inflate.hpp"
#include "protocol/esp/device/work.hpp"

namespace aiot::esp::device {

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
