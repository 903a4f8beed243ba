#include "job/flash/gang.hpp"
#include "job/flash/operations.hpp"

namespace aiot::flash {

Operation reset_operation(const ResetRequest&) {
  return [](DeviceContext& context) -> net::Task<void> {
    Device device(context);
    AIOT_CO_CHECK(co_await device.reach());
    co_return co_await device.leave();
  };
}

Result<Report> reset(std::span<const Address> devices, const ResetRequest& request, EventSink& sink,
                     std::stop_token stop) {
  Environment environment = real_environment();
  return run_gang(devices, request.session, "reset", reset_operation(request), environment, sink,
                  std::move(stop));
}

}  // namespace aiot::flash
