#pragma once

#include <string>
#include <string_view>

#include "protocol/ssdp/error.hpp"

namespace aiot::ssdp {

/// What a UPnP device says of itself (UPnP Device Architecture 2.0, 2.3); "" where it is silent.
struct Description {
  std::string udn;  ///< "uuid:…"
  std::string device_type;
  std::string friendly_name;
  std::string manufacturer;
  std::string model_name;
  std::string model_number;
  std::string model_description;
  std::string serial_number;
  std::string presentation_url;
};

/// The root device of a description document. Errc::not_a_description, xml::Errc.
Result<Description> parse_description(std::string_view xml);

/// The document of a root device without services, with the elements that are not silent.
std::string format_description(const Description& description);

}  // namespace aiot::ssdp
