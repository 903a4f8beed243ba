#include <doctest/doctest.h>

#include "protocol/improv/serial_device.hpp"
#include "show.hpp"
#include "support/memory_link.hpp"

using namespace aiot;
using namespace aiot::improv;
using namespace std::chrono_literals;

namespace {

DeviceOptions options_with(std::string_view fault = {}) {
  DeviceOptions out;
  out.wifi = {"home", "secret-pass", "", false};
  if (!fault.empty()) out.faults.push_back(*provisioning::parse_fault(fault));
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(Talk, "the virtual device is provisioned in the middle of its log") {
  SerialDevice device(options_with());
  net::MemoryLink link(clock, device);
  CHECK(run(link) == "ok");
  CHECK(device.device().ssid() == "home");
  CHECK(result.name == "Virtual lamp");
  CHECK(result.url == "http://192.0.2.1/");
  CHECK(result.networks.size() == 2);
}

TEST_CASE("each fault has its cause") {
  struct Case {
    const char* fault;
    const char* code;
    const char* stage;  ///< the last that is reached
  };
  for (const Case& one : {
           Case{"wrong-state", "pair.window_closed", "connected"},
           {"silent@found", "pair.no_reply", ""},
           {"silent@authenticated", "pair.no_reply", "connected"},
           {"silent@credentials_sent", "pair.no_reply", "authenticated"},
           {"silent@joined", "pair.no_reply", "credentials_sent"},
           {"drop@found", "pair.link_lost", ""},
           {"drop@authenticated", "pair.link_lost", "connected"},
           {"drop@credentials_sent", "pair.link_lost", "authenticated"},
           {"drop@joined", "pair.link_lost", "credentials_sent"},
           {"garbage@found", "pair.no_reply", ""},
           {"garbage@authenticated", "pair.no_reply", "connected"},
           {"garbage@credentials_sent", "pair.no_reply", "authenticated"},
           {"garbage@joined", "pair.no_reply", "credentials_sent"},
           {"refuse-password", "pair.network_refused", "credentials_sent"},
           {"no-network", "pair.network_not_found", "credentials_sent"},
           {"no-address", "pair.network_refused", "credentials_sent"},
       }) {
    CAPTURE(one.fault);
    Talk talk;
    SerialDevice device(options_with(one.fault));
    net::MemoryLink link(talk.clock, device);
    CHECK(talk.run(link) == one.code);
    CHECK(talk.flow.stages.ends_with(one.stage));
    CHECK(talk.flow.stages.empty() == std::string_view(one.stage).empty());
    CHECK(talk.words.find("secret-pass") == std::string::npos);
    CHECK(talk.clock.elapsed() <= 31s);
  }
}

TEST_CASE_FIXTURE(Talk, "a wrong password is corrected at once") {
  SerialDevice device(options_with());
  net::MemoryLink link(clock, device);
  wifi.password = "secret-word";
  CHECK(run(link) == "pair.network_refused");
  wifi.password = "secret-pass";
  CHECK(run(link) == "ok");
}

TEST_CASE_FIXTURE(Talk, "names") {
  SerialDevice device(options_with());
  net::MemoryLink link(clock, device);
  Result<void> done = clock.run(context, [&]() -> net::Task<void> {
    SerialLine line(link);
    Session session(line);
    std::string none;
    AIOT_CO_TRY(const std::string before, co_await session.hostname(std::move(none)));
    CHECK(before == "virtual-lamp");
    std::string wanted = "lamp-1";
    AIOT_CO_TRY(const std::string after, co_await session.hostname(std::move(wanted)));
    CHECK(after == "lamp-1");
    std::string bad = "lamp 1";
    Result<std::string> refused = co_await session.hostname(std::move(bad));
    if (refused) co_return Result<void>(make_error(net::Errc::script, "taken"));
    CHECK(refused.error().stable_code() == "pair.device_refused");
    CHECK(refused.error().peer_text == "bad hostname");
    std::string name = "Lamp of the hall";
    AIOT_CO_TRY(const std::string named, co_await session.name(std::move(name)));
    CHECK(named == "Lamp of the hall");
    AIOT_CO_TRY(const Answer network, co_await session.call(Command::network_state));
    CHECK(network.strings == std::vector<std::string>{"2"});
    AIOT_CO_TRY(const Answer unknown, co_await session.call(static_cast<Command>(99)));
    CHECK(unknown.failure == Failure::unknown_command);
    co_return Result<void>();
  });
  CHECK(done);
}
