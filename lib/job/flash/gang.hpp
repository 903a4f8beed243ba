#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "job/flash/context.hpp"

namespace aiot::flash {

/// Runs one operation on one device and says how it ended: exactly one Finished or Failed event.
/// The context's coroutine may be cancelled; that is a report, too.
net::asio::awaitable<DeviceReport> run_device(DeviceContext& context, const Operation& operation,
                                              std::string job, EventSink& sink);

/// Runs an operation on all devices side by side, at most `session.jobs` at once, on a loop of its
/// own, until all ended or `stop` cancelled them. One failure does not stop the others.
/// Errc::no_devices and Errc::same_device when nothing was tried.
Result<Report> run_gang(std::span<const Address> devices, const Session& session,
                        const std::string& operation_name, const Operation& operation,
                        Environment& environment, EventSink& sink, std::stop_token stop);

}  // namespace aiot::flash
