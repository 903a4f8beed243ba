#include "protocol/improv/ble_device.hpp"

namespace aiot::improv {

bool BleDevice::on_write(net::TimePoint now, std::string_view uuid, ByteSpan value) {
  if (uuid != command_uuid) return false;
  const auto inside = checked(value);
  device_.on_call(now, inside ? decode_command(*inside) : std::nullopt);
  return true;
}

std::optional<Bytes> BleDevice::on_read(std::string_view uuid) const {
  if (uuid == state_uuid) return Bytes{static_cast<std::uint8_t>(device_.state())};
  if (uuid == failure_uuid) return Bytes{static_cast<std::uint8_t>(device_.failure())};
  if (uuid == result_uuid) return result_;
  if (uuid == capabilities_uuid) return Bytes{device_.capabilities()};
  return std::nullopt;
}

std::optional<BleDevice::Notification> BleDevice::take_notification() {
  const auto next = device_.take_output();
  if (!next) return std::nullopt;
  if (next->noise) return Notification{result_uuid, {0x03, 0x01, 0xFF, 0x00}};
  Frame frame = encode_report(next->report);
  if (frame.type == FrameType::state) return Notification{state_uuid, std::move(frame.data)};
  if (frame.type == FrameType::failure) return Notification{failure_uuid, std::move(frame.data)};
  result_ = with_sum(std::move(frame.data));
  return Notification{result_uuid, result_};
}

}  // namespace aiot::improv
