#include <fmt/format.h>

#include "image/esp_image.hpp"
#include "job/flash/error.hpp"
#include "job/flash/gang.hpp"
#include "job/flash/operations.hpp"
#include "job/flash/recover.hpp"
#include "protocol/esp/error.hpp"

namespace aiot::flash {
namespace {

/// Where an ESP-IDF application describes itself: behind the image's header (24 bytes) and the
/// first segment's (8). ESP-IDF Programming Guide, "App Image Format".
constexpr std::uint32_t description_offset = 32;
/// Of the 256 bytes, those that name the application: up to and with the ESP-IDF version.
constexpr std::uint32_t description_bytes = 144;

Object description_fields(const image::AppDescription& app) {
  return {{"project", app.project},
          {"version", app.version},
          {"compiled", app.date + " " + app.time},
          {"idf_version", app.idf_version},
          {"secure_version", app.secure_version}};
}

Object partition_fields(const image::Partition& partition) {
  return {{"name", partition.name},
          {"type", partition.type_name()},
          {"subtype", partition.subtype_name()},
          {"offset", partition.offset},
          {"size_bytes", partition.size_bytes},
          {"encrypted", partition.encrypted()}};
}

/// The description of the application in a partition; nullopt when there is none.
net::Task<std::optional<image::AppDescription>> read_description(Device& device,
                                                                 std::uint32_t offset) {
  AIOT_CO_TRY(Bytes bytes,
              co_await device.read_bytes(offset + description_offset, description_bytes));
  bytes.resize(image::app_description_size, 0);
  co_return image::parse_app_description(bytes);
}

net::Task<void> read_partitions(Device& device) {
  Result<image::PartitionTable> table = co_await device.read_table();
  if (!table) {
    const bool has_none = table.error().code == make_error_code(Errc::no_table);
    if (!has_none && table.error().code != make_error_code(esp::Errc::rom_cannot)) {
      co_return std::move(table).error();
    }
    device.context().fields.set("partitions", Array());
    device.context().notice(table.error().stable_code(), table.error().message(),
                            table.error().hint);
    co_return Result<void>();
  }
  Array rows;
  const image::Partition* main = table->application();
  for (const image::Partition& partition : table->partitions) {
    Object row = partition_fields(partition);
    const bool readable =
        partition.is_application() && !partition.encrypted() && !device.security().flash_encryption;
    if (readable) {
      AIOT_CO_TRY(const auto app, co_await read_description(device, partition.offset));
      if (app) {
        row.set("app", description_fields(*app));
        if (&partition == main) device.context().fields.set("app", description_fields(*app));
      }
    }
    rows.emplace_back(std::move(row));
  }
  device.context().fields.set("partitions", std::move(rows));
  co_return Result<void>();
}

net::Task<void> inspect(Device& device) {
  AIOT_CO_CHECK(co_await device.prepare(true));
  device.context().step("partitions", 1);
  AIOT_CO_CHECK(co_await read_partitions(device));
  co_return co_await device.leave();
}

}  // namespace

Operation info_operation(const InfoRequest&) {
  return [](DeviceContext& context) -> net::Task<void> {
    Device device(context);
    Attempt attempt = [](Device& reached) { return inspect(reached); };
    co_return co_await with_recovery(device, std::move(attempt));
  };
}

Result<Report> info(std::span<const Address> devices, const InfoRequest& request, EventSink& sink,
                    std::stop_token stop) {
  Environment environment = real_environment();
  return run_gang(devices, request.session, "info", info_operation(request), environment, sink,
                  std::move(stop));
}

}  // namespace aiot::flash
