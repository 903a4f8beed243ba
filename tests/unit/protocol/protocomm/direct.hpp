#pragma once

#include <map>

#include "protocol/protocomm/device.hpp"
#include "protocol/protocomm/session.hpp"
#include "support/virtual_clock.hpp"

namespace aiot::protocomm {

/// What goes wrong with one request.
enum class Mishap { none, refused, lost, silence, truncated, garbage, other_kind };

/// A transport that asks a virtual device in this process, on virtual time.
class DirectTransport final : public EndpointTransport {
 public:
  DirectTransport(net::VirtualClock& clock, Device& device) : clock_(clock), device_(device) {}

  net::Clock& clock() override { return clock_; }
  net::Task<Bytes> exchange(std::string_view endpoint, ByteSpan body,
                            net::TimePoint deadline) override {
    const std::string name(endpoint);
    const Mishap mishap = requests.size() == mishap_at ? mishap_ : Mishap::none;
    requests.push_back(name);
    Result<void> slept = co_await clock_.sleep_for(std::chrono::milliseconds(1));
    if (!slept) co_return std::move(slept).error();
    if (mishap == Mishap::refused) co_return make_error(net::Errc::refused);
    if (mishap == Mishap::lost) co_return make_error(net::Errc::link_lost);
    Reply reply = device_.on_request(clock_.now(), name, body);
    if (mishap == Mishap::silence) reply.kind = Reply::Kind::silence;
    if (mishap == Mishap::truncated) reply.body.resize(reply.body.size() / 2);
    if (mishap == Mishap::garbage) reply.body.assign(40, 0xFF);
    if (mishap == Mishap::other_kind) reply.body = {0x08, 0x05};
    switch (reply.kind) {
      case Reply::Kind::answer: co_return std::move(reply.body);
      case Reply::Kind::dropped: co_return make_error(net::Errc::refused);
      case Reply::Kind::lost: co_return make_error(net::Errc::link_lost);
      case Reply::Kind::no_endpoint: co_return make_error(net::Errc::not_supported);
      case Reply::Kind::silence: break;
    }
    slept = co_await clock_.sleep_until(deadline);
    if (!slept) co_return std::move(slept).error();
    co_return make_error(net::Errc::timed_out);
  }
  net::Task<void> restart(net::TimePoint) override {
    ++restarts;
    device_.new_session();
    co_return Result<void>();
  }
  provisioning::Errc cause_of_drop() const override { return cause; }
  unsigned scan_page() const override { return 4; }

  /// The request of this number (from 0) meets with `mishap`.
  void spoil(std::size_t at, Mishap mishap) {
    mishap_at = at;
    mishap_ = mishap;
  }

  std::vector<std::string> requests;
  int restarts = 0;
  provisioning::Errc cause = provisioning::Errc::superseded;

 private:
  net::VirtualClock& clock_;
  Device& device_;
  std::size_t mishap_at = SIZE_MAX;
  Mishap mishap_ = Mishap::none;
};

/// Notes the stages, and all that is said.
class NotedFlow final : public provisioning::Flow {
 public:
  void reached(provisioning::Stage stage) override { stages.push_back(stage); }
  void log(std::string text) override { words += text + "\n"; }
  std::vector<provisioning::Stage> stages;
  std::string words;
};

/// Random bytes that are not.
inline Random counted() {
  return [next = std::uint8_t{1}](std::size_t count) mutable {
    Bytes out(count);
    for (std::uint8_t& byte : out) byte = next++;
    return out;
  };
}

/// A device, the transport to it, and one run of provision().
struct Bench {
  explicit Bench(DeviceOptions options) : device(std::move(options), counted()) {}

  Result<void> run(const Plan& plan) {
    return clock.run(context, [&]() -> net::Task<void> {
      co_return co_await provision(transport, plan, flow, result, counted());
    });
  }

  net::asio::io_context context;
  net::VirtualClock clock;
  Device device;
  DirectTransport transport{clock, device};
  NotedFlow flow;
  pair::PairResult result;
};

inline Plan home_plan() {
  Plan plan;
  plan.secrets.proof = "abcd1234";
  plan.secrets.username = "wifiprov";
  plan.wifi.ssid = "home";
  plan.wifi.password = "secret-pass";
  return plan;
}

inline DeviceOptions device_with(unsigned security) {
  DeviceOptions out;
  out.credentials = {security, security == 2 ? 1U : 0U, security == 2 ? "wifiprov" : "",
                     security == 0 ? "" : "abcd1234"};
  out.wifi.ssid = "home";
  out.wifi.password = "secret-pass";
  out.join_takes = std::chrono::milliseconds(700);
  return out;
}

}  // namespace aiot::protocomm
