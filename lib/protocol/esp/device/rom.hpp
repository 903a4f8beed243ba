#pragma once

#include "protocol/esp/device/inflate.hpp"
#include "protocol/esp/device/work.hpp"

namespace aiot::esp::device {

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

}  // namespace aiot::esp::device
