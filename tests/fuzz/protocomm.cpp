// ESP-IDF's provisioning. The first byte picks what the rest is: a message, a request to a virtual
// device, or an answer to a session of the host.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>

#include "protocol/protocomm/device.hpp"
#include "protocol/protocomm/session.hpp"

using namespace aiot;
using namespace aiot::protocomm;

namespace {

Bytes not_random(std::size_t count) { return Bytes(count, 0x42); }

template <class Decode>
void check_again(ByteSpan bytes, Decode decode) {
  const auto message = decode(bytes);
  if (!message) return;
  const Bytes once = encode(*message);
  const auto again = decode(once);
  if (!again || encode(*again) != once) std::abort();
}

void give_messages(ByteSpan bytes) {
  check_again(bytes, decode_config);
  check_again(bytes, decode_scan);
  check_again(bytes, decode_control);
  check_again(bytes, decode_session);
  if (const auto version = decode_version(to_string(bytes))) (void)encode(*version);
}

/// Requests to a device: a byte for the endpoint, one for the length, and the body.
void give_device(unsigned security, ByteSpan bytes) {
  DeviceOptions options;
  options.credentials = {security, 1, "u", "p"};
  options.wifi.ssid = "home";
  Device device(options, not_random);
  const net::TimePoint now = net::TimePoint(std::chrono::hours(1));
  while (bytes.size() >= 2) {
    const std::string_view endpoint = Device::endpoints[bytes[0] % Device::endpoints.size()];
    const std::size_t length = std::min<std::size_t>(bytes[1], bytes.size() - 2);
    const Reply reply = device.on_request(now, endpoint, bytes.subspan(2, length));
    if (reply.kind == Reply::Kind::silence || reply.kind == Reply::Kind::lost) std::abort();
    bytes = bytes.subspan(2 + length);
  }
}

/// Answers that are all the same, after a handshake that was good.
class SameAnswer final : public EndpointTransport {
 public:
  SameAnswer(Device& device, ByteSpan answer) : device_(device), answer_(answer) {}
  net::Clock& clock() override { return clock_; }
  net::Task<Bytes> exchange(std::string_view endpoint, ByteSpan body, net::TimePoint) override {
    if (++requests_ > 400) std::abort();
    if (!spoils_version && (endpoint == "proto-ver" || endpoint == "prov-session"))
      co_return device_.on_request(clock_.now(), endpoint, body).body;
    co_return Bytes(answer_.begin(), answer_.end());
  }
  net::Task<void> restart(net::TimePoint) override { co_return Result<void>(); }
  provisioning::Errc cause_of_drop() const override { return provisioning::Errc::superseded; }
  unsigned scan_page() const override { return 4; }

  bool spoils_version = false;

 private:
  /// Every look at it takes a second, so that nothing waits.
  class Ticking final : public net::Clock {
   public:
    net::TimePoint now() const override { return now_ += std::chrono::seconds(1); }
    net::Task<void> sleep_until(net::TimePoint when) override {
      now_ = std::max(now_, when);
      co_return Result<void>();
    }

   private:
    mutable net::TimePoint now_ = net::TimePoint(std::chrono::hours(1));
  };
  Device& device_;
  ByteSpan answer_;
  Ticking clock_;
  int requests_ = 0;
};

class NoFlow final : public provisioning::Flow {
 public:
  void reached(provisioning::Stage) override {}
  void log(std::string) override {}
};

void give_session(unsigned security, bool spoils_version, ByteSpan bytes) {
  DeviceOptions options;
  options.credentials = {security, 1, "u", "p"};
  Device device(options, not_random);
  SameAnswer transport(device, bytes);
  transport.spoils_version = spoils_version;
  NoFlow flow;
  pair::PairResult result;
  Plan plan;
  plan.secrets.username = "u";
  plan.secrets.proof = "p";
  plan.wifi.ssid = "home";
  net::asio::io_context context;
  bool done = false;
  net::asio::co_spawn(
      context,
      [&]() -> net::asio::awaitable<void> {
        const Result<void> ended = co_await provision(transport, plan, flow, result, not_random);
        static_cast<void>(ended);
        Session session(transport, flow, not_random);
        const Result<Version> version = co_await session.ask_version();
        if (version) {
          const Result<void> in = co_await session.authenticate(plan.secrets);
          if (in) {
            const Result<std::vector<pair::VisibleNetwork>> seen = co_await session.scan();
            static_cast<void>(seen);
          }
        }
        done = true;
      },
      net::asio::detached);
  context.run();
  if (!done) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan bytes(data + 1, std::min<std::size_t>(size - 1, 4096));
  switch (data[0] % 8) {
    case 0:
    case 1:
    case 2: give_device(data[0] % 8, bytes); break;
    case 3:
    case 4: give_session(data[0] % 8 - 3, false, bytes); break;
    case 5: give_session(1, true, bytes); break;
    default: give_messages(bytes);
  }
  return 0;
}
