#include "job/listen/message.hpp"

#include <ctime>

#include "aiot/bytes.hpp"

namespace aiot::listen {
namespace {

constexpr std::size_t fraction_at = 20;  // behind "2026-11-24T06:33:38."
constexpr std::size_t fraction_digits = 6;

}  // namespace

std::string TimeText::operator()(SystemTime time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  if (second != second_) {
    second_ = second;
    const std::time_t seconds = second.time_since_epoch().count();
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    text_.resize(64);
    text_.resize(std::strftime(text_.data(), text_.size(), "%Y-%m-%dT%H:%M:%S.000000Z", &utc));
  }
  auto micros = static_cast<unsigned>((time - second).count());
  for (std::size_t i = fraction_digits; i-- > 0; micros /= 10) {
    text_[fraction_at + i] = static_cast<char>('0' + micros % 10);
  }
  return text_;
}

Object message_fields(std::string time, const std::string& source, Message message) {
  Object fields;
  fields.reserve(8 + message.details.fields().size());
  fields.add("time", std::move(time)).add("source", source);
  if (!message.from.empty()) fields.add("from", std::move(message.from));
  if (!message.topic.empty()) fields.add("topic", std::move(message.topic));
  if (message.severity) fields.add("severity", *message.severity);
  if (message.qos) fields.add("qos", *message.qos);
  if (message.retained) fields.add("retained", *message.retained);
  fields.add("payload", std::move(message.payload));
  if (message.truncated) fields.add("truncated", true);
  for (const auto& [name, value] : message.details.fields()) fields.add(name, value);
  return fields;
}

std::string log_line(const Object& fields) {
  std::string line;
  for (const std::string_view name : {"time", "source", "from", "topic", "payload"}) {
    const Value* value = fields.find(name);
    if (!value) continue;
    if (!line.empty()) line += ' ';
    line += escape_controls(*value->string());
  }
  return line;
}

}  // namespace aiot::listen
