#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "protocol/ddi/error.hpp"

/// Messages of hawkBit's DDI (README.md).
namespace aiot::ddi {

/// SWUpdate reads an id as an int.
inline constexpr std::uint64_t most_id = 2147483647;

/// What a path asks for: "/TENANT/controller/v1/DEVICE…".
struct Path {
  enum class Kind {
    base,
    config_data,
    deployment,           ///< deploymentBase/ID
    deployment_feedback,  ///< deploymentBase/ID/feedback
    cancel,               ///< cancelAction/ID
    cancel_feedback,      ///< cancelAction/ID/feedback
    artifact,             ///< softwaremodules/ID/artifacts/FILE
  };
  Kind kind = Kind::base;
  std::string tenant;
  std::string device;
  std::uint64_t action = 0;
  std::string file;
};
/// nullopt for another path. A tenant, a device and a file have 1 to 128 letters, digits, "-", "_",
/// ".", "~", ":" or "+", of which not all are dots.
std::optional<Path> parse_path(std::string_view target);

/// How far a device is (hawkBit's DdiActionFeedback).
struct Feedback {
  std::string execution;  ///< "closed", "proceeding", "canceled", "scheduled", "rejected",
                          ///< "resumed", "downloaded", "download"
  std::string finished;   ///< "success", "failure", "none"
  std::vector<std::string> details;  ///< at most 64 of at most 512 bytes; the rest is cut off
};
/// Errc::bad_message, also for words that DDI does not have.
Result<Feedback> parse_feedback(ByteSpan body);

using Attributes = std::map<std::string, std::string>;
struct ConfigData {
  enum class Mode { merge, replace, remove };
  Mode mode = Mode::merge;
  Attributes attributes;  ///< at most 64, of at most 256 bytes each
};
/// Errc::bad_message.
Result<ConfigData> parse_config_data(ByteSpan body);

/// Authorization: TargetToken X, GatewayToken X.
struct Authorization {
  bool gateway = false;
  std::string token;
};
std::optional<Authorization> parse_authorization(std::string_view header);

/// What a device can be offered.
struct Offer {
  std::string key;   ///< unique, and the same after a restart
  std::string name;  ///< of the software
  std::string version;
  std::string file_name;  ///< SWUpdate wants one that ends in ".swu"
  std::uint64_t bytes = 0;
  std::string sha1;  ///< hexadecimal; SWUpdate wants it
  std::string sha256;
  std::string md5;
};

/// The answer to a poll. `self` is the URL of the device:
/// "https://HOST/TENANT/controller/v1/DEVICE".
struct Base {
  std::chrono::seconds sleep{60};
  bool wants_config = false;
  std::uint64_t deployment = 0;  ///< id of an action, or 0
  std::uint64_t cancel = 0;      ///< the same; one of the two
};
std::string write_base(const Base& base, const std::string& self);
std::string write_deployment(std::uint64_t action, const Offer& offer, const std::string& self);
std::string write_cancel(std::uint64_t action);

}  // namespace aiot::ddi
