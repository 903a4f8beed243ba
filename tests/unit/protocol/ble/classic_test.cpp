#include "protocol/ble/classic.hpp"

#include <doctest/doctest.h>

using namespace aiot;

// Bluetooth SIG, Assigned Numbers, 2.8: service bits, major bits 8 to 12, minor bits 2 to 7.
TEST_CASE("a class of device has two names") {
  struct Case {
    std::uint32_t number;
    std::string_view major;
    std::string_view minor;
  };
  const Case cases[] = {
      {0x240414, "audio/video", "loudspeaker"},
      {0x240404, "audio/video", "headset"},
      {0x5A020C, "phone", "smartphone"},
      {0x6C010C, "computer", "laptop"},
      {0x002540, "peripheral", "keyboard"},
      {0x002580, "peripheral", "pointing device"},
      {0x002508, "peripheral", "gamepad"},
      {0x040680, "imaging", "printer"},
      {0x000704, "wearable", "wristwatch"},
      {0x000918, "health", "heart rate monitor"},
      {0x000000, "miscellaneous", ""},
      {0x001F00, "uncategorized", ""},
      {0x0004FC, "audio/video", ""},  // a minor number without a meaning
      {0xFFFFFFFF, "uncategorized", ""},
  };
  for (const Case& one : cases) {
    CAPTURE(one.number);
    CHECK(ble::device_class(one.number).major == one.major);
    CHECK(ble::device_class(one.number).minor == one.minor);
  }
}

TEST_CASE("services are named by their UUIDs") {
  CHECK(ble::service_name("0000110b-0000-1000-8000-00805f9b34fb") == "Audio Sink");
  CHECK(ble::service_name("0000180A-0000-1000-8000-00805F9B34FB") == "Device Information");
  CHECK(ble::service_name("180f") == "Battery");
  CHECK(ble::service_name("0000fcd2-0000-1000-8000-00805f9b34fb") == "fcd2");
  CHECK(ble::service_name("00467768-6228-2272-4663-277478268000") ==
        "00467768-6228-2272-4663-277478268000");
  CHECK(ble::service_name("garbage") == "garbage");
}
