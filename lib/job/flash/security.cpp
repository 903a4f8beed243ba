#include "job/flash/error.hpp"
#include "job/flash/operations.hpp"

namespace aiot::flash {

Result<void> check_security(const Device& device, bool force) {
  const esp::SecurityInfo& security = device.security();
  if (force || (!security.secure_boot && !security.flash_encryption)) return {};
  std::string which = security.secure_boot ? "secure boot is on" : "";
  if (security.flash_encryption) {
    which += which.empty() ? "flash encryption is on" : ", flash encryption is on";
  }
  return make_error(Errc::secured, std::move(which),
                    security.secure_boot
                        ? "only images signed with the device's key will start"
                        : "only images encrypted with the device's key will start");
}

}  // namespace aiot::flash
