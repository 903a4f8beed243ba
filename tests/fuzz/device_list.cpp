// Lists of devices, as --devices reads them: each line is an address, or the list is refused.
#include "command/device_list.hpp"

#include <array>
#include <cstdlib>
#include <sstream>

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  constexpr std::array<std::string_view, 3> accepted = {"serial", "tcp", "rfc2217"};
  const auto list = cli::command::read_addresses(in, "list", accepted);
  if (!list) return 0;
  if (list->size() > size) std::abort();
  for (const Address& address : *list) {
    if (address.scheme.empty()) std::abort();
  }
  return 0;
}
