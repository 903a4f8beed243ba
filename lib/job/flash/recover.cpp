#include "job/flash/recover.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "job/flash/error.hpp"
#include "protocol/esp/error.hpp"

namespace aiot::flash {
namespace {

constexpr int max_attempts = 5;
// What the device itself says seldom changes: one more try, for a request damaged on the wire.
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

bool is_refusal(const Error& error) {
  return is_one_of(error,
                   {make_error_code(esp::Errc::refused), make_error_code(Errc::verify_mismatch)});
}

net::Task<void> try_until_done(Device& device, const Attempt& attempt) {
  int refusals = 0;
  std::optional<Failure> lost;
  for (int number = 1;; ++number) {
    Result<void> done = co_await device.reach();
    const bool reached = done.has_value();
    if (done) done = co_await attempt(device);
    if (done) {
      if (number > 1) device.context().fields.set("attempts", number);
      co_return done;
    }
    Error error = std::move(done).error();
    if (device.is_gone() && lost && error.condition() != Condition::cancelled) {
      // What was lost, and where, tells more than that it did not come back.
      device.context().notice("flash.gone", error.message(), error.hint);
      device.context().blame_step(std::move(lost->step));
      co_return std::move(lost->error);
    }
    // A device that has answered once is given a new chance to, after a reset.
    bool again = device.was_heard() && !device.is_gone();
    if (is_refusal(error)) {
      again = again && ++refusals < max_refusals;
    } else {
      again = again &&
              (worth_another_try(error) || is_one_of(error, {make_error_code(esp::Errc::no_sync)}));
    }
    if (!again || number == max_attempts) co_return error;
    device.context().notice("flash.retry", fmt::format("trying again: {}", error.message()));
    if (link_is_gone(error)) {
      // A loss while coming back from one is the same loss.
      if (reached || !lost) lost.emplace(std::move(error), device.context().current_step());
    } else {
      device.lower_baud();
    }
  }
}

}  // namespace

net::Task<void> with_recovery(Device& device, Attempt attempt) {
  Result<void> done = co_await try_until_done(device, attempt);
  // A device that another session of this run works on is not ours to reset.
  if (!done && done.error().code != make_error_code(Errc::same_device)) co_await device.abandon();
  co_return done;
}

}  // namespace aiot::flash
