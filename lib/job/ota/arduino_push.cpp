#include "crypto/random.hpp"
#include "job/ota/announced.hpp"
#include "job/ota/protocol.hpp"
#include "protocol/arduino_ota/session.hpp"

/// ESP devices with the library ArduinoOTA.
namespace aiot::ota {
namespace {

constexpr const char* arduino_service = "_arduino._tcp";

}  // namespace

net::Task<void> push_arduino(fleet::DeviceRun& run, PushResult& result, const PushImage& image,
                             const PushRequest& request, const Environment&) {
  result.dry_run = request.dry_run;
  run.step("open", 1);
  const Address& address = run.address();
  AIOT_CO_TRY(
      std::unique_ptr<arduino::Channel> channel,
      co_await arduino::open_channel(address.host, address.port, run.clock().now() + open_time));
  // An invitation alone makes the device expect data: there is nothing that it can be asked before.
  if (request.dry_run) co_return Result<void>();
  AIOT_CO_TRY(const Announcements announcements,
              co_await Announcements::begin(run, arduino_service));
  run.step("connect", 1);
  arduino::Update what;
  what.firmware = image.bytes;
  what.password = request.password;
  what.random = crypto::random_bytes;
  what.uploading = [&] {
    run.step("upload", 10);
    what.progress = upload_progress(run, result);
  };
  AIOT_CO_CHECK(co_await arduino::update(*channel, what));
  result.unconfirmed = "the device took the image; ArduinoOTA reports no version";
  if (!request.wait) co_return Result<void>();
  run.step("reboot", 5);
  Result<void> waited = co_await await_announcement(run, result, image, request, arduino_service,
                                                    announcements.heard());
  co_return waited;
}

}  // namespace aiot::ota
