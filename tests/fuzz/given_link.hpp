#pragma once

#include <algorithm>

#include "net/link.hpp"

namespace aiot::net {

/// Gives what it has, and is lost then.
class GivenLink final : public Link {
 public:
  explicit GivenLink(Bytes bytes) : bytes_(std::move(bytes)) {}
  const LinkInfo& info() const override { return info_; }
  Clock& clock() override { return steady_clock(); }
  Task<std::size_t> read_some(std::span<std::uint8_t> buffer, TimePoint) override {
    if (bytes_.empty()) co_return make_error(Errc::link_lost);
    const std::size_t count = std::min(buffer.size(), bytes_.size());
    std::copy_n(bytes_.begin(), count, buffer.begin());
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(count));
    co_return count;
  }
  Task<void> write(ByteSpan, TimePoint) override { co_return Result<void>(); }
  Task<void> drain(TimePoint) override { co_return Result<void>(); }
  Task<void> discard_input() override { co_return Result<void>(); }
  Task<void> set_baud(std::uint32_t) override { co_return Result<void>(); }
  Task<void> set_lines(std::span<const LineStep>) override { co_return Result<void>(); }
  Task<void> reopen(TimePoint) override { co_return Result<void>(); }
  void close() override {}

 private:
  LinkInfo info_;
  Bytes bytes_;
};

}  // namespace aiot::net
