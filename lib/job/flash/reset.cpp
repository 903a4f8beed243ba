#include "job/flash/gang.hpp"
#include "job/flash/operations.hpp"
#include "job/flash/recover.hpp"

namespace aiot::flash {

Operation reset_operation(const ResetRequest& request) {
  return [&request](DeviceContext& context) -> net::Task<void> {
    context.fields.set("dry_run", request.dry_run);
    if (request.dry_run) co_return Result<void>();
    Device device(context);
    constexpr bool asked_for = true;
    Attempt attempt = [](Device& reached) { return reached.leave(asked_for); };
    co_return co_await with_recovery(device, std::move(attempt));
  };
}

Result<Report> reset(std::span<const Address> devices, const ResetRequest& request, EventSink& sink,
                     std::stop_token stop) {
  Environment environment = real_environment();
  return run_gang(devices, request.session, "reset", reset_operation(request), environment, sink,
                  std::move(stop));
}

}  // namespace aiot::flash
