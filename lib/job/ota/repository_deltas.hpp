#pragma once

#include "aiot/ota_repository.hpp"
#include "job/ota/repository.hpp"
#include "protocol/tuf/artifact.hpp"

namespace aiot::ota {

/// Makes deltas to the image `data` of `path` from the newest `count` older images of its product
/// and hardware, writes those that pay beside it, and lists them in `repository.targets`. One that
/// is there already, or whose image's file is not the one that was added, is left out.
Result<std::vector<DeltaResult>> add_deltas(Repository& repository, const std::string& path,
                                            const tuf::Artifact& artifact, ByteSpan data,
                                            unsigned count);

}  // namespace aiot::ota
