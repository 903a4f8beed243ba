#pragma once

#include "sim/ota/kind.hpp"

namespace aiot::sim::ota {

std::span<const FaultKind> arduino_faults();
/// An ESP32 with the library ArduinoOTA: invitations over UDP, data over TCP.
Result<std::unique_ptr<VirtualDevice>> make_arduino(const net::asio::any_io_executor& executor,
                                                    const Options& options);

}  // namespace aiot::sim::ota
