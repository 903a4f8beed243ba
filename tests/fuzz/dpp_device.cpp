// A hostile host: a stream of frames to a virtual device that waits, and to one that has begun
// itself. Keys and nonces are those of tests/unit/protocol/dpp/transcript.hpp, so that the seeds go
// all the way.
#include <algorithm>
#include <cstdlib>

#include "protocol/dpp/device.hpp"

using namespace aiot;
using namespace aiot::dpp;

namespace {

OwnKey key(const char* secret) { return own_key(crypto::EcCurve::p256, *from_hex(secret)); }

/// What it sends can be read again.
void check(const Bytes& output) {
  FrameReader reader;
  reader.feed(output);
  while (true) {
    const auto frame = reader.take();
    if (!frame) std::abort();
    if (!*frame) break;
    if (!Attributes::parse((*frame)->attributes)) std::abort();
  }
}

void play(Device& device, ByteSpan bytes) {
  net::TimePoint now{};
  while (!bytes.empty()) {
    const ByteSpan part = bytes.first(std::min<std::size_t>(bytes.size(), 700));
    bytes = bytes.subspan(part.size());
    device.on_bytes(now, part);
    now += std::chrono::seconds(1);
    device.on_timer(now);
    check(device.take_output(now));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const OwnKey own = key("54ce181a98525f217216f59b245f60e9df30ac7f6b26c939418cfc3c42d1afa0");
  static const OwnKey host =
      key("36ce83d9cca4d881f040a63b05edecd762b34c82a09228a166ad9dea9761429a");
  DeviceOptions options{own, {"Test", "sta", ""}};
  options.material = [](crypto::EcCurve) {
    return Material{*from_hex("5c66b11c7d28e1b3ec60159d2ce53d8cfe0c4805e7a2d091ce7da7d90978b306"),
                    *from_hex("d7589b797545a3e15fa741167ca62b1a")};
  };
  Device waiting(options);
  play(waiting, {data, size});

  options.configurator = host.bootstrap;
  Device beginning(options);
  beginning.begin();
  play(beginning, {data, size});

  read_configuration(to_string({data, size})).has_value();
  return 0;
}
