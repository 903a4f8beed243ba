#pragma once

#include <functional>
#include <memory>
#include <string>

#include "aiot/event.hpp"
#include "aiot/result.hpp"

namespace aiot::cli::render {

/// Appends every event to a file as a line of text with its time of day (UTC). The file is made
/// readable by its owner alone. Condition::resource when it cannot be opened. A write that fails
/// later does not fail the job: `complain` gets a notice of it, once.
Result<std::unique_ptr<EventSink>> open_log_file(const std::string& path,
                                                 std::function<void(const Event&)> complain);

}  // namespace aiot::cli::render
