#pragma once

#include <doctest/doctest.h>

#include <string>

#include "support/scripted_link.hpp"
#include "protocol/esp/loader.hpp"
#include "show.hpp"

namespace aiot::esp {

inline std::string repeat(std::string_view hex, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += hex;
  return out;
}

// Frames of esptool's documented trace ("Tracing Esptool Serial Communications") and of esptool-js
// (tests/vectors/esp); the stub's replies as esp-flasher-stub 1.1 composes them.
inline const char* sync_request =
    "c000082400000000000707122055555555555555555555555555555555555555555555"
    "55555555555555555555c0";
inline const std::string rom_sync = repeat("c0010804000707122000000000c0", 8);
inline const std::string stub_sync = repeat("c00108020000000000 0000c0", 8);
inline const char* security_request = "c00014000000000000c0";
inline const char* magic_request = "c0000a04000000000000100040c0";
/// The ROM of an ESP32 does not know GET_SECURITY_INFO, and says so eight times.
inline const std::string unknown_to_rom = repeat("c00100040000000000 01050000c0", 8);
inline const char* esp32_magic = "c0010a0400831df00000000000c0";
inline const char* unknown_to_stub = "c001140200 00000000 ff00c0";
inline const char* esp32_magic_by_stub = "c0010a0200831df0000000c0";

/// One session on a script, on virtual time.
struct Session {
  net::asio::io_context context;
  net::VirtualClock clock;

  static net::LinkInfo wires() {
    net::LinkInfo info;
    info.kind = "scripted";
    info.has_lines = true;
    info.has_baud = true;
    return info;
  }

  template <class Step>
  auto run(net::Link& link, Step step) {
    Loader loader(link);
    return clock.run(context, [&loader, step] { return step(loader); });
  }

  /// Runs the session once for each fault in its script: each run must end in an error that has a
  /// code and a message, and before `limit` of virtual time.
  template <class Step>
  static void with_each_fault(const net::Script& script, net::Duration limit, Step step) {
    int faults = 0;
    for (const net::Script::Faulty& faulty : script.with_each_fault()) {
      Session session;
      net::ScriptedLink link(session.clock, faulty.script, wires());
      auto result = session.run(link, step);
      CHECK_MESSAGE(!result, faulty.what);
      if (!result) {
        CHECK_MESSAGE(result.error().code != net::make_error_code(net::Errc::script),
                      faulty.what << ": " << result.error().message());
        CHECK(!result.error().stable_code().empty());
      }
      CHECK_MESSAGE(session.clock.elapsed() < limit, faulty.what);
      ++faults;
    }
    CHECK(faults > 0);
  }
};

inline net::Script esp32_rom_connects() {
  net::Script script;
  script.expect(sync_request, "sync").reply(rom_sync, "sync");
  script.expect(security_request, "security").reply(unknown_to_rom, "unknown");
  script.expect(magic_request, "magic").reply(esp32_magic, "magic");
  return script;
}

inline net::Script esp32_stub_connects() {
  net::Script script;
  script.expect(sync_request, "sync").reply(stub_sync, "sync");
  script.expect(security_request, "security").reply(unknown_to_stub, "unknown");
  script.expect(magic_request, "magic").reply(esp32_magic_by_stub, "magic");
  return script;
}

inline net::Task<void> connect(Loader& loader) {
  ConnectOptions options;
  return loader.connect(std::move(options));
}

}  // namespace aiot::esp
