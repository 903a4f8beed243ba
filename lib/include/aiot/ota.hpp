#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "aiot/address.hpp"
#include "aiot/device_report.hpp"
#include "aiot/event.hpp"
#include "aiot/result.hpp"

/// Updates devices that run: over serial and IP.
///
/// push() blocks, updates all devices side by side, reports progress to `sink`, and stops soon
/// after `stop` is requested (Condition::cancelled). A Result is an error only when nothing was
/// tried; the outcome of each device is in the Report.
namespace aiot::ota {

/// How long a device may take to boot what it was sent. MCUboot copies a slot meanwhile.
inline constexpr std::chrono::seconds usual_boot_time{180};

struct PushRequest {
  /// A file: an image of MCUboot, signed as the device wants it; for an ESP device its application.
  std::string image;
  unsigned number = 0;   ///< of the image, in a device that has several (such as a second core's)
  bool confirm = true;   ///< keep the image; else the old one is back after another reset
  bool wait = true;      ///< until the device reports that it runs the image
  bool dry_run = false;  ///< ask the device, and change nothing
  bool again = false;    ///< send it also when the device reports its hash already
  /// Over HTTP, where no device reports a hash: leave one alone that reports the image's version.
  /// Two builds may have one version.
  bool skip_same_version = false;
  std::chrono::milliseconds boot_time = usual_boot_time;
  std::string password;   ///< that the device wants before it takes an image; "" for none
  std::string http_kind;  ///< of a device's web page, "tasmota", "wled", "esphome", "esp8266",
                          ///< "arduino"; "": detect it
  /// Of devices at https://. The address' query `fingerprint` counts before this one.
  std::string ca_file;      ///< authorities that vouch for them, PEM; "": those of this machine
  std::string fingerprint;  ///< or the SHA-256 of the one certificate to trust, hexadecimal
  std::string trace_file;   ///< of a serial link; "" for none; %d: the device's number
  std::chrono::milliseconds timeout{0};  ///< for each device, 0 for none but the steps' own
  unsigned jobs = 0;                     ///< devices at once, 0 for all
};

/// A slot of a device, as it reports it.
struct SlotInfo {
  std::uint64_t image = 0;
  std::uint64_t slot = 0;
  std::string version;
  std::string hash;        ///< hexadecimal
  bool active = false;     ///< runs now
  bool confirmed = false;  ///< stays; else the one before is back after another reset
  bool pending = false;    ///< boots at the next reset
};
/// What happened to one device, as far as it came.
struct PushResult {
  std::string protocol;           ///< "smp", "arduino", "esphome", "http"
  std::string version;            ///< of the image that was sent
  std::string hash;               ///< of that image, hexadecimal
  std::uint64_t image_bytes = 0;  ///< that the device takes
  std::string version_before;     ///< that ran; "" when it was not asked yet
  std::string version_after;      ///< that runs; "" when it was not asked again
  std::uint64_t sent_bytes = 0;   ///< of the image; fewer when the device had a part of it
  double upload_seconds = 0;
  bool dry_run = false;         ///< the device was asked, and left as it was
  bool up_to_date = false;      ///< it ran the image before: nothing was sent
  bool booted = false;          ///< it reports that it runs the image
  bool confirmed = false;       ///< the image stays
  std::string unconfirmed;      ///< why it is not known that the device runs the image
  std::string http_kind;        ///< of the device's web page
  std::vector<SlotInfo> slots;  ///< as last reported
  double seconds = 0;
};
AIOT_API SchemaInfo schema_of(const PushResult&);
AIOT_API void describe(FieldVisitor& v, SlotInfo& slot);
AIOT_API void describe(FieldVisitor& v, PushResult& result);

/// Schema "aiot.ota.push/1".
struct PushReport {
  std::vector<DeviceReport<PushResult>> devices;  ///< in the order given

  /// No device failed.
  bool ok() const { return all_ok(devices); }
};
AIOT_API SchemaInfo schema_of(const PushReport&);
AIOT_API void describe(FieldVisitor& v, PushReport& report);

/// Sends an image to all `devices`, boots it, and reports success only when the device runs it.
/// Addresses: udp://HOST (SMP, port 1337 unless given), serial:, rfc2217://, tcp:// (SMP on a
/// console), arduino://HOST (ArduinoOTA, 3232), esphome://HOST (3232), http://HOST and
/// https://HOST (a form). An error of the image when it cannot be used. A protocol that reports no
/// version has nothing to confirm by: its devices' results say so in `unconfirmed`.
AIOT_API Result<PushReport> push(std::span<const Address> devices, const PushRequest& request,
                                 EventSink& sink, std::stop_token stop);
/// The password in a file that is its owner's alone; a line feed at its end is dropped.
AIOT_API Result<std::string> read_password_file(const std::string& path);

}  // namespace aiot::ota
