#pragma once

#include "aiot/ota_repository.hpp"
#include "protocol/tuf/metadata.hpp"

/// The public functions, at a time that is given.
namespace aiot::ota {

Result<RepositoryResult> init_repository(const InitRequest& request, tuf::Time now);
Result<RepositoryResult> change_key(const KeyChange& request, tuf::Time now);
Result<RepositoryResult> refresh_repository(const RefreshRequest& request, tuf::Time now);
Result<AddResult> add_artifact(const AddRequest& request, tuf::Time now);
Result<RepositoryStatus> repository_status(const std::string& folder, tuf::Time now);

/// What a target says of itself.
TargetInfo target_info(const std::string& path, const tuf::Target& target);

/// Of this machine's clock.
tuf::Time time_now();

}  // namespace aiot::ota
