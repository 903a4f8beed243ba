#include "command/device_list.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <istream>

#include "command/lines.hpp"
#include "errors.hpp"

namespace aiot::cli::command {
namespace {

constexpr std::size_t most_devices = 4096;

/// The address on one line of a device list, and whether the line says that it is the last.
struct ListLine {
  std::string address;  ///< "" when the line names no device for this command
  bool is_last = false;
};

/// Of what `discover --jsonl` says of a device, the first address that this command takes.
std::string address_of_event(const boost::json::object& event,
                             std::span<const std::string_view> accepted) {
  const boost::json::value* kind = event.if_contains("event");
  const boost::json::value* data = event.if_contains("data");
  const boost::json::object* fields = data ? data->if_object() : nullptr;
  const boost::json::value* list = fields ? fields->if_contains("addresses") : nullptr;
  if (!kind || *kind != "found" || !list || !list->is_array()) return {};
  for (const boost::json::value& value : list->as_array()) {
    if (!value.is_string()) continue;
    const auto address = parse_address(std::string_view(value.as_string()));
    if (address && require_scheme(*address, accepted)) return std::string(value.as_string());
  }
  return {};
}

Result<ListLine> parse_json_line(const std::string& line, const std::string& where,
                                 std::span<const std::string_view> accepted) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(line, error);
  const boost::json::object* object = error ? nullptr : value.if_object();
  const boost::json::value* address = object ? object->if_contains("address") : nullptr;
  if (object && !address && object->contains("event")) {
    return ListLine{address_of_event(*object, accepted), false};
  }
  if (!address || !address->is_string()) {
    return make_error(Errc::bad_device_list, where,
                      "each line is an address, or a JSON object with an \"address\"");
  }
  ListLine out{std::string(address->as_string()), false};
  const boost::json::value* index = object->if_contains("index");
  const boost::json::value* count = object->if_contains("count");
  out.is_last = index && count && index->is_int64() && *index == *count;
  return out;
}

}  // namespace

Result<std::vector<Address>> read_addresses(std::istream& in, const std::string& name,
                                       std::span<const std::string_view> accepted) {
  std::vector<Address> out;
  std::string line;
  for (int number = 1; next_line(in, line); ++number) {
    const std::string where = fmt::format("{}:{}", name, number);
    if (line.size() > longest_line || out.size() > most_devices) {
      return make_error(Errc::bad_device_list, where, "the list is too long");
    }
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    line = line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
    ListLine entry{line, false};
    if (line.front() == '{') {
      AIOT_TRY(entry, parse_json_line(line, where, accepted));
      if (entry.address.empty()) continue;
    }
    // The line itself is not repeated: who knows what file this is.
    auto address = parse_address(entry.address);
    if (!address.has_value()) {
      return make_error(Errc::bad_device_list, where + ": not an address", address.error().hint);
    }
    out.push_back(*std::move(address));
    if (entry.is_last) return out;
  }
  AIOT_CHECK(check_input(in, name));
  return out;
}

}  // namespace aiot::cli::command
