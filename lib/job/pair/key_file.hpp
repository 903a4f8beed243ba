#pragma once

#include <string>
#include <string_view>

#include "aiot/pair.hpp"
#include "core/file.hpp"

namespace aiot::pair {

/// Where the keys of one device go: the place that its target names, else that of the request.
class KeyPlace {
 public:
  KeyPlace(const Target& target, const Request& request);

  bool empty() const { return path_.empty(); }
  const std::string& path() const { return path_; }
  /// It has a file for each device.
  bool is_folder() const { return folder_; }
  /// In a folder, the file of the device that is called `id`; else the file.
  std::string file_of(std::string_view id) const;
  /// Makes the folder where it is missing; only its owner may write to it. Errors name the path.
  Result<void> prepare_folder() const;
  Error failed(const file::error_code& error, std::string hint) const;

 private:
  std::string path_;
  bool folder_ = false;
};

}  // namespace aiot::pair
