#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string_view>

#include "job/ota/push.hpp"

namespace aiot::ota {

/// To find a device and connect to it.
inline constexpr std::chrono::seconds open_time{10};
/// Between two questions whether the device is back.
inline constexpr std::chrono::milliseconds poll_time{500};

/// Brings the progress of an upload, which begins now, to the events and the result. Both outlive
/// what it returns.
std::function<void(std::uint64_t done, std::uint64_t total)> upload_progress(fleet::DeviceRun& run,
                                                                             PushResult& result);

/// A way to push an image: a file of this folder and one row of protocols.cpp.
struct Protocol {
  std::string_view name;  ///< "smp"
  std::span<const std::string_view> schemes;
  ImageFormat format;
  net::Task<void> (*push)(fleet::DeviceRun& run, PushResult& result, const PushImage& image,
                          const PushRequest& request, const Environment& environment);
};
std::span<const Protocol> protocols();
/// nullptr when no protocol takes the address.
const Protocol* protocol_of(const Address& address);
/// To an SMP server: UDP, Bluetooth LE, or a console.
net::Task<std::unique_ptr<smp::Transport>> open_transport(fleet::DeviceRun& run);
/// Of these, Bluetooth LE: ble:AA:BB:CC:DD:EE:FF, with the query adapter=hci1. bluez::Errc.
net::Task<std::unique_ptr<smp::Transport>> open_ble(fleet::DeviceRun& run);
/// Of all protocols.
std::span<const std::string_view> push_schemes();

net::Task<void> push_smp(fleet::DeviceRun& run, PushResult& result, const PushImage& image,
                         const PushRequest& request, const Environment& environment);
net::Task<void> push_arduino(fleet::DeviceRun& run, PushResult& result, const PushImage& image,
                             const PushRequest& request, const Environment& environment);
net::Task<void> push_esphome(fleet::DeviceRun& run, PushResult& result, const PushImage& image,
                             const PushRequest& request, const Environment& environment);
net::Task<void> push_http(fleet::DeviceRun& run, PushResult& result, const PushImage& image,
                          const PushRequest& request, const Environment& environment);

}  // namespace aiot::ota
