#pragma once

#include <chrono>
#include <set>
#include <string>

#include "aiot/pair.hpp"
#include "core/file.hpp"

namespace aiot::pair {

/// system_clock::now() but in tests.
using TimeOfDay = std::chrono::system_clock::time_point (*)();

/// What is done, in a file of JSON Lines that its owner alone may read: one line for each device
/// that was paired, with the name that the caller knows it by. Never a secret.
class PairedRecord {
 public:
  /// Opens or makes `path`, and reads it. Errc::bad_record names the line that is none;
  /// Errc::record_busy while another run has it. A line that was not finished is no line.
  /// Lines have the time of day of `now`.
  static Result<PairedRecord> open(const std::string& path, TimeOfDay now);

  /// An earlier run has paired it; "" is nobody's.
  bool has(const std::string& key) const { return !key.empty() && done_.contains(key); }
  /// On disk when it returns. Errc::not_recorded.
  Result<void> add(const std::string& key, const PairResult& result);

 private:
  PairedRecord(std::string path, file::Descriptor file, TimeOfDay now)
      : path_(std::move(path)), file_(std::move(file)), now_(now) {}
  Result<void> read();

  std::string path_;
  file::Descriptor file_;
  TimeOfDay now_;
  std::set<std::string> done_;
};

/// By which name a target is recorded: the caller's, else the code's label, else an address that is
/// of one device alone. "" when it has none: a serial port or a device's own access point is a
/// place that one device after another is at.
std::string record_key(const Target& target);

}  // namespace aiot::pair
