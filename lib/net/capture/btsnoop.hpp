#pragma once

#include "net/capture/input.hpp"
#include "net/capture/record.hpp"

namespace aiot::net::capture {

/// Bluetooth captures: Android's btsnoop_hci.log, and btmon -w.
class BtsnoopReader final : public Reader {
 public:
  static bool recognises(ByteSpan beginning);
  /// Errc::not_a_capture, Errc::unsupported (BCSP, three-wire), Errc::truncated.
  static Result<BtsnoopReader> open(Input input);
  Result<std::optional<Record>> next() override;

 private:
  explicit BtsnoopReader(Input input) : input_(std::move(input)) {}

  Input input_;
  Link link_ = Link::hci_h4;
};

}  // namespace aiot::net::capture
