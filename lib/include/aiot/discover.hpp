#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "aiot/event.hpp"
#include "aiot/result.hpp"

/// Finds the devices in the room, by all they say about themselves.
namespace aiot::discover {

struct Request {
  std::chrono::milliseconds timeout{3000};  ///< the search ends exactly then
  /// Names of sources (see sources()): only these, or all but these. Both empty: all.
  std::vector<std::string> only;
  std::vector<std::string> except;
  std::vector<std::string> interfaces;  ///< network interfaces by name; empty: all
  std::vector<std::string> subnets;     ///< "192.168.1.0/24": asked address by address, too
  std::string keys_file;                ///< YAML: MAC -> bind key, for encrypted adverts
  std::string pcap_file;                ///< packets from a capture instead of the network
  std::string btsnoop_file;             ///< adverts from a capture instead of the air
  std::string where;                    ///< filter expression over a record's fields
  bool probe = false;                   ///< opens serial ports and asks the chip
  bool watch = false;                   ///< goes on until it is stopped, and reports what is lost
};

/// Looks around. Each device is an event::Item ("found", "changed", "lost"; schema "aiot.device/1",
/// `device` its stable id) as soon as it is known; the result (schema "aiot.discover/1") has every
/// device once, and what became of each source. That there is none, that a source could not look,
/// or that `stop` came first is no error: the result says so ("complete" is false when it was
/// stopped). Errors are a filter or a source's name that make no sense, and a capture that cannot
/// be read.
AIOT_API Result<Record> run(const Request& request, EventSink& sink, std::stop_token stop);

/// A source's name and what it listens to, in one line.
struct SourceInfo {
  std::string name;
  std::string description;
};
AIOT_API std::vector<SourceInfo> sources();

}  // namespace aiot::discover
