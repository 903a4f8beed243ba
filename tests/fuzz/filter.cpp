#include "filter/filter.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Object record{
      {"name", "Kitchen Lamp"},
      {"state", "unprovisioned"},
      {"rssi_dbm", -61},
      {"addresses", Array{"udp://192.168.1.40:1", "matter:1"}},
      {"mdns", Object{{"txt", Object{{"D", "3840"}}}}},
      {"payload", Bytes(data, data + size)},
  };
  const auto filter = filter::Filter::parse(to_string(ByteSpan(data, size)));
  if (!filter) {
    if (filter.error().context.empty()) __builtin_trap();  // it says where, or why
    return 0;
  }
  (void)filter->matches(record);
  return 0;
}
