#pragma once

#include "job/discover/source.hpp"

namespace aiot::discover {

/// What an error of the message bus, of Bluetooth or of Wi-Fi means for a source: it could not look,
/// and why.
SourceStatus status_of(const Error& error);

}  // namespace aiot::discover
