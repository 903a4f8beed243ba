#include "protocol/improv/line.hpp"

#include <algorithm>
#include <array>

namespace aiot::improv {
namespace {

using namespace std::chrono_literals;

/// The longest frame takes 277 ms at 9600 baud.
constexpr auto frame_time = 500ms;

/// What a characteristic says.
std::optional<Report> report_of(std::string_view uuid, ByteSpan value) {
  if (uuid == state_uuid)
    return decode_report({FrameType::state, Bytes(value.begin(), value.end())});
  if (uuid == failure_uuid)
    return decode_report({FrameType::failure, Bytes(value.begin(), value.end())});
  if (uuid != result_uuid) return std::nullopt;
  const auto inside = checked(value);
  if (!inside) return std::nullopt;
  return decode_report({FrameType::result, Bytes(inside->begin(), inside->end())});
}

}  // namespace

net::Task<void> SerialLine::send(Command command, Bytes data, net::TimePoint deadline) {
  const Bytes frame = encode_frame(FrameType::command, encode_command(command, data));
  co_return co_await link_.write(frame, deadline);
}

net::Task<void> SerialLine::ask_state(net::TimePoint deadline) {
  Bytes none;
  co_return co_await send(Command::state, std::move(none), deadline);
}

net::Task<Report> SerialLine::receive(net::TimePoint deadline) {
  std::array<std::uint8_t, 512> buffer;
  for (;;) {
    while (const std::optional<Frame> frame = reader_.next()) {
      if (auto report = decode_report(*frame)) co_return *std::move(report);
    }
    // A device that talks without end does not hold the deadline up.
    const net::TimePoint now = link_.clock().now();
    if (now >= deadline) co_return make_error(net::Errc::timed_out);
    const net::TimePoint until =
        reader_.in_frame() ? std::min(deadline, now + frame_time) : deadline;
    Result<std::size_t> got = co_await link_.read_some(buffer, until);
    if (got) {
      reader_.add(ByteSpan(buffer).first(*got));
    } else if (got.error().code != net::Errc::timed_out || until == deadline) {
      co_return std::move(got).error();
    } else {
      reader_.give_up();
    }
  }
}

net::Task<void> BleLine::open(net::TimePoint deadline) {
  for (const std::string_view uuid : {state_uuid, failure_uuid, result_uuid}) {
    std::string name(uuid);
    Result<void> subscribed = co_await gatt_.subscribe(std::move(name), deadline);
    AIOT_CO_CHECK(std::move(subscribed));
  }
  std::string name(capabilities_uuid);
  Result<Bytes> bits = co_await gatt_.read(std::move(name), deadline);
  // A service of revision 1.0 has all the same to be asked for its state.
  if (bits && !bits->empty()) capabilities_ = bits->front();
  if (!bits && bits.error().condition() == Condition::cancelled) co_return std::move(bits).error();
  co_return Result<void>();
}

net::Task<void> BleLine::send(Command command, Bytes data, net::TimePoint deadline) {
  std::string uuid(command_uuid);
  Bytes value = with_sum(encode_command(command, data));
  co_return co_await gatt_.write(std::move(uuid), std::move(value), deadline);
}

net::Task<void> BleLine::ask_state(net::TimePoint deadline) {
  std::string uuid(state_uuid);
  Result<Bytes> value = co_await gatt_.read(std::move(uuid), deadline);
  if (!value) co_return std::move(value).error();
  if (auto report = report_of(state_uuid, *value)) read_.push_back(*std::move(report));
  co_return Result<void>();
}

net::Task<Report> BleLine::receive(net::TimePoint deadline) {
  for (;;) {
    if (!read_.empty()) {
      Report out = std::move(read_.front());
      read_.pop_front();
      co_return out;
    }
    if (clock().now() >= deadline) co_return make_error(net::Errc::timed_out);
    Result<Characteristics::Notification> got = co_await gatt_.next(deadline);
    if (!got) co_return std::move(got).error();
    if (got->uuid == result_uuid && !is_whole(got->value)) {
      std::string uuid(result_uuid);
      Result<Bytes> all = co_await gatt_.read(std::move(uuid), deadline);
      if (!all) co_return std::move(all).error();
      got->value = *std::move(all);
    }
    if (auto report = report_of(got->uuid, got->value)) co_return *std::move(report);
  }
}

}  // namespace aiot::improv
