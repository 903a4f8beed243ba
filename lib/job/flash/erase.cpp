#include <fmt/format.h>

#include "aiot/units.hpp"
#include "job/flash/error.hpp"
#include "job/flash/gang.hpp"
#include "job/flash/layout.hpp"
#include "job/flash/operations.hpp"
#include "job/flash/recover.hpp"
#include "job/flash/region.hpp"

namespace aiot::flash {
namespace {

/// Seconds to erase a MiB, for the bar's weight only.
constexpr double erase_weight = 5;

net::Task<void> erase_device(const EraseRequest& request, Device& device) {
  AIOT_CO_CHECK(check_security(device, request.session.force));
  AIOT_CO_CHECK(co_await device.prepare(false));
  AIOT_CO_TRY(const Bounds bounds, co_await find_region(device, request.region));
  if (bounds.offset % sector_size != 0 || bounds.size % sector_size != 0) {
    co_return make_error(
        Errc::bad_region,
        fmt::format("{} is not on whole sectors of {}", bounds.name, format_size(sector_size)),
        "choose an offset and a size that are multiples of 0x1000");
  }
  const bool everything = bounds.offset == 0 && bounds.size == device.flash_size();
  device.context().fields.set("dry_run", request.dry_run);
  device.context().fields.set("size_bytes", bounds.size);
  if (!request.dry_run) {
    if (everything && !request.region.whole_chip && !request.whole_flash_by_offset) {
      co_return make_error(Errc::needs_consent, bounds.name, "name the whole chip if it is meant");
    }
    device.context().step("erase " + bounds.name,
                          1 + erase_weight * static_cast<double>(bounds.size) / (1 << 20));
    AIOT_CO_CHECK(co_await device.confirm_identity());
    if (everything) {
      AIOT_CO_CHECK(co_await device.loader().erase_chip());
    } else {
      AIOT_CO_CHECK(co_await device.loader().erase_region(bounds.offset, bounds.size));
    }
    device.context().progress(bounds.size, bounds.size);
  }
  co_return co_await device.leave();
}

}  // namespace

Operation erase_operation(const EraseRequest& request) {
  return [&request](DeviceContext& context) -> net::Task<void> {
    Device device(context);
    Attempt attempt = [&request](Device& reached) { return erase_device(request, reached); };
    co_return co_await with_recovery(device, std::move(attempt));
  };
}

Result<Report> erase(std::span<const Address> devices, const EraseRequest& request, EventSink& sink,
                     std::stop_token stop) {
  Environment environment = real_environment();
  return run_gang(devices, request.session, "erase", erase_operation(request), environment, sink,
                  std::move(stop));
}

}  // namespace aiot::flash
