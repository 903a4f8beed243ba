#include "protocol/ssdp/message.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>

#include "xml/document.hpp"

namespace aiot::ssdp {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::not_ssdp, "ssdp.syntax", "not an SSDP message", Condition::protocol},
    {Errc::too_large, "ssdp.large", "the SSDP message is too large", Condition::protocol},
    {Errc::not_a_description, "ssdp.description", "not the description of a UPnP device",
     Condition::protocol},
};
const ErrorTable table("ssdp", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

namespace {

constexpr std::size_t most_bytes = 8 * 1024;
constexpr std::size_t most_headers = 64;
constexpr std::chrono::seconds usual_age{1800};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  });
  return out;
}

/// The next line without its end; `text` begins behind it.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return trimmed(line);
}

std::optional<Message::Kind> kind_of(std::string_view first_line, const Message& message) {
  const std::string line = lower(first_line);
  if (line.starts_with("m-search ")) return Message::Kind::search;
  if (line.starts_with("http/1.") && line.find(" 200") != std::string::npos)
    return Message::Kind::answer;
  if (!line.starts_with("notify ")) return std::nullopt;
  const std::string nts = lower(message.header("nts"));
  if (nts == "ssdp:alive") return Message::Kind::alive;
  if (nts == "ssdp:update") return Message::Kind::update;
  if (nts == "ssdp:byebye") return Message::Kind::byebye;
  return std::nullopt;
}

}  // namespace

std::string_view Message::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view Message::target() const {
  const bool notify = kind == Kind::alive || kind == Kind::update || kind == Kind::byebye;
  return header(notify ? "nt" : "st");
}

std::string_view Message::udn() const {
  const std::string_view usn = header("usn");
  if (!usn.starts_with("uuid:")) return {};
  return usn.substr(0, usn.find("::"));
}

std::chrono::seconds Message::max_age() const {
  const std::string control = lower(header("cache-control"));
  const auto at = control.find("max-age");
  if (at == std::string::npos) return usual_age;
  const auto digits = control.find_first_of("0123456789", at);
  if (digits == std::string::npos) return usual_age;
  std::uint32_t seconds = 0;
  const auto [end, error] =
      std::from_chars(control.data() + digits, control.data() + control.size(), seconds);
  return error == std::errc() ? std::chrono::seconds(seconds) : usual_age;
}

Result<Message> parse_message(ByteSpan datagram) {
  if (datagram.size() > most_bytes) return make_error(Errc::too_large);
  const std::string copy = to_string(datagram);
  std::string_view text = copy;
  const std::string_view first = take_line(text);
  Message message;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) continue;
    if (message.headers.size() == most_headers) return make_error(Errc::too_large);
    message.headers.emplace(lower(trimmed(line.substr(0, colon))), trimmed(line.substr(colon + 1)));
  }
  const auto kind = kind_of(first, message);
  if (!kind) return make_error(Errc::not_ssdp);
  message.kind = *kind;
  return message;
}

std::string search(std::string_view host, std::string_view target, int mx_s) {
  return fmt::format(
      "M-SEARCH * HTTP/1.1\r\nHOST: {}\r\nMAN: \"ssdp:discover\"\r\nMX: {}\r\nST: {}\r\n\r\n", host,
      mx_s, target);
}

namespace {

constexpr std::size_t longest_bytes = 256;

std::string field(const xml::Element& device, std::string_view name) {
  return std::string(device.child_text(name).substr(0, longest_bytes));
}

void add(std::string& xml, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  xml.append("<").append(name).append(">");
  for (const char c : text) {
    switch (c) {
      case '<': xml += "&lt;"; break;
      case '>': xml += "&gt;"; break;
      case '&': xml += "&amp;"; break;
      default: xml += c;
    }
  }
  xml.append("</").append(name).append(">\n");
}

}  // namespace

Result<Description> parse_description(std::string_view text) {
  AIOT_TRY(const xml::Element root, xml::parse(text));
  const xml::Element* device = root.name == "root" ? root.child("device") : nullptr;
  if (device == nullptr) return make_error(Errc::not_a_description);
  Description out;
  out.udn = field(*device, "UDN");
  out.device_type = field(*device, "deviceType");
  out.friendly_name = field(*device, "friendlyName");
  out.manufacturer = field(*device, "manufacturer");
  out.model_name = field(*device, "modelName");
  out.model_number = field(*device, "modelNumber");
  out.model_description = field(*device, "modelDescription");
  out.serial_number = field(*device, "serialNumber");
  out.presentation_url = field(*device, "presentationURL");
  return out;
}

std::string format_description(const Description& description) {
  std::string xml =
      "<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\" configId=\"1\">\n"
      "<specVersion><major>2</major><minor>0</minor></specVersion>\n<device>\n";
  add(xml, "deviceType", description.device_type);
  add(xml, "friendlyName", description.friendly_name);
  add(xml, "manufacturer", description.manufacturer);
  add(xml, "modelDescription", description.model_description);
  add(xml, "modelName", description.model_name);
  add(xml, "modelNumber", description.model_number);
  add(xml, "serialNumber", description.serial_number);
  add(xml, "UDN", description.udn);
  add(xml, "presentationURL", description.presentation_url);
  return xml + "</device>\n</root>\n";
}

}  // namespace aiot::ssdp
