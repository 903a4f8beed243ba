#include "render/message_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "aiot/bytes.hpp"
#include "render/diagnostics.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

constexpr std::array<std::string_view, 8> severities = {"emergency", "alert",  "critical", "error",
                                                        "warning",   "notice", "info",     "debug"};

/// What a protocol adds, as `name=value`; what syslog adds has a form that people know.
std::string details(const listen::Message& message) {
  std::string out;
  for (const Object* object : {&message.mqtt, &message.coap, &message.ble}) {
    for (const auto& [key, detail] : object->fields()) {
      const std::string text = describe_scalar(key, detail);
      if (!text.empty()) out += fmt::format("  {}={}", escape_controls(key), text);
    }
  }
  return out;
}

/// Where a crash happened, a line for each address that is known.
std::string decoded_lines(const listen::Message& message) {
  std::string out;
  for (const listen::CodeLocation& row : message.decoded) {
    out += fmt::format("    {} {}: {} at {}:{}{}\n", escape_controls(row.role), row.address,
                       escape_controls(row.function), escape_controls(row.file), row.line,
                       row.inlined ? " (inlined)" : "");
  }
  return out;
}

std::string syslog_heading(const listen::Syslog& syslog) {
  std::string out;
  if (!syslog.host.empty()) out += escape_controls(syslog.host) + " ";
  if (!syslog.app.empty()) out += escape_controls(syslog.app);
  if (!syslog.process.empty()) out += "[" + escape_controls(syslog.process) + "]";
  if (!out.empty() && out.back() != ' ') out += ": ";
  return out;
}

}  // namespace

std::string MessageText::stamp(listen::SystemTime time) {
  switch (style_->stamp) {
    case Stamp::none: return "";
    case Stamp::utc: return listen::format_time(time) + "  ";
    case Stamp::local: {
      const auto second = std::chrono::floor<std::chrono::seconds>(time);
      const std::time_t seconds = second.time_since_epoch().count();
      std::tm local{};
      ::localtime_r(&seconds, &local);
      return fmt::format("{:02}:{:02}:{:02}.{:03}  ", local.tm_hour, local.tm_min, local.tm_sec,
                         (time - second).count() / 1000);
    }
    case Stamp::elapsed: {
      if (!first_) first_ = time;
      return fmt::format("{:10.3f}  ", std::chrono::duration<double>(time - *first_).count());
    }
  }
  return "";
}

std::string MessageText::heading(const listen::Message& message) {
  std::string out = message.time ? stamp(*message.time) : std::string();
  const auto add = [&](std::string_view text) {
    if (!text.empty()) out += escape_controls(text) + "  ";
  };
  if (style_->name_source) add(message.source);
  add(message.from);
  add(message.topic);
  if (message.severity && *message.severity >= 0 && *message.severity < 8) {
    add(severities[static_cast<std::size_t>(*message.severity)]);
  }
  return out.empty() ? out : styled(out, "2", style_->color);
}

std::string MessageText::stream_text(const std::string& device, const std::string& heading,
                                     std::string_view payload) {
  std::string safe;
  streams_.try_emplace(device, style_->raw).first->second.feed(payload, safe);
  if (style_->raw == Raw::all) return safe;
  std::string out;
  for (std::string_view rest = safe; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    if (!within_line_) out += heading;
    out += rest.substr(0, end);
    within_line_ = rest[end - 1] != '\n';
    rest.remove_prefix(end);
  }
  return out;
}

std::string MessageText::operator()(const event::Item& item) {
  const auto* message = item.record.get<listen::Message>();
  if (message == nullptr) return "";
  std::string out = message_text(*message);
  const std::string decoded = decoded_lines(*message);
  if (decoded.empty()) return out;
  if (std::exchange(within_line_, false)) out += '\n';
  return out + decoded;
}

std::string MessageText::message_text(const listen::Message& message) {
  const std::string_view payload = message.payload;
  std::string head = heading(message);
  if (style_->hex || (!style_->stream && style_->raw != Raw::all && is_binary(payload))) {
    // A dump's rows belong together, below their heading.
    const std::string extra = details(message);
    if (!extra.empty() || !head.empty()) head += fmt::format("{} bytes{}\n", payload.size(), extra);
    const bool torn = std::exchange(within_line_, false);
    return (torn ? "\n" : "") + head + hex_dump(payload);
  }
  if (style_->stream) return stream_text(message.source, head, payload);
  std::string out = std::move(head);
  if (message.syslog) out += syslog_heading(*message.syslog);
  Sanitizer sanitizer(style_->raw);
  std::string text;
  // The line end of a datagram is not a line of its own.
  std::string_view body = payload;
  if (style_->raw != Raw::all && body.ends_with('\n')) {
    body.remove_suffix(body.ends_with("\r\n") ? 2 : 1);
  }
  sanitizer.feed(body, text);
  sanitizer.finish(text);
  // Further lines of one message stand below its first.
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
    text.insert(at + 1, "    ");
  }
  out += text + details(message);
  if (message.truncated) out += " …";
  return out + '\n';
}

}  // namespace aiot::cli::render
