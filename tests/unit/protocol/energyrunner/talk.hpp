#pragma once

#include <doctest/doctest.h>

#include <string>

#include "support/scripted_link.hpp"
#include "protocol/energyrunner/session.hpp"
#include "show.hpp"

namespace aiot::energyrunner {

// What benchmark/api/internally_implemented.cpp of mlcommons/tiny (1afd2c98) prints, as literals.
inline const char* name_reply = "m-name-dut-[unspecified]\r\nm-ready\r\n";
inline const char* profile_reply =
    "m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[ic01]\r\nm-ready\r\n";
inline const char* lap_reply = "m-lap-us-1234567\r\nm-ready\r\n";

inline Bytes text(std::string_view words) { return {words.begin(), words.end()}; }

/// One session on a script, on virtual time.
struct Talk {
  net::asio::io_context context;
  net::VirtualClock clock;

  static net::LinkInfo serial() {
    net::LinkInfo info;
    info.kind = "scripted";
    info.has_baud = true;
    info.baud_bps = 115200;
    return info;
  }

  template <class Step>
  auto run(net::Link& link, Step step) {
    Session session(link);
    return clock.run(context, [&session, step] { return step(session); });
  }

  /// Runs the session once for each fault in its script: each must end within `limit`, in an error
  /// with a code, or well where `step` repairs it.
  template <class Step>
  static int with_each_fault(const net::Script& script, net::Duration limit, Step step) {
    int failed = 0;
    for (const net::Script::Faulty& faulty : script.with_each_fault()) {
      Talk talk;
      net::ScriptedLink link(talk.clock, faulty.script, serial());
      auto result = talk.run(link, step);
      CHECK_MESSAGE(!result, faulty.what);
      if (!result) {
        ++failed;
        CHECK_MESSAGE(result.error().code != net::make_error_code(net::Errc::script),
                      faulty.what << ": " << result.error().message());
        CHECK(!result.error().stable_code().empty());
      }
      CHECK_MESSAGE(talk.clock.elapsed() < limit, faulty.what);
    }
    return failed;
  }
};

inline net::Script& says(net::Script& script, std::string_view command, std::string_view reply) {
  return script.expect(text(std::string(command) + "%"), std::string(command)).reply(text(reply));
}

inline net::Script greeting() {
  net::Script script;
  says(script, "name", name_reply);
  says(script, "profile", profile_reply);
  says(script, "timestamp", lap_reply);
  return script;
}

inline net::Task<Greeting> hello(Session& session) {
  ConnectOptions options;
  return session.connect(std::move(options));
}

}  // namespace aiot::energyrunner
