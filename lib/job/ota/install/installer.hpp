#pragma once

#include <functional>

#include "aiot/ota_install.hpp"
#include "job/ota/install/disk.hpp"
#include "job/ota/install/fetch.hpp"
#include "net/clock.hpp"
#include "protocol/tuf/metadata.hpp"

namespace aiot::ota {

/// The world of an installation, passed in.
struct InstallEnvironment {
  Disk* disk = nullptr;
  Fetch* fetch = nullptr;
  net::Clock* clock = nullptr;
  tuf::Time now;
  /// Runs a program to its end, its output to standard error. Errc::hand_off_failed.
  std::function<Result<void>(const std::vector<std::string>& command)> run;
};

/// install() in this environment.
net::Task<InstallResult> install_in(const InstallEnvironment& environment,
                                    const InstallRequest& request, EventSink& sink);

/// confirm() on this disk. Errc::no_trial when the image on trial has not booted yet.
Result<ConfirmResult> confirm_on(Disk& disk, const ConfirmRequest& request);

}  // namespace aiot::ota
