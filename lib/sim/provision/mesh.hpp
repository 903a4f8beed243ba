#pragma once

#include "sim/provision/kind.hpp"

namespace aiot::sim::provision {

/// A Bluetooth mesh device of Tmall Genie's class that waits to be provisioned over PB-ADV. Port:
/// hci1, the controller. With a proof it wants static OOB from that as its secret.
Result<std::unique_ptr<VirtualDevice>> make_mesh(const net::asio::any_io_executor& executor,
                                                 const Options& options);

}  // namespace aiot::sim::provision
