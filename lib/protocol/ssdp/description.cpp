#include "protocol/ssdp/description.hpp"

#include "xml/document.hpp"

namespace aiot::ssdp {
namespace {

constexpr std::size_t longest_bytes = 256;

std::string field(const xml::Element& device, std::string_view name) {
  return std::string(device.child_text(name).substr(0, longest_bytes));
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

}  // namespace aiot::ssdp
