#include "render/message_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "aiot/bytes.hpp"
#include "render/diagnostics.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

constexpr std::array<std::string_view, 8> severities = {"emergency", "alert",  "critical", "error",
                                                        "warning",   "notice", "info",     "debug"};

std::string_view text_field(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  const std::string* text = value ? value->string() : nullptr;
  return text ? std::string_view(*text) : std::string_view();
}

int number_at(std::string_view text, std::size_t at, std::size_t digits) {
  int number = 0;
  std::from_chars(text.data() + at, text.data() + at + digits, number);
  return number;
}

/// Seconds since the epoch, and microseconds, of "2026-11-24T06:33:38.123456Z", which this program
/// has written.
struct Time {
  std::time_t seconds;
  int micros;
};
Time parse_time(std::string_view text) {
  std::tm utc{};
  utc.tm_year = number_at(text, 0, 4) - 1900;
  utc.tm_mon = number_at(text, 5, 2) - 1;
  utc.tm_mday = number_at(text, 8, 2);
  utc.tm_hour = number_at(text, 11, 2);
  utc.tm_min = number_at(text, 14, 2);
  utc.tm_sec = number_at(text, 17, 2);
  return {::timegm(&utc), number_at(text, 20, 6)};
}

/// What a protocol adds, as `name=value`; what syslog adds has a form that people know.
std::string details(const Object& fields) {
  std::string out;
  for (const auto& [name, value] : fields.fields()) {
    const Object* object = value.object();
    if (!object || name == "syslog") continue;
    for (const auto& [key, detail] : object->fields()) {
      const std::string text = describe_scalar(key, detail);
      if (!text.empty()) out += fmt::format("  {}={}", escape_controls(key), text);
    }
  }
  return out;
}

/// Where a crash happened, a line for each address that is known.
std::string decoded_lines(const Object& fields) {
  const Value* decoded = fields.find("decoded");
  if (!decoded || !decoded->array()) return {};
  std::string out;
  for (const Value& value : *decoded->array()) {
    const Object* row = value.object();
    if (!row) continue;
    const auto scalar = [row](const char* name) {
      const Value* field = row->find(name);
      return field ? describe_scalar(name, *field) : std::string();
    };
    const Value* inlined = row->find("inlined");
    const bool* is_inlined = inlined ? std::get_if<bool>(&inlined->storage()) : nullptr;
    out += fmt::format("    {} {}: {} at {}:{}{}\n", scalar("role"), scalar("address"),
                       scalar("function"), scalar("file"), scalar("line"),
                       is_inlined && *is_inlined ? " (inlined)" : "");
  }
  return out;
}

std::string syslog_heading(const Object& syslog) {
  std::string out;
  const std::string_view host = text_field(syslog, "host");
  const std::string_view app = text_field(syslog, "app");
  const std::string_view process = text_field(syslog, "process");
  if (!host.empty()) out += escape_controls(host) + " ";
  if (!app.empty()) out += escape_controls(app);
  if (!process.empty()) out += "[" + escape_controls(process) + "]";
  if (!out.empty() && out.back() != ' ') out += ": ";
  return out;
}

}  // namespace

std::string MessageText::stamp(const std::string& time) {
  const Time when = parse_time(time);
  switch (style_->stamp) {
    case Stamp::none: return "";
    case Stamp::utc: return time + "  ";
    case Stamp::local: {
      std::tm local{};
      ::localtime_r(&when.seconds, &local);
      return fmt::format("{:02}:{:02}:{:02}.{:03}  ", local.tm_hour, local.tm_min, local.tm_sec,
                         when.micros / 1000);
    }
    case Stamp::elapsed: {
      const double now = static_cast<double>(when.seconds) + when.micros / 1e6;
      if (first_s_ < 0) first_s_ = now;
      return fmt::format("{:10.3f}  ", now - first_s_);
    }
  }
  return "";
}

std::string MessageText::heading(const Object& fields) {
  std::string out = stamp(std::string(text_field(fields, "time")));
  const auto add = [&](std::string_view text) {
    if (!text.empty()) out += escape_controls(text) + "  ";
  };
  if (style_->name_source) add(text_field(fields, "source"));
  add(text_field(fields, "from"));
  add(text_field(fields, "topic"));
  if (const Value* severity = fields.find("severity")) {
    const auto* number = std::get_if<std::int64_t>(&severity->storage());
    if (number && *number >= 0 && *number < 8) add(severities[static_cast<std::size_t>(*number)]);
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
  std::string out = message_text(item);
  const std::string decoded = decoded_lines(item.record.fields());
  if (decoded.empty()) return out;
  if (std::exchange(within_line_, false)) out += '\n';
  return out + decoded;
}

std::string MessageText::message_text(const event::Item& item) {
  const Object fields = item.record.fields();
  const std::string_view payload = text_field(fields, "payload");
  std::string head = heading(fields);
  if (style_->hex || (!style_->stream && style_->raw != Raw::all && is_binary(payload))) {
    // A dump's rows belong together, below where they are from.
    const std::string extra = details(fields);
    if (!extra.empty() || !head.empty()) head += fmt::format("{} bytes{}\n", payload.size(), extra);
    const bool torn = std::exchange(within_line_, false);
    return (torn ? "\n" : "") + head + hex_dump(payload);
  }
  if (style_->stream) return stream_text(item.device, head, payload);
  std::string out = std::move(head);
  if (const Value* syslog = fields.find("syslog"); syslog && syslog->object()) {
    out += syslog_heading(*syslog->object());
  }
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
  out += text + details(fields);
  if (fields.find("truncated")) out += " …";
  return out + '\n';
}

}  // namespace aiot::cli::render
