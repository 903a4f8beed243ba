#pragma once

#include "sim/ota/kind.hpp"

namespace aiot::sim::ota {

std::span<const FaultKind> esphome_faults();
/// A device with ESPHome's native OTA.
Result<std::unique_ptr<VirtualDevice>> make_esphome(const net::asio::any_io_executor& executor,
                                                    const Options& options);

}  // namespace aiot::sim::ota
