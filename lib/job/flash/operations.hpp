#pragma once

#include "job/flash/compressor.hpp"
#include "job/flash/device.hpp"
#include "job/flash/planner.hpp"

/// The operations as coroutines, for the public functions and for tests on virtual devices. What
/// they refer to outlives them.
namespace aiot::flash {

Operation write_operation(Planner& planner, Compressor& compressor, const WriteRequest& request);
Operation verify_operation(Planner& planner, const VerifyRequest& request);
Operation read_operation(const ReadRequest& request);
Operation erase_operation(const EraseRequest& request);
Operation info_operation(const InfoRequest& request);
Operation reset_operation(const ResetRequest& request);

/// Errc::secured where secure boot or flash encryption would make what is written useless or brick
/// the device, unless forced.
Result<void> check_security(const Device& device, bool force);

}  // namespace aiot::flash
