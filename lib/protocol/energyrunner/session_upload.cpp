#include <fmt/format.h>

#include <algorithm>

#include "protocol/energyrunner/command.hpp"
#include "protocol/energyrunner/session.hpp"

namespace aiot::energyrunner {
namespace {

using namespace std::chrono_literals;

constexpr unsigned most_uploads = 3;
constexpr int most_reads = 3;
constexpr auto read_silence = 3s;
/// "m-buffer-" and eight bytes, a line end.
constexpr std::size_t line_chars = 9 + 8 * 3 + 1;

}  // namespace

net::Task<Bytes> Session::read_back(std::size_t bytes) {
  const std::size_t chars = (bytes + 7) / 8 * line_chars;
  Error last;
  for (int i = 0; i < most_reads; ++i) {
    const net::Duration patience = read_silence + 2 * wire_time(chars) + chars * 1ms;
    Result<Reply> reply = co_await exchange("db print", read_silence, patience);
    if (reply && reply->damage) last = *reply->damage;
    if (!reply) last = std::move(reply).error();
    if (reply && !reply->damage) {
      Bytes out;
      for (const Heard& heard : reply->heard) append(out, heard.message.bytes);
      if (out.size() == bytes) co_return out;
      last = fault_of(Errc::incomplete, fmt::format("db print: {} bytes of {}", out.size(), bytes));
    } else if (!may_be_mended(last)) {
      co_return last;
    }
    Result<void> again = co_await resync();
    AIOT_CO_CHECK(std::move(again));
  }
  co_return last;
}

net::Task<void> Session::try_upload(ByteSpan input, bool prove, Upload& upload) {
  upload.commands = 1;
  Result<Reply> announced = co_await ask(load_command(input.size()));
  if (!announced) co_return std::move(announced).error();
  const Heard* expecting = announced->find(Kind::expecting);
  if (expecting == nullptr || expecting->message.number != input.size()) {
    co_return fault_of(Errc::upload_failed, "it does not expect the input's size");
  }
  ByteSpan left = input;
  while (!left.empty()) {
    const ByteSpan chunk = left.first(std::min(left.size(), chunk_bytes()));
    left = left.subspan(chunk.size());
    ++upload.commands;
    Result<Reply> taken = co_await ask(chunk_command(chunk));
    if (!taken) co_return std::move(taken).error();
    if ((taken->find(Kind::load_done) != nullptr) != left.empty()) {
      co_return fault_of(Errc::upload_failed,
                         left.empty() ? "it waits for more bytes" : "it is done too early");
    }
  }
  if (!prove) co_return Result<void>();
  Result<Bytes> held = co_await read_back(input.size());
  if (!held) co_return std::move(held).error();
  const auto [ours, theirs] = std::ranges::mismatch(input, *held);
  if (ours != input.end()) {
    co_return fault_of(Errc::upload_mismatch, fmt::format("byte {}: sent {:#04x}, holds {:#04x}",
                                                          ours - input.begin(), *ours, *theirs));
  }
  upload.proved = true;
  co_return Result<void>();
}

net::Task<Upload> Session::upload(ByteSpan input, bool prove) {
  Upload upload;
  for (;;) {
    ++upload.attempts;
    Result<void> done = co_await try_upload(input, prove, upload);
    if (done) co_return upload;
    Error error = std::move(done).error();
    if (!may_be_mended(error) || upload.attempts == most_uploads) {
      co_return std::move(error).with(fmt::format("loading {} bytes", input.size()));
    }
    upload.repaired.push_back(std::move(error));
    Result<void> again = co_await resync();
    AIOT_CO_CHECK(std::move(again));
  }
}

}  // namespace aiot::energyrunner
