#pragma once

#include <string>

#include "job/listen/source.hpp"

namespace aiot::listen {

/// Writes times as "2026-11-24T06:33:38.123456Z", quickly for times that follow each other.
class TimeText {
 public:
  std::string operator()(SystemTime time);

 private:
  std::chrono::sys_seconds second_{std::chrono::seconds::min()};
  std::string text_;  // of that second, with room for the fraction
};

/// The fields of schema "aiot.message/1": time, source, what the message is about, its payload,
/// then whatever only its protocol says.
Object message_fields(std::string time, const std::string& source, Message message);

/// The same as a line of a log file: time, source, topic, and the payload with whatever could act
/// on a terminal escaped.
std::string log_line(const Object& fields);

}  // namespace aiot::listen
