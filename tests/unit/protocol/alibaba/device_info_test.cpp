#include "protocol/alibaba/device_info.hpp"

#include <doctest/doctest.h>

#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::alibaba;

namespace {

// From the logs in the "device binding" manual of iotkit-embedded.
constexpr const char* answer =
    R"({"id":123,"code":200,"data":{"awssVer":{"smartconfig":"2.0","zconfig":"2.0","router":"2.0",)"
    R"("ap":"2.0","softap":"2.0"},"productKey":"a1GQc8iJOWI","deviceName":"gateway_test01",)"
    R"("mac":"B0:F8:93:15:BF:21","ip":"10.0.0.59","cipherType":4,)"
    R"("token":"B52C577E55DE6B3CAF5B0C882410D8BF","remainTime":40738,"type":0}})";
constexpr const char* notification =
    R"({"id":"7","version":"1.0","method":"device.info.notify","params":{"awssVer":{"smartconfig":)"
    R"("2.0","zconfig":"2.0","router":"2.0","ap":"2.0","softap":"2.0"},"productKey":"a1GQc8iJOWI",)"
    R"("deviceName":"gateway_test01","mac":"B0:F8:93:15:BF:21","ip":"10.0.0.59","cipherType":4,)"
    R"("token":"4786F0F6E1CC7BF86017FD4D1429EE4F","remainTime":43360,"type":0}})";

}  // namespace

TEST_CASE("a device's answer, and what it tells unasked") {
  for (const char* text : {answer, notification}) {
    const Result<DeviceInfo> info = parse_device_info(text);
    REQUIRE(info);
    CHECK(info->product_key == "a1GQc8iJOWI");
    CHECK(info->device_name == "gateway_test01");
    CHECK(info->mac == "B0:F8:93:15:BF:21");
    CHECK(info->ip == "10.0.0.59");
    CHECK(info->binding_token);
  }
}

TEST_CASE("what is none") {
  CHECK(parse_device_info(R"({"id":1,"code":400,"data":{}})").error().code == Errc::refused);
  for (const char* text : {"", "{", "[]", "{}", R"({"data":[]})", R"({"data":{"productKey":1}})"}) {
    CHECK_MESSAGE(parse_device_info(text).error().code == Errc::bad_content, text);
  }
}

TEST_CASE("the question") {
  CHECK(info_request(7) == R"({"id":"7","version":"1.0","method":"device.info.get","params":{}})");
}
