#include <fmt/format.h>

#include <algorithm>

#include "protocol/esp/loader.hpp"

// Reading: "Reading Flash" of the serial protocol.
namespace aiot::esp {
namespace {

/// One READ_FLASH: small enough to be kept until its MD5 is known, and to be read again.
constexpr std::uint32_t piece_bytes = 128 * 1024;
constexpr std::uint32_t packet_bytes = 0x1000;
/// What the other tools ask for; the stubs so far wait for each acknowledgement all the same.
constexpr std::uint32_t packets_in_flight = 64;
constexpr int attempts_per_piece = 3;
constexpr std::uint32_t rom_read_bytes = 64;

}  // namespace

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
      Result<void> back = co_await abort_read();
      if (!back) co_return std::move(back).error().with(fmt::format("reading at {:#x}", at));
    }
    Result<void> taken = sink(piece);
    if (!taken) co_return std::move(taken).error();
    done += static_cast<std::uint32_t>(piece.size());
  }
  co_return Result<void>();
}

net::Task<void> Loader::read_piece(std::uint32_t offset, Bytes& piece) {
  const auto size = static_cast<std::uint32_t>(piece.size());
  const Bytes data = words({offset, size, packet_bytes, packets_in_flight});
  Command command(Op::read_flash, data, 0, default_timeout, 1);
  Result<Answer> begun = co_await exchange_.ask(std::move(command));
  if (!begun) co_return std::move(begun).error();
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
    Result<void> sent = co_await exchange_.send(acknowledgement);
    if (!sent) co_return std::move(sent).error();
    digest.update(*packet);
    std::copy(packet->begin(), packet->end(), piece.begin() + (got - expected));
  }
  const net::TimePoint deadline = link_.clock().now() + default_timeout;
  Result<Bytes> sum = co_await exchange_.read_frame(deadline);
  if (!sum) co_return std::move(sum).error();
  const crypto::Md5 expected = digest.finish();
  if (sum->size() != expected.size()) {
    co_return make_error(Errc::bad_reply, fmt::format("an MD5 of {} bytes", sum->size()));
  }
  if (!std::equal(expected.begin(), expected.end(), sum->begin()))
    co_return make_error(Errc::md5_mismatch);
  co_return Result<void>();
}

// The stub takes any frame that has not four bytes for the end of the read, sends its MD5 and
// listens again.
net::Task<void> Loader::abort_read() {
  const Bytes nothing{0};
  Bytes frame;
  slip_encode(nothing, frame);
  Result<void> sent = co_await exchange_.send(frame);
  if (!sent) co_return std::move(sent).error();
  const net::Duration one_packet = std::chrono::milliseconds(50) + exchange_.wire_time(64);
  Result<void> drained = co_await exchange_.drain_input(one_packet);
  if (!drained) co_return std::move(drained).error();
  co_return co_await exchange_.resync();
}

// The ROM's own command: 64 bytes a request, without a checksum of its own.
net::Task<void> Loader::read_slow(std::uint32_t offset, std::uint32_t size,
                                  const std::function<Result<void>(ByteSpan)>& sink) {
  for (std::uint32_t done = 0; done < size;) {
    const std::uint32_t want = std::min(rom_read_bytes, size - done);
    const Bytes data = words({offset + done, want});
    Command command(Op::read_flash_slow, data, rom_read_bytes);
    Result<Answer> answer = co_await exchange_.ask(std::move(command));
    if (!answer)
      co_return std::move(answer).error().with(fmt::format("reading at {:#x}", offset + done));
    Result<void> taken = sink(ByteSpan(answer->data).first(want));
    if (!taken) co_return std::move(taken).error();
    done += want;
  }
  co_return Result<void>();
}

}  // namespace aiot::esp
