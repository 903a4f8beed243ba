#include <fmt/format.h>

#include <algorithm>

#include "aiot/units.hpp"
#include "image/esp_image.hpp"
#include "job/flash/error.hpp"
#include "job/flash/session.hpp"
#include "protocol/esp/error.hpp"

/// The operations that write no files and no images: verify, erase, info, reset.
namespace aiot::flash {
namespace {

/// Compared in one command, so that a bar moves.
constexpr std::uint32_t bytes_at_once = 256 * 1024;

/// Compares a range by reading it, for a loader that cannot hash.
net::Task<bool> same_by_reading(Device& device, std::uint32_t offset, ByteSpan wanted) {
  AIOT_CO_TRY(const Bytes there,
              co_await device.read_bytes(offset, static_cast<std::uint32_t>(wanted.size())));
  co_return std::equal(there.begin(), there.end(), wanted.begin(), wanted.end());
}

net::Task<bool> same_by_hash(Device& device, std::uint32_t offset, ByteSpan wanted) {
  AIOT_CO_TRY(const crypto::Md5 there,
              co_await device.loader().md5(offset, static_cast<std::uint32_t>(wanted.size())));
  co_return there == crypto::md5(wanted);
}

/// The file's bytes inside the extents: files are compared to the byte, whatever shares a sector.
ByteSpan bytes_of(const Plan& plan, const Placed& file) {
  for (const Extent& extent : plan.extents) {
    const std::uint64_t end = std::uint64_t{extent.offset} + extent.data.size();
    if (file.offset >= extent.offset && file.offset < end) {
      return ByteSpan(extent.data).subspan(file.offset - extent.offset, file.size);
    }
  }
  return {};
}

net::Task<bool> file_is_equal(Device& device, const Plan& plan, const Placed& file,
                              std::uint64_t& done, std::uint64_t total) {
  const ByteSpan bytes = bytes_of(plan, file);
  for (std::size_t at = 0; at < bytes.size(); at += bytes_at_once) {
    const ByteSpan part =
        bytes.subspan(at, std::min<std::size_t>(bytes_at_once, bytes.size() - at));
    const std::uint32_t offset = file.offset + static_cast<std::uint32_t>(at);
    Result<bool> same = false;
    if (device.loader().can_md5()) {
      same = co_await same_by_hash(device, offset, part);
    } else {
      same = co_await same_by_reading(device, offset, part);
    }
    if (!same || !*same) co_return same;
    done += part.size();
    device.run().progress(done, total);
  }
  co_return true;
}

net::Task<void> verify_files(Device& device, VerifyResult& result, Planner& planner,
                             const VerifyRequest& request) {
  AIOT_CO_CHECK(co_await device.prepare(false));
  if (!device.loader().can_md5() && !device.loader().can_read()) {
    co_return make_error(Errc::cannot_verify, std::string(device.loader().chip().display),
                         "use a stub");
  }
  AIOT_CO_TRY(const auto plan, co_await planner.plan_for(device));
  std::uint64_t total = 0;
  for (const Placed& file : plan->files) total += file.size;
  device.run().step("verify", 1 + static_cast<double>(total) / (1 << 20));
  std::uint64_t done = 0;
  result.files.clear();
  std::string different;
  for (const Placed& file : plan->files) {
    AIOT_CO_TRY(const bool equal, co_await file_is_equal(device, *plan, file, done, total));
    result.files.push_back({file.name, file.offset, file.size, "", equal});
    if (!equal) {
      different += fmt::format("{}{} at {}", different.empty() ? "" : ", ", file.name,
                               format_hex(file.offset));
    }
  }
  result.verified = different.empty();
  if (!different.empty()) {
    co_return make_error(Errc::verify_mismatch, different,
                         request.session.force ? "" : "write it again");
  }
  co_return co_await device.leave();
}

/// Seconds to erase a MiB, for the bar's weight only.
constexpr double erase_weight = 5;

net::Task<void> erase_region(Device& device, EraseResult& result, const EraseRequest& request) {
  AIOT_CO_CHECK(device.check_security());
  AIOT_CO_CHECK(co_await device.prepare(false));
  AIOT_CO_TRY(result.region, co_await device.find_region(request.region));
  const FlashRange& region = *result.region;
  if (region.offset % sector_size != 0 || region.size_bytes % sector_size != 0) {
    co_return make_error(
        Errc::bad_region,
        fmt::format("{} is not on whole sectors of {}", region.name, format_size(sector_size)),
        "choose an offset and a size that are multiples of 0x1000");
  }
  const bool everything = region.offset == 0 && region.size_bytes == device.flash_size();
  result.dry_run = request.dry_run;
  result.size_bytes = region.size_bytes;
  if (!request.dry_run) {
    if (everything && !request.region.whole_chip && !request.whole_flash_by_offset) {
      co_return make_error(Errc::needs_consent, region.name, "name the whole chip if it is meant");
    }
    device.run().step("erase " + region.name,
                      1 + erase_weight * static_cast<double>(region.size_bytes) / (1 << 20));
    AIOT_CO_CHECK(co_await device.confirm_identity());
    if (everything) {
      AIOT_CO_CHECK(co_await device.loader().erase_chip());
    } else {
      AIOT_CO_CHECK(
          co_await device.loader().erase_region(static_cast<std::uint32_t>(region.offset),
                                                static_cast<std::uint32_t>(region.size_bytes)));
    }
    device.run().progress(region.size_bytes, region.size_bytes);
  }
  co_return co_await device.leave();
}

/// Where an ESP-IDF application describes itself: behind the image's header (24 bytes) and the
/// first segment's (8). ESP-IDF Programming Guide, "App Image Format".
constexpr std::uint32_t description_offset = 32;
/// Of the 256 bytes, those that name the application: up to and with the ESP-IDF version.
constexpr std::uint32_t description_bytes = 144;

AppInfo app_info(const image::AppDescription& app) {
  return {app.project, app.version, app.date + " " + app.time, app.idf_version, app.secure_version};
}

/// The description of the application in a partition; nullopt when there is none.
net::Task<std::optional<image::AppDescription>> read_description(Device& device,
                                                                 std::uint32_t offset) {
  AIOT_CO_TRY(Bytes bytes,
              co_await device.read_bytes(offset + description_offset, description_bytes));
  bytes.resize(image::app_description_size, 0);
  co_return image::parse_app_description(bytes);
}

net::Task<void> read_partitions(Device& device, InfoResult& result) {
  Result<image::PartitionTable> table = co_await device.read_table();
  if (!table) {
    const bool has_none = table.error().code == make_error_code(Errc::no_table);
    if (!has_none && table.error().code != make_error_code(esp::Errc::rom_cannot)) {
      co_return std::move(table).error();
    }
    result.partitions.emplace();
    device.run().notice(table.error().stable_code(), table.error().message(), table.error().hint);
    co_return Result<void>();
  }
  std::vector<PartitionInfo> rows;
  const image::Partition* main = table->application();
  for (const image::Partition& partition : table->partitions) {
    PartitionInfo row{partition.name,
                      partition.type_name(),
                      partition.subtype_name(),
                      partition.offset,
                      partition.size_bytes,
                      partition.encrypted(),
                      {}};
    const bool readable =
        partition.is_application() && !partition.encrypted() && !device.security().flash_encryption;
    if (readable) {
      AIOT_CO_TRY(const auto app, co_await read_description(device, partition.offset));
      if (app) {
        row.app = app_info(*app);
        if (&partition == main) result.app = row.app;
      }
    }
    rows.push_back(std::move(row));
  }
  result.partitions = std::move(rows);
  co_return Result<void>();
}

net::Task<void> inspect(Device& device, InfoResult& result) {
  AIOT_CO_CHECK(co_await device.prepare(true));
  device.run().step("partitions", 1);
  AIOT_CO_CHECK(co_await read_partitions(device, result));
  co_return co_await device.leave();
}

}  // namespace

net::Task<void> verify_device(Device& device, VerifyResult& result, Planner& planner,
                              const VerifyRequest& request) {
  Attempt attempt = [&] { return verify_files(device, result, planner, request); };
  co_return co_await with_recovery(device, std::move(attempt), Mismatch::final);
}

net::Task<void> erase_device(Device& device, EraseResult& result, const EraseRequest& request) {
  Attempt attempt = [&] { return erase_region(device, result, request); };
  co_return co_await with_recovery(device, std::move(attempt));
}

net::Task<void> info_device(Device& device, InfoResult& result) {
  Attempt attempt = [&] { return inspect(device, result); };
  co_return co_await with_recovery(device, std::move(attempt));
}

net::Task<void> reset_device(Device& device, ResetResult& result, const ResetRequest& request) {
  result.dry_run = request.dry_run;
  if (request.dry_run) co_return Result<void>();
  constexpr bool asked_for = true;
  Attempt attempt = [&device] { return device.leave(asked_for); };
  co_return co_await with_recovery(device, std::move(attempt));
}

Result<Report<VerifyResult>> verify(std::span<const Address> devices, const VerifyRequest& request,
                                    EventSink& sink, std::stop_token stop) {
  AIOT_TRY(Planner planner, Planner::load(request.images, request.header, request.session.force));
  Environment environment = real_environment();
  return run_batch<VerifyResult>(devices, request.session, environment, sink, std::move(stop),
                                 [&](Device& device, VerifyResult& result) {
                                   return verify_device(device, result, planner, request);
                                 });
}

Result<Report<EraseResult>> erase(std::span<const Address> devices, const EraseRequest& request,
                                  EventSink& sink, std::stop_token stop) {
  Environment environment = real_environment();
  return run_batch<EraseResult>(
      devices, request.session, environment, sink, std::move(stop),
      [&](Device& device, EraseResult& result) { return erase_device(device, result, request); });
}

Result<Report<InfoResult>> info(std::span<const Address> devices, const InfoRequest& request,
                                EventSink& sink, std::stop_token stop) {
  Environment environment = real_environment();
  return run_batch<InfoResult>(devices, request.session, environment, sink, std::move(stop),
                               info_device);
}

Result<Report<ResetResult>> reset(std::span<const Address> devices, const ResetRequest& request,
                                  EventSink& sink, std::stop_token stop) {
  Environment environment = real_environment();
  return run_batch<ResetResult>(
      devices, request.session, environment, sink, std::move(stop),
      [&](Device& device, ResetResult& result) { return reset_device(device, result, request); });
}

}  // namespace aiot::flash
