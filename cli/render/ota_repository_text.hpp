#pragma once

#include <iosfwd>

#include "aiot/ota_repository.hpp"

namespace aiot::cli::render {

/// Versions and the first expiry, then one line for each key that is needed.
void print_repository(std::ostream& out, const ota::RepositoryResult& result, std::size_t width);
/// One row for each role and each target.
void print_repository_status(std::ostream& out, const ota::RepositoryStatus& status,
                             std::size_t width);
/// Path, format, chip, size and hash of a target that was added.
void print_added(std::ostream& out, const ota::AddResult& result, std::size_t width);

}  // namespace aiot::cli::render
