#include <boost/asio/io_context.hpp>

#include "bench.hpp"
#include "support/memory_link.hpp"
#include "protocol/esp/loader.hpp"

using namespace aiot;
using namespace aiot::esp;
using namespace aiot::esp::device;

// The two sides meet: what a session does to each chip's ROM, on virtual time and at a wire's pace.
// Neither is proven by the other; esptool-js is the judge of this side (tests/peer).
TEST_CASE(
    "a session finds each chip through its reset circuit, reads its MAC and writes its flash") {
  for (const Chip& chip : chips()) {
    CAPTURE(chip.name);
    Options options;
    options.chip = std::string(chip.name);
    options.mac = {0x24, 0x0A, 0xC4, 0x01, 0x02, 0x03};
    options.profile = *find_profile("default");
    options.in_application = true;
    auto device = *Device::make(std::move(options), *FlashMemory::in_memory(4 << 20));
    boost::asio::io_context context;
    net::VirtualClock clock;
    net::MemoryLink link(clock, *device);
    Loader loader(link);
    const Bytes image = pattern(9000);
    const auto session = [&]() -> net::Task<void> {
      ConnectOptions connect;
      AIOT_CO_CHECK(co_await loader.connect(connect));
      AIOT_CO_TRY(const auto mac, co_await loader.read_mac());
      CHECK(mac == Mac{0x24, 0x0A, 0xC4, 0x01, 0x02, 0x03});
      AIOT_CO_TRY(const FlashId id, co_await loader.attach_flash());
      CHECK(id.size_bytes == 4 << 20);
      AIOT_CO_CHECK(co_await loader.write(0x10000, image, ProgressFn()));
      co_return Result<void>();
    };
    const Result<void> done = clock.run(context, session);
    INFO((done ? std::string() : done.error().message()));
    CHECK(done.has_value());
    CHECK(loader.chip().name == chip.name);
    CHECK(to_hex(device->flash().contents().subspan(0x10000, 9000)) == to_hex(image));
  }
}

// esp-flasher-stub 1.1 raises the ESP32's, S2's and P4's clock as it starts, and sets the UART to
// the rate that the ROM has stored.
TEST_CASE("a stub is heard after the rate was raised in ROM, whether it keeps that rate or not") {
  for (const std::string name : {"esp32", "esp32s2", "esp32p4", "esp32c3"}) {
    for (const bool keeps : {false, true}) {
      CAPTURE(name);
      CAPTURE(keeps);
      Options options;
      options.chip = name;
      options.profile = *find_profile("default");
      options.stub_keeps_rate = keeps;
      auto device = *Device::make(std::move(options), *FlashMemory::in_memory(4 << 20));
      boost::asio::io_context context;
      net::VirtualClock clock;
      net::MemoryLink link(clock, *device);
      Loader loader(link);
      const auto session = [&]() -> net::Task<void> {
        ConnectOptions connect;
        AIOT_CO_CHECK(co_await loader.connect(connect));
        AIOT_CO_CHECK(co_await loader.change_baud(921600));
        esp::Stub stub;
        stub.chip = &loader.chip();
        stub.text = Bytes(2000, 0x11);
        stub.text_start = stub.entry = 0x400BE000;
        AIOT_CO_CHECK(co_await loader.run_stub(stub));
        CHECK(loader.stub_running());
        AIOT_CO_CHECK(co_await loader.change_baud(921600));
        AIOT_CO_CHECK(co_await loader.read_mac());
        co_return Result<void>();
      };
      const Result<void> done = clock.run(context, session);
      INFO((done ? std::string() : done.error().message()));
      CHECK(done.has_value());
      CHECK(device->baud_bps() == 921600);
      CHECK(clock.elapsed() < std::chrono::seconds(3));
    }
  }
}
