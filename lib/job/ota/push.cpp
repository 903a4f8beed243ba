#include "job/ota/push.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>
#include <filesystem>
#include <map>

#include "crypto/digest.hpp"
#include "image/esp_image.hpp"
#include "image/files.hpp"
#include "image/mcuboot.hpp"
#include "job/ota/error.hpp"
#include "job/ota/protocol.hpp"
#include "net/resolve.hpp"

namespace aiot::ota {
namespace {

Result<PushImage> load_mcuboot(const std::string& file, Bytes bytes) {
  if (!image::is_mcuboot(bytes)) {
    return make_error(Errc::unsigned_image, file, "sign the firmware first");
  }
  Result<image::McubootImage> parsed = image::parse_mcuboot(bytes).with(file);
  if (!parsed) {
    Error error = std::move(parsed).error();
    if (error.hint.empty()) error.hint = "build and sign it again";
    return error;
  }
  if (parsed->hash.empty() || !parsed->hash_valid) {
    return make_error(Errc::bad_image, file + ": its SHA-256 differs", "build and sign it again");
  }
  // What fills the slot behind the image is the boot loader's.
  bytes.resize(static_cast<std::size_t>(parsed->total_bytes));
  return PushImage{std::move(bytes), std::move(parsed->version), std::move(parsed->hash)};
}

Result<PushImage> load_esp(const std::string& file, Bytes bytes) {
  constexpr std::string_view hint =
      "name the application's .bin file, as the build writes it: neither a merged image nor a boot "
      "loader";
  const Result<image::EspImageInfo> parsed = image::parse_esp_image(bytes);
  if (!parsed) return make_error(Errc::unknown_format, file, std::string(hint));
  if (!parsed->intact()) {
    return make_error(Errc::bad_image, fmt::format("{}: {}", file, parsed->problems.front().text),
                      "build it again");
  }
  if (parsed->kind() != image::EspImageKind::application) {
    return make_error(Errc::unknown_format, file + ": a boot loader", std::string(hint));
  }
  const crypto::Sha256 hash = crypto::sha256(bytes);
  PushImage out{std::move(bytes), parsed->app ? parsed->app->version : "", {}};
  out.hash.assign(hash.begin(), hash.end());
  out.chip = parsed->chip != nullptr ? parsed->chip->name : "";
  return out;
}

}  // namespace

net::Task<std::unique_ptr<smp::Transport>> open_transport(fleet::DeviceRun& run) {
  const Address& address = run.address();
  const net::TimePoint deadline = run.clock().now() + open_time;
  if (address.scheme == "ble") {
    Result<std::unique_ptr<smp::Transport>> transport = co_await open_ble(run);
    co_return transport;
  }
  if (address.scheme != "udp") {
    net::OpenOptions options = run.open_options();
    options.deadline = deadline;
    AIOT_CO_TRY(std::unique_ptr<net::Link> link, co_await net::open_link(address, options));
    co_return smp::over_console(std::move(link));
  }
  AIOT_CO_TRY(const net::asio::ip::address host, co_await net::resolve(address.host, deadline));
  const net::asio::ip::udp::endpoint server(host, address.port != 0 ? address.port : smp::udp_port);
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  co_return smp::over_udp(executor, server, run.clock());
}

Result<PushImage> load_image(const std::string& file, ImageFormat format) {
  AIOT_TRY(Bytes bytes, image::read_file(file));
  Result<PushImage> image = format == ImageFormat::mcuboot ? load_mcuboot(file, std::move(bytes))
                                                           : load_esp(file, std::move(bytes));
  if (image) {
    const std::filesystem::path path(file);
    image->file_name = path.filename().string();
  }
  return image;
}

net::Task<void> push_device(fleet::DeviceRun& run, PushResult& result, const PushImage& image,
                            const PushRequest& request, const Environment& environment) {
  const Protocol& protocol = *protocol_of(run.address());
  result.protocol = protocol.name;
  result.version = image.version;
  result.hash = to_hex(image.hash);
  result.image_bytes = image.bytes.size();
  Result<void> pushed = co_await protocol.push(run, result, image, request, environment);
  if (!pushed) co_return with_action(std::move(pushed).error(), "device");
  co_return pushed;
}

Result<PushReport> push_in(const Environment& environment, std::span<const Address> devices,
                           const PushRequest& request, EventSink& sink, std::stop_token stop) {
  fleet::Batch batch;
  batch.job = "ota push";
  batch.errors = {make_error_code(Errc::no_devices), make_error_code(Errc::same_device),
                  make_error_code(Errc::shared_trace), make_error_code(Errc::cancelled),
                  make_error_code(Errc::device_timeout)};
  batch.clock = environment.clock;
  batch.schemes = push_schemes();
  batch.at_once = request.jobs;
  batch.timeout = request.timeout;
  batch.trace_file = request.trace_file;
  // One file for all: devices that want different formats are not one batch.
  std::map<ImageFormat, PushImage> images;
  for (const Address& device : devices) {
    const Protocol* protocol = protocol_of(device);
    if (protocol == nullptr || images.contains(protocol->format)) continue;
    AIOT_TRY(images[protocol->format], load_image(request.image, protocol->format));
  }
  PushReport report;
  AIOT_TRY(
      report.devices,
      fleet::run_devices<PushResult>(
          devices, batch, sink, std::move(stop), [&](fleet::DeviceRun& run, PushResult& result) {
            const PushImage& image = images.at(protocol_of(run.address())->format);
            return push_device(run, result, image, request, environment);
          }));
  return report;
}

Result<PushReport> push(std::span<const Address> devices, const PushRequest& request,
                        EventSink& sink, std::stop_token stop) {
  const Environment environment{open_transport, &net::steady_clock()};
  return push_in(environment, devices, request, sink, std::move(stop));
}

}  // namespace aiot::ota
