#pragma once

#include "sim/ota/kind.hpp"

namespace aiot::sim::ota {

std::span<const FaultKind> http_faults();
/// A device whose web page takes firmware; the form of its port names the page.
Result<std::unique_ptr<VirtualDevice>> make_http(const net::asio::any_io_executor& executor,
                                                 const Options& options);

}  // namespace aiot::sim::ota
