#pragma once

#include "net/capture/input.hpp"
#include "net/capture/record.hpp"

namespace aiot::net::capture {

/// The classic format: a header of 24 bytes, then records, in the byte order and the unit of time
/// that its magic number says.
class PcapReader final : public Reader {
 public:
  /// True when a file that begins so is of this format. At least 4 bytes.
  static bool recognises(ByteSpan beginning);
  /// Errc::not_a_capture, Errc::unsupported for another major version than 2, Errc::truncated.
  static Result<PcapReader> open(Input input);
  Result<std::optional<Record>> next() override;

 private:
  explicit PcapReader(Input input) : input_(std::move(input)) {}
  std::uint32_t load32(const std::uint8_t* p) const;

  Input input_;
  Link link_ = Link::ethernet;
  bool big_endian_ = false;
  bool nanoseconds_ = false;
};

}  // namespace aiot::net::capture
