#include "protocol/wsd/metadata.hpp"

#include <fmt/format.h>

#include "protocol/wsd/message.hpp"
#include "xml/document.hpp"

namespace aiot::wsd {
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
