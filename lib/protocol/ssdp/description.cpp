#include "protocol/ssdp/description.hpp"

#include "xml/document.hpp"

namespace aiot::ssdp {
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
