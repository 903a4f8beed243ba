#include "job/flash/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "job/flash/error.hpp"
#include "protocol/esp/error.hpp"

namespace aiot::flash {
namespace {

constexpr std::array<std::string_view, 4> schemes = {"serial", "usb", "rfc2217", "tcp"};

constexpr int max_attempts = 5;
// A refusal by the device seldom changes: one more attempt, for a request damaged on the wire.
constexpr int max_refusals = 2;

bool is_one_of(const Error& error, std::initializer_list<boost::system::error_code> codes) {
  return std::find(codes.begin(), codes.end(), error.code) != codes.end();
}

bool link_is_gone(const Error& error) {
  return is_one_of(error, {make_error_code(net::Errc::link_lost)});
}

bool worth_another_try(const Error& error) {
  return link_is_gone(error) ||
         is_one_of(
             error,
             {make_error_code(net::Errc::timed_out), make_error_code(net::Errc::io),
              make_error_code(esp::Errc::no_reply), make_error_code(esp::Errc::bad_reply),
              make_error_code(esp::Errc::block_lost), make_error_code(esp::Errc::md5_mismatch),
              make_error_code(esp::Errc::stub_failed), make_error_code(esp::Errc::damaged)});
}

struct Failure {
  Error error;
  std::string step;

  Failure(Error e, std::string s) : error(std::move(e)), step(std::move(s)) {}
};

bool is_mismatch(const Error& error) {
  return is_one_of(error, {make_error_code(Errc::verify_mismatch)});
}

bool is_refusal(const Error& error) {
  return is_mismatch(error) || is_one_of(error, {make_error_code(esp::Errc::refused)});
}

net::Task<void> try_until_done(Device& device, const Attempt& attempt, Mismatch mismatch) {
  int refusals = 0;
  std::optional<Failure> lost;
  for (int number = 1;; ++number) {
    Result<void> done = co_await device.reach();
    const bool reached = done.has_value();
    if (done) done = co_await attempt();
    // A difference can be the result that was asked for.
    if (done || (mismatch == Mismatch::final && is_mismatch(done.error()))) {
      if (number > 1) device.info().attempts = static_cast<unsigned>(number);
      co_return done;
    }
    Error error = std::move(done).error();
    if (device.is_gone() && lost && error.condition() != Condition::cancelled) {
      // What was lost, and where, matters more than that it did not come back.
      device.run().notice("flash.gone", error.message(), error.hint);
      device.run().blame_step(std::move(lost->step));
      co_return std::move(lost->error);
    }
    // A device that has replied once may do so again, after a reset.
    bool again = device.has_replied() && !device.is_gone();
    if (is_refusal(error)) {
      again = again && ++refusals < max_refusals;
    } else {
      again = again &&
              (worth_another_try(error) || is_one_of(error, {make_error_code(esp::Errc::no_sync)}));
    }
    if (!again || number == max_attempts) co_return error;
    device.run().notice("flash.retry", fmt::format("trying again: {}", error.message()));
    if (link_is_gone(error)) {
      // A loss while coming back from one is the same loss.
      if (reached || !lost) lost.emplace(std::move(error), device.run().current_step());
    } else {
      device.lower_baud();
    }
  }
}

}  // namespace

net::Task<void> with_recovery(Device& device, Attempt attempt, Mismatch mismatch) {
  Result<void> done = co_await try_until_done(device, attempt, mismatch);
  // A device that another session of this batch works on is not ours to reset.
  if (!done && done.error().code != make_error_code(Errc::same_device)) co_await device.abandon();
  co_return done;
}

Result<void> check_session(const Session& session) {
  AIOT_CHECK(expected_chip(session));
  if (session.baud_bps == 0) return {};
  return check_baud(session.baud_bps);
}

fleet::Batch batch_of(std::string_view operation, const Session& session,
                      const Environment& environment) {
  fleet::Batch batch;
  batch.job = fmt::format("flash {}", operation);
  batch.errors.no_devices = make_error_code(Errc::no_devices);
  batch.errors.same_device = make_error_code(Errc::same_device);
  batch.errors.shared_file = make_error_code(Errc::shared_trace);
  batch.errors.cancelled = make_error_code(Errc::cancelled);
  batch.errors.timeout = make_error_code(Errc::device_timeout);
  batch.clock = environment.clock;
  batch.schemes = schemes;
  batch.at_once = session.jobs;
  batch.timeout = session.timeout;
  batch.trace_file = session.trace_file;
  return batch;
}

}  // namespace aiot::flash
