#include "protocol/alibaba/device_info.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace aiot::alibaba {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::bad_content, "alibaba.bad_content", "not a device's description", Condition::protocol},
    {Errc::refused, "alibaba.refused", "the device refused", Condition::protocol},
    {Errc::bad_password, "alibaba.bad_password", "the device cannot read the password",
     Condition::protocol},
};
const ErrorTable table("alibaba", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

namespace {

constexpr std::size_t max_text = 256;

std::string text_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string()).substr(0, max_text);
}

const boost::json::object* object_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

}  // namespace

std::string info_request(unsigned id) {
  return fmt::format(R"({{"id":"{}","version":"1.0","method":"device.info.get","params":{{}}}})",
                     id);
}

Result<DeviceInfo> parse_device_info(std::string_view text) {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(text, error);
  if (error || !parsed.is_object()) return make_error(Errc::bad_content);
  const boost::json::object& whole = parsed.get_object();
  if (const auto* code = whole.if_contains("code"); code != nullptr && *code != 200)
    return make_error(Errc::refused, boost::json::serialize(*code).substr(0, 20));
  const boost::json::object* info = object_of(whole, "data");
  if (info == nullptr) info = object_of(whole, "params");
  if (info == nullptr) return make_error(Errc::bad_content);
  DeviceInfo out;
  out.product_key = text_of(*info, "productKey");
  if (out.product_key.empty()) return make_error(Errc::bad_content, "it names no product");
  out.device_name = text_of(*info, "deviceName");
  out.mac = text_of(*info, "mac");
  out.ip = text_of(*info, "ip");
  out.firmware = text_of(*info, "fwVersion");
  out.binding_token = !text_of(*info, "token").empty();
  return out;
}

}  // namespace aiot::alibaba
