#include "protocol/wsd/message.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "xml/document.hpp"

namespace aiot::wsd {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::not_wsd, "wsd.syntax", "not a WS-Discovery message", Condition::protocol},
};
const ErrorTable table("wsd", rows);

constexpr std::size_t most_targets = 64;
constexpr std::size_t most_types = 16;
constexpr std::size_t most_scopes = 32;
constexpr std::size_t most_addresses = 16;

/// The words between blanks, at most `most`.
std::vector<std::string> words(std::string_view text, std::size_t most) {
  std::vector<std::string> out;
  constexpr std::string_view blanks = " \t\r\n";
  while (out.size() < most) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (text.empty()) break;
    const std::string_view word = text.substr(0, text.find_first_of(blanks));
    out.emplace_back(word);
    text.remove_prefix(word.size());
  }
  return out;
}

Target target_of(const xml::Element& element) {
  Target out;
  if (const xml::Element* reference = element.child("EndpointReference")) {
    out.endpoint = reference->child_text("Address");
  }
  out.types = words(element.child_text("Types"), most_types);
  for (std::string& type : out.types) type.erase(0, type.find(':') + 1);
  out.scopes = words(element.child_text("Scopes"), most_scopes);
  out.addresses = words(element.child_text("XAddrs"), most_addresses);
  return out;
}

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

Result<std::vector<Target>> parse_message(std::string_view text) {
  AIOT_TRY(const xml::Element envelope, xml::parse(text));
  const xml::Element* body = envelope.name == "Envelope" ? envelope.child("Body") : nullptr;
  if (body == nullptr) return make_error(Errc::not_wsd);
  std::vector<Target> out;
  if (const xml::Element* hello = body->child("Hello")) out.push_back(target_of(*hello));
  if (const xml::Element* bye = body->child("Bye")) {
    out.push_back(target_of(*bye));
    out.back().gone = true;
  }
  if (const xml::Element* matches = body->child("ProbeMatches")) {
    for (const xml::Element& match : matches->children) {
      if (match.name != "ProbeMatch" || out.size() == most_targets) continue;
      out.push_back(target_of(match));
    }
  }
  if (const xml::Element* matches = body->child("ResolveMatches")) {
    if (const xml::Element* match = matches->child("ResolveMatch"))
      out.push_back(target_of(*match));
  }
  std::erase_if(out, [](const Target& target) { return target.endpoint.empty(); });
  if (out.empty()) return make_error(Errc::not_wsd);
  return out;
}

std::string probe(std::string_view message_id, Wanted wanted) {
  const std::string_view types =
      wanted == Wanted::devices
          ? "<wsd:Types xmlns:wsdp=\"http://schemas.xmlsoap.org/ws/2006/02/devprof\">"
            "wsdp:Device</wsd:Types>"
          : "";
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
      "<soap:Envelope xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\" "
      "xmlns:wsa=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
      "xmlns:wsd=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\">"
      "<soap:Header><wsa:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To>"
      "<wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</wsa:Action>"
      "<wsa:MessageID>urn:uuid:{}</wsa:MessageID></soap:Header>"
      "<soap:Body><wsd:Probe>{}</wsd:Probe></soap:Body></soap:Envelope>",
      message_id, types);
}

namespace {

/// A stranger's endpoint goes into our message as text.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string envelope(std::string_view to, std::string_view action, std::string_view message_id,
                     std::string_view header, std::string_view body) {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
      "<soap:Envelope xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\" "
      "xmlns:wsa=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
      "xmlns:wsd=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\">"
      "<soap:Header><wsa:To>{}</wsa:To><wsa:Action>{}</wsa:Action>"
      "<wsa:MessageID>urn:uuid:{}</wsa:MessageID>{}</soap:Header>"
      "<soap:Body>{}</soap:Body></soap:Envelope>",
      to, action, message_id, header, body);
}

void add_section(const xml::Element& section, Metadata& out) {
  if (const xml::Element* device = section.child("ThisDevice")) {
    out.name = device->child_text("FriendlyName");
    out.version = device->child_text("FirmwareVersion");
    out.serial = device->child_text("SerialNumber");
  }
  if (const xml::Element* model = section.child("ThisModel")) {
    out.manufacturer = model->child_text("Manufacturer");
    out.model = model->child_text("ModelName");
  }
  const xml::Element* relationship = section.child("Relationship");
  const xml::Element* host = relationship != nullptr ? relationship->child("Host") : nullptr;
  if (host != nullptr) out.computer = host->child_text("Computer");
}

}  // namespace

Result<Metadata> parse_metadata(std::string_view text) {
  AIOT_TRY(const xml::Element envelope, xml::parse(text));
  const xml::Element* body = envelope.name == "Envelope" ? envelope.child("Body") : nullptr;
  const xml::Element* metadata = body != nullptr ? body->child("Metadata") : nullptr;
  if (metadata == nullptr) return make_error(Errc::not_wsd);
  Metadata out;
  for (const xml::Element& section : metadata->children) add_section(section, out);
  return out;
}

std::string get(std::string_view message_id, std::string_view endpoint) {
  constexpr std::string_view anonymous =
      "<wsa:ReplyTo><wsa:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
      "</wsa:Address></wsa:ReplyTo>";
  return envelope(escaped(endpoint), "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get",
                  message_id, anonymous, "");
}

std::string resolve(std::string_view message_id, std::string_view endpoint) {
  const std::string body = fmt::format(
      "<wsd:Resolve><wsa:EndpointReference><wsa:Address>{}</wsa:Address>"
      "</wsa:EndpointReference></wsd:Resolve>",
      escaped(endpoint));
  return envelope("urn:schemas-xmlsoap-org:ws:2005:04:discovery",
                  "http://schemas.xmlsoap.org/ws/2005/04/discovery/Resolve", message_id, "", body);
}

}  // namespace aiot::wsd
