#include "protocol/improv/message.hpp"

#include <algorithm>
#include <numeric>

namespace aiot::improv {
namespace {

constexpr std::string_view magic = "IMPROV";
constexpr std::uint8_t version = 1;
constexpr std::size_t version_at = magic.size();
constexpr std::size_t type_at = version_at + 1;
constexpr std::size_t length_at = type_at + 1;
constexpr std::size_t head_bytes = length_at + 1;
/// Behind IMPROV, in place of the version: in a log it is a printable character.
constexpr std::uint8_t last_version = 0x08;

std::uint8_t sum_of(ByteSpan bytes) {
  return static_cast<std::uint8_t>(std::accumulate(bytes.begin(), bytes.end(), 0U));
}

/// One string with its length in front. Longer ones are cut.
void append_string(Bytes& out, std::string_view text) {
  text = text.substr(0, 255);
  out.push_back(static_cast<std::uint8_t>(text.size()));
  append(out, as_bytes(text));
}

/// The strings that fill `bytes`.
std::optional<std::vector<std::string>> split_strings(ByteSpan bytes) {
  std::vector<std::string> out;
  while (!bytes.empty()) {
    const std::size_t size = bytes[0];
    if (size >= bytes.size()) return std::nullopt;
    out.push_back(to_string(bytes.subspan(1, size)));
    bytes = bytes.subspan(1 + size);
  }
  return out;
}

/// The part of a command or result that its inner length covers.
std::optional<ByteSpan> inner(ByteSpan bytes) {
  if (bytes.size() < 2 || bytes.size() - 2 < bytes[1]) return std::nullopt;
  return bytes.subspan(2, bytes[1]);
}

}  // namespace

std::string_view state_name(State state) {
  switch (state) {
    case State::stopped: return "stopped";
    case State::awaiting_authorization: return "awaiting authorization";
    case State::ready: return "ready";
    case State::provisioning: return "provisioning";
    case State::provisioned: return "provisioned";
  }
  return "unknown state";
}

std::string_view failure_name(Failure failure) {
  switch (failure) {
    case Failure::none: return "no error";
    case Failure::bad_packet: return "invalid RPC packet";
    case Failure::unknown_command: return "unknown RPC command";
    case Failure::cannot_connect: return "unable to connect";
    case Failure::not_authorized: return "not authorized";
    case Failure::bad_hostname: return "bad hostname";
    case Failure::unknown: break;
  }
  return "unknown error";
}

Bytes encode_frame(FrameType type, ByteSpan data) {
  Bytes out;
  append(out, as_bytes(magic));
  out.push_back(version);
  out.push_back(static_cast<std::uint8_t>(type));
  out.push_back(static_cast<std::uint8_t>(data.size()));
  append(out, data);
  out.push_back(sum_of(out));
  out.push_back('\n');
  return out;
}

std::optional<Frame> FrameReader::next() {
  const auto skip = [this](std::size_t bytes) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(bytes));
  };
  for (;;) {
    // Up to where a frame may begin: all of the magic, or as much as has arrived of it.
    const auto begin = std::search(buffer_.begin(), buffer_.end(), magic.begin(), magic.end());
    std::size_t text = static_cast<std::size_t>(begin - buffer_.begin());
    if (begin == buffer_.end()) {
      std::size_t kept = std::min(magic.size() - 1, buffer_.size());
      const std::string_view all(reinterpret_cast<const char*>(buffer_.data()), buffer_.size());
      while (!magic.starts_with(all.substr(all.size() - kept))) --kept;
      text = buffer_.size() - kept;
    }
    skip(text);
    if (buffer_.size() <= version_at) return std::nullopt;
    const std::uint8_t its_version = buffer_[version_at];
    if (its_version != version) {
      saw_other_version_ = saw_other_version_ || its_version <= last_version;
      skip(1);
      continue;
    }
    if (buffer_.size() <= type_at) return std::nullopt;
    const std::uint8_t type = buffer_[type_at];
    if (type < static_cast<std::uint8_t>(FrameType::state) ||
        type > static_cast<std::uint8_t>(FrameType::result)) {
      skip(1);
      continue;
    }
    if (buffer_.size() < head_bytes) return std::nullopt;
    const std::size_t end = head_bytes + buffer_[length_at];
    if (buffer_.size() <= end) return std::nullopt;
    if (sum_of(ByteSpan(buffer_).first(end)) != buffer_[end]) {
      skip(1);
      continue;
    }
    Frame out{
        static_cast<FrameType>(type),
        Bytes(buffer_.begin() + head_bytes, buffer_.begin() + static_cast<std::ptrdiff_t>(end))};
    skip(end + 1);
    return out;
  }
}

void FrameReader::give_up() {
  if (!buffer_.empty()) buffer_.erase(buffer_.begin());
}

Bytes encode_command(Command command, ByteSpan data) {
  Bytes out = {static_cast<std::uint8_t>(command), static_cast<std::uint8_t>(data.size())};
  append(out, data);
  return out;
}

std::optional<Call> decode_command(ByteSpan bytes) {
  const auto data = inner(bytes);
  if (!data || data->size() + 2 != bytes.size()) return std::nullopt;
  return Call{static_cast<Command>(bytes[0]), Bytes(data->begin(), data->end())};
}

Bytes encode_settings(std::string_view ssid, std::string_view password) {
  Bytes out;
  append_string(out, ssid);
  append_string(out, password);
  return out;
}

std::optional<Settings> decode_settings(ByteSpan data) {
  const auto strings = split_strings(data);
  if (!strings || strings->size() != 2) return std::nullopt;
  return Settings{strings->at(0), strings->at(1)};
}

Bytes encode_result(const CallResult& result) {
  // A frame holds 255 bytes: command, length and strings.
  constexpr std::size_t most_bytes = 253;
  Bytes out;
  for (const std::string& text : result.strings) {
    if (out.size() + 1 + text.size() > most_bytes) break;
    append_string(out, text);
  }
  return encode_command(result.command, out);
}

std::optional<CallResult> decode_result(ByteSpan bytes) {
  const auto data = inner(bytes);
  if (!data) return std::nullopt;
  auto strings = split_strings(*data);
  if (!strings) return std::nullopt;
  return CallResult{static_cast<Command>(bytes[0]), *std::move(strings)};
}

std::optional<Report> decode_report(const Frame& frame) {
  Report out;
  if (frame.type == FrameType::result) {
    out.kind = Report::Kind::result;
    auto result = decode_result(frame.data);
    if (!result) return std::nullopt;
    out.result = *std::move(result);
    return out;
  }
  if (frame.data.empty()) return std::nullopt;
  if (frame.type == FrameType::state) {
    out.state = static_cast<State>(frame.data[0]);
    return out;
  }
  if (frame.type != FrameType::failure) return std::nullopt;
  out.kind = Report::Kind::failure;
  out.failure = static_cast<Failure>(frame.data[0]);
  return out;
}

Frame encode_report(const Report& report) {
  switch (report.kind) {
    case Report::Kind::state: return {FrameType::state, {static_cast<std::uint8_t>(report.state)}};
    case Report::Kind::failure:
      return {FrameType::failure, {static_cast<std::uint8_t>(report.failure)}};
    case Report::Kind::result: break;
  }
  return {FrameType::result, encode_result(report.result)};
}

Bytes with_sum(Bytes bytes) {
  bytes.push_back(sum_of(bytes));
  return bytes;
}

bool is_whole(ByteSpan bytes) { return bytes.size() >= 2 && bytes.size() >= bytes[1] + 3U; }

std::optional<ByteSpan> checked(ByteSpan bytes) {
  if (!is_whole(bytes)) return std::nullopt;
  const std::size_t size = bytes[1] + 2U;
  if (sum_of(bytes.first(size)) != bytes[size]) return std::nullopt;
  return bytes.first(size);
}

Bytes encode_service_data(State state, std::uint8_t capabilities) {
  return {static_cast<std::uint8_t>(state), capabilities, 0, 0, 0, 0};
}

}  // namespace aiot::improv
