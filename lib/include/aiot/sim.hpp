#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "aiot/event.hpp"
#include "aiot/result.hpp"

/// Virtual devices: for learning, demonstrations and fault injection.
namespace aiot::sim {

/// How many virtual devices one run() serves at most: a bound against a slip of the keyboard.
constexpr unsigned max_devices = 256;

struct Request {
  std::string device;            ///< "esp32", "esp32c3", …; see devices()
  std::string port = "pty";      ///< "pty", "tcp:PORT", "rfc2217:PORT"; port 0 picks a free one
  unsigned count = 1;            ///< 1 to max_devices; each has its own MAC, port and flash file
  std::string flash_file;        ///< "" keeps the contents in memory; {n} or -N suffix per device
  std::uint64_t flash_size = 0;  ///< bytes, 0 for the usual 4 MiB; a file's size must be the same
  std::uint32_t baud_limit = 0;  ///< faster rates garble; 0 for the chip's own limit
  std::string mac;               ///< of the first device; "" for a stable made-up one
  std::vector<std::string> faults;  ///< each as fault_grammar() says
  std::string profile;              ///< timing profile, "" for the default; see profiles()
  bool in_application = false;      ///< starts in the application instead of the loader
  /// What a gadget's console says unasked: up to 1,000,000 lines a second, 0 for nothing; 1 when
  /// not set.
  std::optional<std::uint64_t> lines_per_s;
  /// A device under test instead of `device`: a .tflite file, or the name of a built-in model.
  std::string bench_model;
  std::chrono::nanoseconds latency{0};  ///< of its inference, up to an hour; 0: as a Cortex-M4F's,
                                        ///< 50 million MACs a second, 1 ms or more
  bool monitor = false;  ///< it is in energy mode, and a virtual power monitor is beside it
  /// Where gadgets publish: "mqtt://HOST:PORT/PREFIX" or mqtts; "" for nowhere. The topics are
  /// below PREFIX/SERIAL.
  std::string mqtt;
  std::chrono::milliseconds mqtt_interval{1000};  ///< between two readings there; 1 ms or more
  std::uint64_t mqtt_rate = 0;   ///< messages a second that flood it; up to 1,000,000
  std::string credentials_file;  ///< for the broker; YAML: user, password
  std::string ca_file;           ///< for mqtts; "": the authorities of this machine
};

/// One running virtual device, said once it can be connected to.
struct Ready {
  std::string address;  ///< "serial:/dev/pts/7", "rfc2217://127.0.0.1:4000"
  std::string chip;
  std::string mac;
  std::string flash_file;
  unsigned number = 1;    ///< of the device among those that run, from 1
  std::string name = {};  ///< of a gadget, as it announces itself
  /// Of a gadget: all it can be reached by on this machine, `address` first.
  std::vector<std::string> addresses = {};
  std::string monitor = {};  ///< the address of a device under test's power monitor; "": none
};

/// Serves until `stop`; `ready` is called once for each device, before any byte is served, and
/// again for a device that was unplugged (fault "drop") and is back. Returns one record for each
/// device at the end (schema "aiot.sim/1"): bytes, commands, faults.
AIOT_API Result<Record> run(const Request& request, const std::function<void(const Ready&)>& ready,
                            EventSink& sink, std::stop_token stop);

/// Names and one-line descriptions.
struct Choice {
  std::string name;
  std::string description;
};
AIOT_API std::vector<Choice> devices();
AIOT_API std::vector<Choice> faults();
/// The parts of a session that a fault can sit in, in their order.
AIOT_API std::vector<Choice> stages();
/// How a fault is written, for people: a few lines.
AIOT_API std::string fault_grammar();
AIOT_API std::vector<Choice> profiles();

}  // namespace aiot::sim
