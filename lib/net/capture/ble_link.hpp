#pragma once

#include <optional>

#include "net/capture/advert_report.hpp"
#include "net/capture/record.hpp"

namespace aiot::net::capture {

/// The advertisement in a packet of the link layer, from a sniffer with or without the
/// pseudo-header that tells of signal and checksum. nullopt for other packets, for those with a
/// wrong checksum, and for those that do not name their sender.
std::optional<AdvertReport> parse_ble_link(const Record& record);

}  // namespace aiot::net::capture
