#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/address.hpp"
#include "aiot/device_report.hpp"
#include "aiot/event.hpp"
#include "aiot/result.hpp"

/// Brings devices from their box to the network: over BLE, Wi-Fi, serial and IP.
///
/// run() blocks, pairs all devices side by side, reports each stage to `sink`, and stops soon after
/// `stop` is requested (Condition::cancelled). A Result is an error only when nothing was tried;
/// the outcome of each device is in the Report.
namespace aiot::pair {

/// How far a device has come, in this order. A protocol that has no use for a stage leaves it out.
enum class Stage {
  found,             ///< the device has been seen, or answers
  connected,         ///< a link to it is open
  authenticated,     ///< it and this host have proved their identity
  credentials_sent,  ///< it has taken what it was given
  joined,            ///< it reports that it is on the network, or that the bond is made
  confirmed,         ///< it was found again from outside: on the network, or among the bonds
};
inline constexpr std::array<std::string_view, 6> stage_names = {
    "found", "connected", "authenticated", "credentials_sent", "joined", "confirmed"};
/// The steps that lead to the stages, as events and reports name them.
inline constexpr std::array<std::string_view, 6> step_names = {
    "find", "connect", "authenticate", "send credentials", "join", "confirm"};

/// A Wi-Fi network, and what gets a device into it. Never shown, logged or written.
struct WifiCredentials {
  std::string ssid;      ///< 1 to 32 bytes
  std::string password;  ///< "" for an open network; 8 to 63 characters, or 64 hexadecimal digits
  std::string security;  ///< "open", "wpa2", "wpa3", "wpa2/wpa3"; "" leaves it to the device
  bool hidden = false;   ///< the network does not announce its name
};

/// What proves that this host may set the device up. Never shown, logged or written.
struct Secrets {
  std::string proof;     ///< proof of possession, set-up code, or password of an SRP user
  std::string username;  ///< of ESP's security 2
  std::string passkey;   ///< of a Bluetooth bond, 6 digits
  std::string token;     ///< of miIO, 32 hexadecimal digits; or Alibaba's
};

/// A device to pair: an address, a set-up code, or a code with the address of its device.
struct Target {
  Address address;       ///< without a scheme when only the code is known
  std::string code;      ///< as scanned or typed: a secret; "" for none
  std::string id;        ///< of the record of what is done: the name that the caller knows it by
  Secrets secrets = {};  ///< for this device; fields that are empty are those of the Request
  std::optional<WifiCredentials> wifi = {};  ///< for this device; nullopt: that of the Request
  std::string token_file = {};               ///< for this device; "": that of the Request
};

struct Request {
  std::optional<WifiCredentials> wifi;  ///< nullopt: only bonds and what needs none
  Secrets secrets;
  /// The device's own access point: this machine's Wi-Fi is moved there and back, device by device.
  std::optional<WifiCredentials> access_point;
  std::string protocol;     ///< "esp", "improv", …; "" by the target; see protocols()
  std::string io = "auto";  ///< of a bond: what this side can do; see the manual
  /// A line that somebody types, without its end: the passkey that a device shows. "" at the end of
  /// the input, and when a stop is requested. It calls `ask`, which makes a notice of the question,
  /// when it takes what is typed. Called on a thread of its own, by one device at a time. Not set:
  /// nobody can be asked.
  std::function<std::string(const std::function<void()>& ask, std::stop_token)> read_line;
  bool dry_run = false;     ///< check everything, touch no device
  bool confirm = false;     ///< find it again on the target network
  std::string record_file;  ///< what is done, so that a second run skips it; "": none
  /// Where the keys of a pairing go, mode 0600: a miIO token, as a line of the file; those of
  /// HomeKit, in a new file. A folder, or a name that ends with a slash, gets a file for each
  /// device.
  /// "": nowhere, and a HomeKit pairing is removed again once it is proved.
  std::string token_file;
  std::string endpoint;  ///< ESP: send `endpoint_data` to it as well
  std::string endpoint_data;
  std::string trace_file;                ///< "" for none; %d becomes the device's number
  std::chrono::milliseconds timeout{0};  ///< for each device, 0 for none but the stages' own
  unsigned jobs = 0;                     ///< devices at once, 0 for all
};

/// When a stage was reached.
struct StageTime {
  Stage stage = Stage::found;
  double ms = 0;  ///< since the device's run began
};
/// A network that the device sees.
struct VisibleNetwork {
  std::string ssid;
  std::string bssid;
  std::uint32_t channel = 0;
  int rssi_dbm = 0;
  std::string security;
};
/// What is known of a device that was paired, or as far as it came.
struct PairResult {
  std::string protocol;  ///< by which it was paired
  std::string id;        ///< that the device itself reports: a MAC, a device id
  std::string name;
  std::string model;
  std::string firmware;
  std::vector<StageTime> stages;         ///< those that were reached, in their order
  std::string ssid;                      ///< of the network that it joined
  std::string ip;                        ///< that it reports, or was found at
  std::string url;                       ///< where it is configured further
  std::vector<VisibleNetwork> networks;  ///< that it sees, when it was asked
  std::vector<std::string> services;     ///< of a bond: profiles, by name or UUID
  std::string endpoint_reply;            ///< of Request::endpoint, base64 in JSON when not UTF-8
  bool dry_run = false;                  ///< nothing was touched
  bool skipped = false;                  ///< an earlier run has paired it
  double seconds = 0;
};
/// "aiot.unpair/1": a bond that this host has ended.
struct UnpairResult {
  std::string address;  ///< of the device
};
AIOT_API SchemaInfo schema_of(const UnpairResult&);
AIOT_API void describe(FieldVisitor& v, UnpairResult& result);

AIOT_API SchemaInfo schema_of(const PairResult&);
AIOT_API void describe(FieldVisitor& v, PairResult& result);

/// Schema "aiot.pair/1".
struct Report {
  std::vector<DeviceReport<PairResult>> devices;  ///< in the order given

  /// No device failed.
  bool ok() const { return all_ok(devices); }
};
AIOT_API SchemaInfo schema_of(const Report&);
AIOT_API void describe(FieldVisitor& v, Report& report);

/// Pairs all of `targets`. Errors when nothing was tried: no targets, one that no protocol takes,
/// credentials that are missing or that no network can have, a record that cannot be used.
AIOT_API Result<Report> run(std::span<const Target> targets, const Request& request,
                            EventSink& sink, std::stop_token stop);

/// The Wi-Fi network that this machine is on, as NetworkManager has it.
AIOT_API Result<WifiCredentials> host_wifi(std::stop_token stop);
/// Brings this machine's Wi-Fi back after a run that was killed. False: there is nothing to undo.
AIOT_API Result<bool> restore_wifi(std::stop_token stop);
/// The interface that such a run has left at a device's access point; "" for none.
AIOT_API std::string wifi_left_behind();
/// Ends the Bluetooth bonds of this host with a device ("ble:…" or "bluetooth:…"), and forgets it.
/// "pair.not_found" when there is none.
AIOT_API Result<void> unpair(const Address& device, std::stop_token stop);

/// An address, or a setup code: what a user types, scans or pipes. Errors never quote a code.
AIOT_API Result<Target> parse_target(std::string_view text);
/// Whether `text` is written like a setup code, be it valid or not.
AIOT_API bool looks_like_code(std::string_view text);
/// The network of a Wi-Fi code; nullopt for every other target.
AIOT_API std::optional<WifiCredentials> wifi_of(const Target& target);

/// What a setup code says (schema "aiot.setup_code/1"). Secrets only when they were asked for.
struct CodeInfo {
  std::string kind;   ///< "esp", "dpp", "homekit", "matter", "wifi"
  std::string label;  ///< what distinguishes its device; "" when only a secret does
  std::optional<std::string> name;
  std::optional<std::string> version;
  std::optional<std::string> transport;  ///< of ESP: "ble" or "softap"
  std::optional<std::string> network;    ///< of ESP: "wifi" or "thread"
  std::optional<std::string> security;
  std::optional<std::string> channels;  ///< of DPP, as the code has them
  std::optional<std::string> mac;
  std::optional<std::string> info;
  std::optional<std::string> host;
  std::optional<std::string> setup_id;                 ///< of HomeKit
  std::optional<std::uint32_t> category;               ///< of HomeKit
  std::optional<std::vector<std::string>> transports;  ///< by which it can be set up
  std::optional<std::uint32_t> vendor_id;              ///< of Matter
  std::optional<std::uint32_t> product_id;             ///< of Matter
  std::optional<std::uint32_t> discriminator;   ///< of Matter, 12 bits; of digits the upper 4
  std::optional<std::uint32_t> flow;            ///< of Matter: 0 standard, 1 user intent, 2 custom
  std::optional<std::string> ssid;              ///< of a Wi-Fi network
  std::optional<bool> hidden;                   ///< of a Wi-Fi network
  std::vector<std::string> secrets;             ///< the names of what is secret in it
  std::map<std::string, std::string> revealed;  ///< these secrets, when asked for
};
AIOT_API SchemaInfo schema_of(const CodeInfo&);
AIOT_API void describe(FieldVisitor& v, CodeInfo& info);

/// Needs no device and no network.
AIOT_API Result<CodeInfo> explain_code(std::string_view code, bool reveal);

/// The text of the one QR code in a PNG picture. "pair.bad_code" when there is none, or several.
AIOT_API Result<std::string> read_code_image(const std::string& path);

/// Whether a protocol of run(), or the one called `protocol`, takes this target by what it says.
AIOT_API bool takes(const Target& target, std::string_view protocol = {});

/// A way to pair devices, for Request::protocol.
struct ProtocolInfo {
  std::string name;
  std::string summary;  ///< one line
};
AIOT_API std::vector<ProtocolInfo> protocol_list();

/// Wi-Fi credentials in YAML, in a file that its owner alone may read:
///
///     ssid: home
///     password: "correct horse"
///     security: wpa2        # optional
///     hidden: true          # optional
///
/// Errors name the line, never what is on it.
AIOT_API Result<WifiCredentials> read_wifi_file(const std::string& path);
/// The same from text; `name` is what errors call it.
AIOT_API Result<WifiCredentials> parse_wifi(std::string_view text, const std::string& name);
/// The secrets of devices in YAML: pop, username, passkey, token; each is optional.
AIOT_API Result<Secrets> read_secret_file(const std::string& path);
AIOT_API Result<Secrets> parse_secrets(std::string_view text, const std::string& name);
/// A name of 1 to 32 bytes, a known security, and a password that fits it;
/// "pair.bad_wifi" otherwise. Errors never quote them.
AIOT_API Result<void> check_wifi(const WifiCredentials& wifi);

}  // namespace aiot::pair
