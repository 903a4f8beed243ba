#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "protocol/esp/loader.hpp"

// Uploading a stub: "RAM Download" of the serial protocol.
namespace aiot::esp {
namespace {

constexpr std::size_t ram_block = 0x1800;
constexpr std::size_t otg_block = 0x800;
constexpr std::string_view greeting = "OHAI";

}  // namespace

net::Task<void> Loader::upload(std::uint32_t address, ByteSpan bytes) {
  const std::size_t block = through_otg() ? otg_block : ram_block;
  const std::size_t blocks = (bytes.size() + block - 1) / block;
  const Bytes data =
      words({static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(blocks),
             static_cast<std::uint32_t>(block), address});
  Command command(Op::mem_begin, data);
  Result<Answer> begun = co_await exchange_.ask(std::move(command));
  if (!begun) co_return std::move(begun).error();
  for (std::size_t sequence = 0; sequence < blocks; ++sequence) {
    const std::size_t at = sequence * block;
    const ByteSpan part = bytes.subspan(at, std::min(block, bytes.size() - at));
    const Bytes frame = frame_block(Op::mem_data, static_cast<std::uint32_t>(sequence), part);
    Result<void> sent = co_await exchange_.send(frame);
    if (!sent) co_return std::move(sent).error();
    const net::TimePoint deadline =
        link_.clock().now() + default_timeout + 2 * exchange_.wire_time(frame.size());
    Result<Answer> answer = co_await exchange_.await_reply(Op::mem_data, deadline);
    if (!answer) co_return std::move(answer).error();
    const Reply reply{Op::mem_data, answer->value, answer->data};
    Result<ByteSpan> taken = check_status(reply, 0);
    if (!taken) co_return std::move(taken).error();
  }
  co_return Result<void>();
}

net::Task<void> Loader::await_greeting() {
  const net::TimePoint deadline = link_.clock().now() + default_timeout;
  for (int i = 0; i < 100; ++i) {
    Result<Bytes> frame = co_await exchange_.read_frame(deadline);
    if (!frame) {
      if (!is_lost(frame.error())) co_return std::move(frame).error();
      break;
    }
    if (to_string(*frame) == greeting) co_return Result<void>();
    // The reply to MEM_END may be missing: the stub takes over the UART while it is sent.
    Result<Reply> reply = decode_reply(*frame);
    if (reply && reply->op == Op::mem_end) {
      Result<ByteSpan> status = check_status(*reply, 0);
      if (!status) co_return std::move(status).error();
    }
  }
  co_return make_error(Errc::stub_failed, {}, "try again, or go on without a stub");
}

net::Task<void> Loader::start(std::uint32_t entry) {
  Result<SecurityInfo> security = co_await security_info();
  if (!security) co_return std::move(security).error();
  const bool hijack = chip_->revision.rule == RevisionRule::esp32s3 && security->secure_boot;
  const Bytes leave = words({hijack ? 1u : 0u, hijack ? 0u : entry});
  if (!hijack) {
    const Bytes frame = frame_request(Op::mem_end, leave);
    Result<void> sent = co_await exchange_.send(frame);
    if (!sent) co_return std::move(sent).error();
    co_return co_await await_greeting();
  }
  // The ESP32-S3's ROM runs nothing from RAM once secure boot is on. Its flash driver's pointer to
  // `read` (rom_spiflash_legacy_funcs.read) is in RAM, though: it is turned to the stub, called by
  // way of a read, and put back by the stub's own hand. As esptool 5.3 does.
  constexpr std::uint32_t read_pointer = 0x3FCEF688;
  constexpr std::chrono::milliseconds rom_timeout(200);
  Command command(Op::mem_end, leave, 0, rom_timeout, 1);
  Result<Answer> left = co_await exchange_.ask(std::move(command));
  if (!left && !is_lost(left.error())) co_return std::move(left).error();
  Result<std::uint32_t> stored = co_await read_register(read_pointer);
  if (!stored) co_return std::move(stored).error();
  Result<void> turned = co_await write_register(read_pointer, entry);
  if (!turned) co_return std::move(turned).error();
  const Bytes nothing = words({0, 0});
  const Bytes frame = frame_request(Op::read_flash_slow, nothing);
  Result<void> sent = co_await exchange_.send(frame);
  if (!sent) co_return std::move(sent).error();
  Result<void> greeted = co_await await_greeting();
  if (!greeted) co_return std::move(greeted).error();
  const std::uint32_t value = *stored;
  co_return co_await write_register(read_pointer, value);
}

net::Task<void> Loader::run_stub(const Stub& stub) {
  if (stub_) co_return Result<void>();
  Result<void> open = need_open_chip("running a stub");
  if (!open) co_return std::move(open).error();
  if (stub.chip != chip_) {
    co_return make_error(
        Errc::stub_invalid,
        fmt::format("a stub for {} on {}", stub.chip == nullptr ? "no chip" : stub.chip->display,
                    chip_->display));
  }
  for (int attempt = 1;; ++attempt) {
    Result<void> uploaded = co_await upload(stub.text_start, stub.text);
    if (uploaded && !stub.data.empty()) uploaded = co_await upload(stub.data_start, stub.data);
    if (uploaded) break;
    const bool again =
        is_lost(uploaded.error()) || uploaded.error().code == make_error_code(Errc::damaged);
    if (!again || attempt == 3) co_return std::move(uploaded).error().with("uploading the stub");
    Result<void> back = co_await exchange_.resync();
    if (!back) co_return std::move(back).error().with("uploading the stub");
  }
  Result<void> started = co_await start(stub.entry);
  if (!started) co_return std::move(started).error().with("starting the stub");
  stub_ = true;
  co_return Result<void>();
}

}  // namespace aiot::esp
