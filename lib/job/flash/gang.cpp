#include "job/flash/gang.hpp"

#include <deque>

#include "gang/gang.hpp"
#include "job/flash/device.hpp"
#include "job/flash/error.hpp"

namespace aiot::flash {
namespace asio = net::asio;
namespace {

gang::Terms terms_of(std::string job) {
  return {std::move(job), "aiot.flash/1", make_error_code(Errc::cancelled),
          make_error_code(Errc::device_timeout)};
}

}  // namespace

asio::awaitable<DeviceReport> run_device(DeviceContext& context, const Operation& operation,
                                         std::string job, EventSink& sink) {
  const gang::Terms terms = terms_of(std::move(job));
  const gang::Work work = [&] { return operation(context); };
  DeviceReport report = co_await gang::serve(context, work, terms, context.clock(), sink);
  co_return report;
}

Result<Report> run_gang(std::span<const Address> devices, const Session& session,
                        const std::string& operation_name, const Operation& operation,
                        Environment& environment, EventSink& sink, std::stop_token stop) {
  AIOT_CHECK(gang::check_distinct(devices, make_error_code(Errc::no_devices),
                                  make_error_code(Errc::same_device)));
  AIOT_CHECK(gang::check_own_files(devices.size(), session.trace_file,
                                   make_error_code(Errc::shared_trace)));
  for (const Address& device : devices) {
    constexpr std::string_view accepted[] = {"serial", "usb", "rfc2217", "tcp"};
    AIOT_CHECK(require_scheme(device, accepted));
  }
  AIOT_CHECK(expected_chip(session));
  if (session.baud_bps != 0) {
    AIOT_CHECK(check_baud(session.baud_bps));
  }
  const std::string job = "flash " + operation_name;
  Claims claims;
  std::deque<DeviceContext> contexts;
  std::vector<gang::Member> members;
  for (const Address& device : devices) {
    const auto number = static_cast<unsigned>(contexts.size() + 1);
    DeviceContext& context =
        contexts.emplace_back(device, number, session, environment, sink, &claims);
    members.push_back({&context, [&] { return run_device(context, operation, job, sink); }});
  }
  const gang::Limits limits{session.jobs, session.timeout};
  return Report{operation_name,
                gang::run(std::move(members), terms_of(job), limits, sink, std::move(stop))};
}

}  // namespace aiot::flash
