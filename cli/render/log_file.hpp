#pragma once

#include <memory>
#include <string>

#include "aiot/event.hpp"
#include "aiot/result.hpp"

namespace aiot::cli::render {

/// Appends every event to a file as a line of text with its time of day (UTC). The file is made
/// readable by its owner alone. Condition::resource when it cannot be opened.
Result<std::unique_ptr<EventSink>> open_log_file(const std::string& path);

}  // namespace aiot::cli::render
