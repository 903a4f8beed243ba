#pragma once

#include <functional>
#include <memory>

#include "aiot/ota.hpp"
#include "fleet/fleet.hpp"
#include "protocol/smp/transport.hpp"

namespace aiot::ota {

/// What the job takes from outside, so that tests bring virtual devices and virtual time.
struct Environment {
  std::function<net::Task<std::unique_ptr<smp::Transport>>(fleet::DeviceRun&)> open;
  net::Clock* clock = nullptr;
};

/// What a device takes.
enum class ImageFormat { mcuboot, esp };
/// An image that was read and is whole.
struct PushImage {
  Bytes bytes;            ///< what is sent
  std::string version;    ///< "" when the image has none
  Bytes hash;             ///< by which the device names it; of an ESP image the SHA-256 of the file
  std::string chip = {};  ///< of an ESP image
  std::string file_name = {};
};
/// Errc::unknown_format, bad_image; what image::read_file() and image::parse_mcuboot() say.
Result<PushImage> load_image(const std::string& file, ImageFormat format);

/// Sends `image` to one device, boots it and confirms it, by the protocol of its address.
net::Task<void> push_device(fleet::DeviceRun& run, PushResult& result, const PushImage& image,
                            const PushRequest& request, const Environment& environment);
/// push() in an environment.
Result<PushReport> push_in(const Environment& environment, std::span<const Address> devices,
                           const PushRequest& request, EventSink& sink, std::stop_token stop);

}  // namespace aiot::ota
