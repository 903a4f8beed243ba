#pragma once

#include <chrono>
#include <cstdint>
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

/// Writes, reads and inspects the flash of devices over serial, RFC 2217 and TCP.
///
/// Every function blocks, runs all devices side by side, reports progress to `sink`, and stops
/// soon after `stop` is requested (Condition::cancelled), leaving ports released. A Result is an
/// error only when nothing was tried; the outcome of each device is in the Report.
namespace aiot::flash {

/// How to bring the chip into its loader.
enum class Before {
  automatic,  ///< by the link: DTR/RTS for a bridge, USB-JTAG's own sequence, nothing on TCP
  classic,    ///< DTR/RTS as a UART bridge wires them
  usb_jtag,   ///< the sequence of the chip's own USB-JTAG port
  none,       ///< it is in its loader already
};
/// What to leave behind.
enum class After {
  reset,   ///< run the application
  loader,  ///< stay in the loader (a stub that runs keeps running)
};

/// The rates a loader is used at. Below, the time-outs of its protocol would be minutes.
inline constexpr std::uint32_t least_baud_bps = 9600;
inline constexpr std::uint32_t most_baud_bps = 12'000'000;

/// How to talk to the devices.
struct Session {
  std::string chip;            ///< "esp32c3"; "" detects
  std::uint32_t baud_bps = 0;  ///< 0 finds the fastest that works; else least to most_baud_bps
  Before before = Before::automatic;
  After after = After::reset;
  bool use_stub = true;
  std::string stub_dir;                  ///< "" looks in the data directories
  std::string trace_file;                ///< "" for none; %d becomes the device's number
  std::chrono::milliseconds timeout{0};  ///< for each device, 0 for none but the steps' own
  unsigned jobs = 0;                     ///< devices at once, 0 for all
  bool force = false;                    ///< go on where a check would refuse and it can make sense
};

/// What the application prints after the write and the reset, on the port that it was written
/// over.
struct BootCheck {
  std::string expect;   ///< RE2: a line that matches ends the check with success
  std::string fail_on;  ///< RE2: a line that matches ends it with Condition::mismatch
  /// Without the expected line by then: Condition::mismatch. With `fail_on` alone: success.
  std::chrono::milliseconds within{20'000};
  std::uint32_t baud_bps = 0;  ///< of the console, 0 for the rate that the port is opened at
};

/// A file and where it goes. `{mac}` in the path is the device's MAC, twelve digits: each device
/// has a file of its own. Neither offset nor partition: the file says (ELF, HEX, merged image,
/// flasher_args.json, partition table), or the chip's application partition.
struct Placement {
  std::string path;
  std::optional<std::uint64_t> offset;
  std::string partition;
};

/// What to change in the bootloader's header; "" or "keep" leaves it.
struct HeaderPatch {
  std::string mode;  ///< qio, qout, dio, dout
  std::string freq;  ///< 80m, 40m, 26m, 20m …
  std::string size;  ///< 4MB, …, or "detect"
};

struct WriteRequest {
  Session session;
  std::vector<Placement> images;
  HeaderPatch header;
  bool full = false;     ///< write every sector, also those that hold the bytes already
  bool verify = true;    ///< compare the device's MD5 afterwards
  bool dry_run = false;  ///< connect, plan and report; write nothing
  bool erase_all = false;
  std::optional<BootCheck> boot;  ///< needs After::reset
};

/// A part of the flash: offset and size, or a partition of the device's own table, or the chip.
struct Region {
  std::optional<std::uint64_t> offset;
  std::optional<std::uint64_t> size;
  std::string partition;
  bool whole_chip = false;
};

struct VerifyRequest {
  Session session;
  std::vector<Placement> images;
  HeaderPatch header;  ///< that of the write, so that the same bytes are expected
};
struct ReadRequest {
  Session session;
  Region region;
  std::string output;    ///< file; with several devices `{mac}` or `{n}` must be in it
  bool dry_run = false;  ///< connect and report; read nothing, and leave the file as it is
};
struct EraseRequest {
  Session session;
  Region region;
  bool dry_run = false;  ///< connect and report; erase nothing
  /// Offset and size may turn out to be the whole flash; else that is Condition::confirmation.
  bool whole_flash_by_offset = false;
};
struct InfoRequest {
  Session session;
};
struct ResetRequest {
  Session session;
  bool dry_run = false;  ///< report only: to look at the device would reset it
};

/// Security settings of a chip, from its eFuses.
struct SecuritySettings {
  bool secure_boot = false;       ///< only signed applications start
  bool flash_encryption = false;  ///< flash is read through a cipher
  bool secure_download = false;   ///< the ROM loader offers few commands
};
/// A flash chip, by its JEDEC id (command 9Fh).
struct FlashChip {
  std::string manufacturer;      ///< hexadecimal, 2 digits
  std::string device;            ///< hexadecimal, 4 digits
  std::uint64_t size_bytes = 0;  ///< 0 when the chip does not report it
};
/// An application's description of itself: esp_app_desc_t of ESP-IDF.
struct AppInfo {
  std::string project;
  std::string version;
  std::string compiled;              ///< date and time of the build
  std::string idf_version;           ///< of the ESP-IDF that it was built with
  std::uint32_t secure_version = 0;  ///< for anti-rollback
};
/// A row of a partition table.
struct PartitionInfo {
  std::string name;
  std::string type;          ///< app, data, or a number
  std::string subtype;       ///< such as factory, ota_0, nvs
  std::uint64_t offset = 0;  ///< in flash
  std::uint64_t size_bytes = 0;
  bool encrypted = false;
  std::optional<AppInfo> app;  ///< of an application that can be read
};
/// A part of the flash, with its bounds known.
struct FlashRange {
  std::string name;  ///< the partition, "chip", or "0x1000-0x2000"
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
};
enum class LoaderKind {
  rom,   ///< the chip's own
  stub,  ///< a flasher that was loaded into its RAM
};

/// The device, as far as the operation came: the common part of all results.
struct DeviceInfo {
  std::string chip;      ///< such as esp32c3; "" before it is known
  std::string revision;  ///< such as v3.0
  std::string mac;       ///< lower case, with colons
  std::optional<SecuritySettings> security;
  std::optional<FlashChip> flash;
  std::optional<LoaderKind> loader;
  std::uint32_t baud_bps = 0;  ///< 0 when no rate was set
  unsigned attempts = 0;       ///< 0 when the first one succeeded
  double seconds = 0;          ///< time that this device took
};

/// An image and its place in flash.
struct ImageFile {
  std::string name;
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
  std::string partition;      ///< "" when placed by offset
  std::optional<bool> equal;  ///< verify: the flash holds it
};

/// What a boot check found.
struct BootResult {
  bool ok = false;
  std::string matched;               ///< the line that decided, as the device sent it; "" for none
  double seconds = 0;                ///< from the reset to the verdict
  std::vector<std::string> console;  ///< after a failure: the last lines, as the device sent them
};

struct WriteResult : DeviceInfo {
  static constexpr std::string_view operation = "write";
  std::vector<ImageFile> files;
  std::optional<std::uint64_t> size_bytes;       ///< of the sectors that the images touch
  std::optional<std::uint64_t> sectors;          ///< that the images touch, of 4 KiB
  std::optional<std::uint64_t> sectors_written;  ///< that differed
  std::optional<std::uint64_t> sent_bytes;       ///< compressed
  std::optional<bool> verified;                  ///< the flash was compared with the images
  std::optional<bool> dry_run;                   ///< nothing was changed
  std::optional<BootResult> boot;                ///< with a boot check that was begun
};
struct VerifyResult : DeviceInfo {
  static constexpr std::string_view operation = "verify";
  std::vector<ImageFile> files;
  std::optional<bool> verified;  ///< the flash holds all files
};
struct ReadResult : DeviceInfo {
  static constexpr std::string_view operation = "read";
  std::optional<FlashRange> region;
  std::optional<std::uint64_t> size_bytes;
  std::string output;           ///< the file, once it is begun
  std::string md5;              ///< of the bytes, hexadecimal; "" until all are read
  std::optional<bool> dry_run;  ///< nothing was read
};
struct EraseResult : DeviceInfo {
  static constexpr std::string_view operation = "erase";
  std::optional<FlashRange> region;
  std::optional<std::uint64_t> size_bytes;
  std::optional<bool> dry_run;  ///< nothing was erased
};
struct InfoResult : DeviceInfo {
  static constexpr std::string_view operation = "info";
  std::optional<std::vector<PartitionInfo>> partitions;  ///< empty without a valid table
  std::optional<AppInfo> app;                            ///< the one that the bootloader starts
};
struct ResetResult : DeviceInfo {
  static constexpr std::string_view operation = "reset";
  std::optional<bool> dry_run;  ///< nothing was reset
};

/// Each result has one description: its JSON, its schema and its documentation.
AIOT_API void describe(FieldVisitor& v, SecuritySettings& security);
AIOT_API void describe(FieldVisitor& v, FlashChip& flash);
AIOT_API void describe(FieldVisitor& v, AppInfo& app);
AIOT_API void describe(FieldVisitor& v, PartitionInfo& partition);
AIOT_API void describe(FieldVisitor& v, FlashRange& range);
AIOT_API void describe(FieldVisitor& v, ImageFile& file);
AIOT_API void describe(FieldVisitor& v, BootResult& boot);
AIOT_API void describe(FieldVisitor& v, WriteResult& result);
AIOT_API void describe(FieldVisitor& v, VerifyResult& result);
AIOT_API void describe(FieldVisitor& v, ReadResult& result);
AIOT_API void describe(FieldVisitor& v, EraseResult& result);
AIOT_API void describe(FieldVisitor& v, InfoResult& result);
AIOT_API void describe(FieldVisitor& v, ResetResult& result);
/// "aiot.flash/1", of a result and of a report.
AIOT_API SchemaInfo schema_of(const DeviceInfo& result);

/// The outcome of an operation on each device, in the order given. `T` is one of the six results.
template <class T>
struct Report {
  std::vector<DeviceReport<T>> devices;

  /// No device failed.
  bool ok() const { return all_ok(devices); }
};
AIOT_API void describe_operation(FieldVisitor& v, std::string_view operation);
template <class T>
void describe(FieldVisitor& v, Report<T>& report) {
  describe_operation(v, T::operation);
  v("devices", report.devices, "one for each device, in the order given");
}
template <class T>
SchemaInfo schema_of(const Report<T>&) {
  return schema_of(T());
}

/// Writes what differs of the images, keeps neighbours' bytes, verifies, and leaves as asked.
AIOT_API Result<Report<WriteResult>> write(std::span<const Address> devices,
                                           const WriteRequest& request, EventSink& sink,
                                           std::stop_token stop);
/// Compares the images with what flash holds: Condition::mismatch where it differs.
AIOT_API Result<Report<VerifyResult>> verify(std::span<const Address> devices,
                                             const VerifyRequest& request, EventSink& sink,
                                             std::stop_token stop);
/// Reads a region into a file, which appears whole or not at all.
AIOT_API Result<Report<ReadResult>> read(std::span<const Address> devices,
                                         const ReadRequest& request, EventSink& sink,
                                         std::stop_token stop);
/// Erases whole sectors of 4 KiB; Condition::mismatch for a region that is not on them.
AIOT_API Result<Report<EraseResult>> erase(std::span<const Address> devices,
                                           const EraseRequest& request, EventSink& sink,
                                           std::stop_token stop);
/// Reports what is connected: chip, MAC, flash, security, partitions, application.
AIOT_API Result<Report<InfoResult>> info(std::span<const Address> devices,
                                         const InfoRequest& request, EventSink& sink,
                                         std::stop_token stop);
/// Resets into the application, or into the loader with After::loader.
AIOT_API Result<Report<ResetResult>> reset(std::span<const Address> devices,
                                           const ResetRequest& request, EventSink& sink,
                                           std::stop_token stop);

/// `FILE@WHERE`, where "4096" and "0x10000" are offsets and anything else is a partition's name; a
/// file name that itself holds '@' and exists as written is taken whole.
AIOT_API Result<Placement> parse_placement(std::string_view text);

}  // namespace aiot::flash
