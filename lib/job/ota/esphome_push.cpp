#include <fmt/format.h>

#include "aiot/units.hpp"
#include "crypto/random.hpp"
#include "job/ota/announced.hpp"
#include "job/ota/error.hpp"
#include "job/ota/protocol.hpp"
#include "net/tcp_link.hpp"
#include "protocol/esphome_ota/session.hpp"

/// Devices with ESPHome.
namespace aiot::ota {
namespace {

using namespace std::chrono_literals;

constexpr const char* esphome_service = "_esphomelib._tcp";

net::Task<std::unique_ptr<net::Link>> connect(const Address& address, net::TimePoint deadline) {
  const std::uint16_t port = address.port != 0 ? address.port : esphome::usual_port;
  Result<std::unique_ptr<net::Link>> link =
      co_await net::TcpLink::open(address.host, port, deadline);
  co_return link;
}

/// Until the device takes connections again.
net::Task<void> wait_until_back(fleet::DeviceRun& run, const PushRequest& request) {
  const net::TimePoint deadline = run.clock().now() + request.boot_time;
  for (;;) {
    const net::TimePoint next = run.clock().now() + poll_time;
    if (next >= deadline) break;
    AIOT_CO_CHECK(co_await run.clock().sleep_until(next));
    Result<std::unique_ptr<net::Link>> link =
        co_await connect(run.address(), std::min(deadline, run.clock().now() + 5s));
    Result<void> greeted = link ? Result<void>() : Result<void>(std::move(link).error());
    if (link) greeted = co_await esphome::greet(**link);
    if (greeted) co_return Result<void>();
    if (greeted.error().condition() == Condition::cancelled) co_return greeted;
  }
  co_return make_error(Errc::not_back, fmt::format("waited {}", format_duration(request.boot_time)),
                       "check the device: power, Wi-Fi, its log");
}

}  // namespace

net::Task<void> push_esphome(fleet::DeviceRun& run, PushResult& result, const PushImage& image,
                             const PushRequest& request, const Environment&) {
  result.dry_run = request.dry_run;
  run.step("open", 1);
  AIOT_CO_TRY(std::unique_ptr<net::Link> link,
              co_await connect(run.address(), run.clock().now() + open_time));
  run.step("connect", 1);
  if (request.dry_run) {
    Result<void> greeted = co_await esphome::greet(*link);
    co_return greeted;
  }
  AIOT_CO_TRY(const Announcements announcements,
              co_await Announcements::begin(run, esphome_service));
  esphome::Update what;
  what.firmware = image.bytes;
  what.password = request.password;
  what.random = crypto::random_bytes;
  what.uploading = [&] {
    run.step("upload", 10);
    what.progress = upload_progress(run, result);
  };
  AIOT_CO_TRY(result.sent_bytes, co_await esphome::update(*link, what));
  link->close();
  if (!request.wait) co_return Result<void>();
  run.step("reboot", 5);
  AIOT_CO_CHECK(co_await wait_until_back(run, request));
  result.unconfirmed = "the device took the image and is back; ESPHome's OTA reports no version";
  Result<void> waited = co_await await_announcement(run, result, image, request, esphome_service,
                                                    announcements.heard());
  co_return waited;
}

}  // namespace aiot::ota
