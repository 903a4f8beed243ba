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
  unsigned count = 1;     ///< how many run
  std::string name = {};  ///< of a gadget, as it announces itself
  /// Of a gadget: all it can be reached by on this machine, `address` first.
  std::vector<std::string> addresses = {};
  std::string monitor = {};  ///< the address of a device under test's power monitor; "": none
  /// Of a device that waits to be paired: the setup code that a label on it would have.
  std::string code = {};
};

AIOT_API SchemaInfo schema_of(const Ready&);
AIOT_API void describe(FieldVisitor& v, Ready& ready);

/// What a gadget published through a broker.
struct MqttResult {
  std::string address;          ///< its topics, as a listener takes them
  bool connected = false;       ///< to the broker, at the end
  std::uint64_t published = 0;  ///< messages
  std::uint64_t lost = 0;       ///< of a flood, messages that the broker did not take in time
};
/// What one virtual device did.
struct DeviceResult {
  std::string chip;  ///< as in Ready
  std::string mac;
  std::string address;
  std::optional<std::string> flash_file;         ///< of a chip
  std::vector<std::string> addresses = {};       ///< of a gadget
  std::uint64_t bytes_in = 0;                    ///< received
  std::uint64_t bytes_out = 0;                   ///< sent
  std::uint64_t commands = 0;                    ///< served
  std::optional<std::uint64_t> overruns;         ///< of a chip: bytes that came faster than it reads
  std::optional<std::string> model;              ///< of a device under test
  std::optional<std::uint64_t> inferences;       ///< of a device under test
  std::optional<std::uint64_t> lines;            ///< of a gadget's console
  std::optional<std::uint64_t> lines_lost;       ///< of these, what no client read in time
  std::optional<std::vector<std::string>> faults_fired;  ///< those that struck, as requested
  std::optional<std::string> monitor;            ///< of a device under test: its power monitor
  std::optional<MqttResult> mqtt;                ///< of a gadget that publishes
  std::optional<bool> paired;       ///< of a device that waited to be paired
  std::optional<std::string> ssid;  ///< of these: the network that it joined
  std::optional<std::string> running;  ///< of a device that takes updates: the version that runs
};
AIOT_API SchemaInfo schema_of(const DeviceResult&);
AIOT_API void describe(FieldVisitor& v, DeviceResult& device);

struct Report {
  std::vector<DeviceResult> devices;  ///< in the order of their numbers
};
AIOT_API SchemaInfo schema_of(const Report&);
AIOT_API void describe(FieldVisitor& v, Report& report);

/// Serves until `stop`; `ready` is called once for each device, before any byte is served, and
/// again for a device that was unplugged (fault "drop") and is back. Each device ends in an
/// event::Finished with its DeviceResult.
AIOT_API Result<Report> run(const Request& request, const std::function<void(const Ready&)>& ready,
                            EventSink& sink, std::stop_token stop);

/// Virtual devices that wait to be paired.
struct ProvisionRequest {
  std::string kind;                 ///< of provision_catalog(): "esp", "improv", …
  std::string port;                 ///< as the kind takes it; "" for its usual one
  unsigned count = 1;               ///< 1 to max_devices
  std::vector<std::string> faults;  ///< each as provision_catalog().fault_grammar says
  std::string wifi_file;            ///< the network around them; "": they join any
  std::string secret_file;          ///< what they expect; "": the kind's usual secrets
};
/// As run(), for devices that wait to be paired. A Ready has a code unless secrets were given.
AIOT_API Result<Report> run_provision(const ProvisionRequest& request,
                                      const std::function<void(const Ready&)>& ready,
                                      EventSink& sink, std::stop_token stop);

/// Virtual devices that take updates.
struct OtaRequest {
  std::string kind = "smp";         ///< of ota_catalog()
  std::string port;                 ///< as ota_catalog() says; "" for the kind's usual one
  unsigned count = 1;               ///< 1 to max_devices
  std::vector<std::string> faults;  ///< each as ota_catalog().fault_grammar says
  std::string image_file;           ///< that runs at first; "" for one of its own, version 1.0.0
  std::string password_file;        ///< what they want before an update; "" for nothing
  /// What their flash takes for each 4 KiB that arrives, up to a minute.
  std::chrono::nanoseconds write_time{0};
  bool announce = false;  ///< by multicast DNS, on every interface; of ESP devices
  /// Of a kind that polls: "https://HOST:PORT"; with "/TENANT" unless that is DEFAULT, or
  /// the path of a TUF repository.
  std::string server;
  std::string ca_file;      ///< whom it trusts; "": the authorities of this machine
  std::string fingerprint;  ///< or the SHA-256 of the server's certificate, hexadecimal
  std::string token_file;   ///< by which the server knows the device; "" for none
  std::string root_file;    ///< of a TUF repository: the root metadata that it was made with
  /// What it says of itself, each NAME=VALUE; `version` is what runs at first.
  std::vector<std::string> attributes;
};
/// As run(), for devices that take updates.
AIOT_API Result<Report> run_ota(const OtaRequest& request,
                                const std::function<void(const Ready&)>& ready, EventSink& sink,
                                std::stop_token stop);

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

/// All that a request can name.
struct Catalog {
  std::vector<Choice> devices;
  std::vector<Choice> faults;
  std::string fault_grammar;
  std::vector<Choice> stages;
  std::vector<Choice> profiles;
};
AIOT_API SchemaInfo schema_of(const Catalog&);
AIOT_API void describe(FieldVisitor& v, Catalog& catalog);

/// All that a ProvisionRequest, or an OtaRequest, can name.
struct ProvisionCatalog {
  std::vector<Choice> kinds;
  std::string fault_grammar;
};
AIOT_API SchemaInfo schema_of(const ProvisionCatalog&);
AIOT_API void describe(FieldVisitor& v, ProvisionCatalog& catalog);
AIOT_API ProvisionCatalog provision_catalog();
AIOT_API ProvisionCatalog ota_catalog();

}  // namespace aiot::sim
