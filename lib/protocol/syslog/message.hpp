#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aiot/bytes.hpp"

namespace aiot::syslog {

/// Cuts the messages out of one TCP connection (RFC 6587 section 3.4). A message that begins with
/// its length is counted (3.4.1), any other ends with LF or NUL (3.4.2): senders of both kinds are
/// heard without a setting. Holds at most `longest_bytes`.
class StreamDecoder {
 public:
  static constexpr std::size_t longest_bytes = 64 * 1024;

  struct Frame {
    std::string bytes;
    bool truncated = false;  ///< it was longer; what goes beyond is dropped
  };

  /// Takes the next message out of `bytes`, which is shortened by what was used up; nullopt once it
  /// is empty.
  std::optional<Frame> next(ByteSpan& bytes);
  /// The connection has ended: what it left behind, when that is worth a message.
  std::optional<Frame> finish();

 private:
  enum class State { begin, length, counted, line };
  /// Adds to the message, as far as there is room.
  void take(ByteSpan bytes);
  std::optional<Frame> give();

  State state_ = State::begin;
  std::uint64_t left_ = 0;  // of a counted message
  std::string held_;
  bool truncated_ = false;
};

/// An element of structured data (RFC 5424 section 6.3): "exampleSDID@32473" and its parameters.
struct Element {
  std::string id;
  std::vector<std::pair<std::string, std::string>> parameters;
};

/// A message taken apart, as far as it can be. Every text is the sender's: hostile, any bytes.
struct Message {
  enum class Form {
    rfc5424,
    rfc3164,
    bare,  ///< neither: `text` is all of it but the priority
  };
  Form form = Form::bare;
  std::optional<std::uint8_t> facility;  ///< 0 to 23 (RFC 5424 table 1)
  std::optional<std::uint8_t> severity;  ///< 0 emergency to 7 debug (RFC 5424 table 2)
  std::string time;                      ///< as it was sent; "" when it was not
  std::string host;
  std::string application;  ///< APP-NAME, or the TAG of RFC 3164
  std::string process;      ///< PROCID
  std::string id;           ///< MSGID
  std::vector<Element> structured;
  std::string text;  ///< without a byte order mark in front
};

/// Takes apart what one datagram or frame held. Never fails; see Message::Form::bare.
Message parse_message(std::string_view bytes);

/// "daemon", "local0", … (RFC 5424 table 1, by the names of syslog.conf); "" beyond 23.
std::string_view facility_name(std::uint8_t facility);

}  // namespace aiot::syslog
