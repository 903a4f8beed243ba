#include <fmt/format.h>

#include <algorithm>

#include "aiot/units.hpp"
#include "job/flash/compare.hpp"
#include "job/flash/error.hpp"
#include "job/flash/gang.hpp"
#include "job/flash/operations.hpp"
#include "job/flash/recover.hpp"

namespace aiot::flash {
namespace {

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
    device.context().progress(done, total);
  }
  co_return true;
}

net::Task<void> verify_device(Planner& planner, const VerifyRequest& request, Device& device) {
  AIOT_CO_CHECK(co_await device.prepare(false));
  if (!device.loader().can_md5() && !device.loader().can_read()) {
    co_return make_error(Errc::cannot_verify, std::string(device.loader().chip().display),
                         "use a stub");
  }
  AIOT_CO_TRY(const auto plan, co_await planner.plan_for(device));
  std::uint64_t total = 0;
  for (const Placed& file : plan->files) total += file.size;
  device.context().step("verify", 1 + static_cast<double>(total) / (1 << 20));
  std::uint64_t done = 0;
  Array rows;
  std::string different;
  for (const Placed& file : plan->files) {
    AIOT_CO_TRY(const bool equal, co_await file_is_equal(device, *plan, file, done, total));
    rows.emplace_back(Object{
        {"name", file.name}, {"offset", file.offset}, {"size_bytes", file.size}, {"equal", equal}});
    if (!equal) {
      different += fmt::format("{}{} at {}", different.empty() ? "" : ", ", file.name,
                               format_hex(file.offset));
    }
  }
  device.context().fields.set("files", std::move(rows)).set("verified", different.empty());
  if (!different.empty()) {
    co_return make_error(Errc::verify_mismatch, different,
                         request.session.force ? "" : "write it again");
  }
  co_return co_await device.leave();
}

}  // namespace

Operation verify_operation(Planner& planner, const VerifyRequest& request) {
  return [&planner, &request](DeviceContext& context) -> net::Task<void> {
    Device device(context);
    // A difference is an answer, not a failure that another try would mend.
    std::optional<Error> different;
    Attempt attempt = [&](Device& reached) -> net::Task<void> {
      Result<void> done = co_await verify_device(planner, request, reached);
      if (done || done.error().code != make_error_code(Errc::verify_mismatch)) co_return done;
      different = std::move(done).error();
      co_return Result<void>();
    };
    Result<void> done = co_await with_recovery(device, std::move(attempt));
    if (!done || !different) co_return done;
    co_await device.abandon();
    co_return *different;
  };
}

Result<Report> verify(std::span<const Address> devices, const VerifyRequest& request,
                      EventSink& sink, std::stop_token stop) {
  AIOT_TRY(Planner planner, Planner::load(request.images, request.header, request.session.force));
  Environment environment = real_environment();
  return run_gang(devices, request.session, "verify", verify_operation(planner, request),
                  environment, sink, std::move(stop));
}

}  // namespace aiot::flash
