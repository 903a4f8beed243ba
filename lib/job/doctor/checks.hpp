#pragma once

#include "aiot/doctor.hpp"
#include "job/doctor/system.hpp"

namespace aiot::doctor {

/// All checks, in the order of check_names.
Report examine(const System& system);

}  // namespace aiot::doctor
