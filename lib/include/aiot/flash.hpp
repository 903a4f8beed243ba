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
/// error only when nothing was tried; what happened to each device is in the Report.
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

/// A file and where it goes. Neither offset nor partition: the file says (ELF, HEX, merged image,
/// flasher_args.json, partition table), or the chip's application partition.
struct Placement {
  std::string path;
  std::optional<std::uint64_t> offset;
  std::string partition;
};

/// What to change in the boot loader's header; "" or "keep" leaves it.
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
  bool dry_run = false;  ///< connect, plan and say; write nothing
  bool erase_all = false;
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
  HeaderPatch header;  ///< what the write was told, so that the same bytes are expected
};
struct ReadRequest {
  Session session;
  Region region;
  std::string output;    ///< file; with several devices `{mac}` or `{n}` must be in it
  bool dry_run = false;  ///< connect and say; read nothing, and leave the file as it is
};
struct EraseRequest {
  Session session;
  Region region;
  bool dry_run = false;  ///< connect and say; erase nothing
  /// Offset and size may turn out to be the whole flash; else that is Condition::confirmation.
  bool whole_flash_by_offset = false;
};
struct InfoRequest {
  Session session;
};
struct ResetRequest {
  Session session;
  bool dry_run = false;  ///< say only: to look at the device would reset it
};

/// Its fields: chip, mac, regions, times.
using DeviceReport = OpenDeviceReport;
struct Report {
  std::string operation;  ///< "write", "read", …
  std::vector<DeviceReport> devices;

  /// No device failed.
  AIOT_API bool ok() const;
  /// schema "aiot.flash/1"
  AIOT_API Record record() const;
};

/// Writes what differs of the images, keeps neighbours' bytes, verifies, and leaves as asked.
AIOT_API Result<Report> write(std::span<const Address> devices, const WriteRequest& request,
                              EventSink& sink, std::stop_token stop);
/// Compares the images with what flash holds: Condition::mismatch where it differs.
AIOT_API Result<Report> verify(std::span<const Address> devices, const VerifyRequest& request,
                               EventSink& sink, std::stop_token stop);
/// Reads a region into a file, which appears whole or not at all.
AIOT_API Result<Report> read(std::span<const Address> devices, const ReadRequest& request,
                             EventSink& sink, std::stop_token stop);
/// Erases whole sectors of 4 KiB; Condition::mismatch for a region that is not on them.
AIOT_API Result<Report> erase(std::span<const Address> devices, const EraseRequest& request,
                              EventSink& sink, std::stop_token stop);
/// Says what is connected: chip, MAC, flash, security, partitions, application.
AIOT_API Result<Report> info(std::span<const Address> devices, const InfoRequest& request,
                             EventSink& sink, std::stop_token stop);
/// Resets into the application, or into the loader with After::loader.
AIOT_API Result<Report> reset(std::span<const Address> devices, const ResetRequest& request,
                              EventSink& sink, std::stop_token stop);

/// `FILE@WHERE`, where "4096" and "0x10000" are offsets and anything else is a partition's name; a
/// file name that itself holds '@' and exists as written is taken whole.
AIOT_API Result<Placement> parse_placement(std::string_view text);

}  // namespace aiot::flash
