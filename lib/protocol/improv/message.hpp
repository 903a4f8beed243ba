#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"

/// The bytes of Improv: serial.md and ble.md of improv-wifi/website.
namespace aiot::improv {

enum class State : std::uint8_t {
  stopped = 0,                 ///< it takes no credentials
  awaiting_authorization = 1,  ///< BLE: until somebody presses its button
  ready = 2,
  provisioning = 3,
  provisioned = 4,
};
std::string_view state_name(State state);

/// As the device reports it.
enum class Failure : std::uint8_t {
  none = 0,
  bad_packet = 1,
  unknown_command = 2,
  cannot_connect = 3,
  not_authorized = 4,
  bad_hostname = 5,
  unknown = 0xFF,
};
std::string_view failure_name(Failure failure);

enum class Command : std::uint8_t {
  settings = 1,
  state = 2,     ///< on a serial port
  identify = 2,  ///< over BLE
  info = 3,
  scan = 4,
  hostname = 5,
  name = 6,
  network_state = 7,
};

/// Bits of the answer to Command::network_state.
enum NetworkFlags : std::uint8_t { online = 1, has_wifi = 2, has_ethernet = 4, has_thread = 8 };
/// Bits of the capabilities of a BLE device.
enum Capabilities : std::uint8_t { can_identify = 1, can_info = 2, can_scan = 4, can_hostname = 8 };

enum class FrameType : std::uint8_t { state = 1, failure = 2, command = 3, result = 4 };

struct Frame {
  FrameType type{};
  Bytes data;  ///< at most 255 bytes
};
/// With its sum and the line feed that ends it. More than 255 bytes of data are a bug.
Bytes encode_frame(FrameType type, ByteSpan data);

/// Finds frames in a stream that has other things in it, log text above all.
class FrameReader {
 public:
  void add(ByteSpan bytes) { append(buffer_, bytes); }
  std::optional<Frame> next();
  /// A frame has begun and not ended.
  bool in_frame() const { return !buffer_.empty(); }
  /// What has begun is no frame: nothing has arrived for longer than a frame takes.
  void give_up();
  void clear() { buffer_.clear(); }
  /// A frame of another version of the protocol was seen.
  bool saw_other_version() const { return saw_other_version_; }

 private:
  Bytes buffer_;  ///< from the first byte that may begin a frame
  bool saw_other_version_ = false;
};

/// A call, as it is inside a frame: command, length, data. More than 253 bytes of data are a bug.
Bytes encode_command(Command command, ByteSpan data = {});
struct Call {
  Command command{};
  Bytes data;
};
std::optional<Call> decode_command(ByteSpan bytes);

/// The data of Command::settings: two strings with their lengths.
Bytes encode_settings(std::string_view ssid, std::string_view password);
struct Settings {
  std::string ssid;
  std::string password;
};
std::optional<Settings> decode_settings(ByteSpan data);

struct CallResult {
  Command command{};
  std::vector<std::string> strings;
};
/// As it is inside a frame. Strings that do not fit into 255 bytes are left out.
Bytes encode_result(const CallResult& result);
/// What follows the length that a result has inside is ignored.
std::optional<CallResult> decode_result(ByteSpan bytes);

/// What a device reports on its own, or in answer to a command.
struct Report {
  enum class Kind { state, failure, result } kind = Kind::state;
  State state{};
  Failure failure{};
  CallResult result;
};
/// Nothing for a command, or for data that cannot be understood.
std::optional<Report> decode_report(const Frame& frame);
Frame encode_report(const Report& report);

/// BLE: the same bytes with a sum behind them.
Bytes with_sum(Bytes bytes);
/// The bytes without the sum; nothing when it is wrong. `bytes` ends where its inner length says.
std::optional<ByteSpan> checked(ByteSpan bytes);
/// Whether a command or result of BLE is whole: a notification is cut to the link's packet size.
bool is_whole(ByteSpan bytes);

/// Service data 4677 of an advertisement: state, capabilities, four zeros.
Bytes encode_service_data(State state, std::uint8_t capabilities);

/// The service and its characteristics.
inline constexpr std::string_view service_uuid = "00467768-6228-2272-4663-277478268000";
inline constexpr std::string_view state_uuid = "00467768-6228-2272-4663-277478268001";
inline constexpr std::string_view failure_uuid = "00467768-6228-2272-4663-277478268002";
inline constexpr std::string_view command_uuid = "00467768-6228-2272-4663-277478268003";
inline constexpr std::string_view result_uuid = "00467768-6228-2272-4663-277478268004";
inline constexpr std::string_view capabilities_uuid = "00467768-6228-2272-4663-277478268005";
inline constexpr std::uint16_t service_data_uuid = 0x4677;

}  // namespace aiot::improv
