#include "sim/ota/arduino.hpp"
#include "sim/ota/ddi.hpp"
#include "sim/ota/esphome.hpp"
#include "sim/ota/http.hpp"
#include "sim/ota/kind.hpp"
#include "sim/ota/smp.hpp"
#include "sim/ota/tuf.hpp"

namespace aiot::sim::ota {
namespace {

/// One row for each: NAME, what it is, where it listens, what can go wrong, what makes it.
const std::vector<Kind>& table() {
  static const std::vector<Kind> rows = {
      {"arduino", "an ESP32 with ArduinoOTA", "udp:PORT", arduino_faults(), make_arduino, false,
       true},
      {"ddi", "a Linux device that polls a hawkBit server (DDI), as SWUpdate does",
       "no port: it polls a server", ddi_faults(), make_ddi, true},
      {"esphome", "a device with ESPHome", "tcp:PORT", esphome_faults(), make_esphome, false, true},
      {"http", "a device whose web page takes firmware",
       "tasmota:PORT, wled:PORT, esphome:PORT, esp8266:PORT or arduino:PORT", http_faults(),
       make_http},
      {"smp", "a Zephyr device with MCUboot, updated over SMP",
       "udp:PORT, pty, tcp:PORT or ble:hciN", smp_faults(), make_smp},
      {"tuf", "a gateway that installs from a TUF repository, from a pinned root on",
       "no port: it polls a server", tuf_faults(), make_tuf, true, false, true},
  };
  return rows;
}

}  // namespace

std::span<const Kind> kinds() { return table(); }

}  // namespace aiot::sim::ota
