#pragma once

#include <span>
#include <string>
#include <vector>

#include "aiot/result.hpp"
#include "core/file.hpp"

namespace aiot::ota {

/// Lines in a file that outlive a kill and a power cut: each is on disk when append() returns. One
/// process has it at a time.
class Journal {
 public:
  /// Holds FOLDER/ddi.journal, and gives its lines; one that was cut off is left out. Errc::state.
  static Result<Journal> open(const std::string& folder, std::vector<std::string>& lines);
  /// Replaces all lines. Errc::state.
  Result<void> rewrite(std::span<const std::string> lines);
  /// Errc::state.
  Result<void> append(std::span<const std::string> lines);
  /// Has grown so much since its lines were replaced that it is time again.
  bool is_long() const;

 private:
  Result<void> open_end();

  std::string path_;
  file::Descriptor lock_;
  file::Descriptor end_;
  std::uint64_t bytes_ = 0;
  std::uint64_t whole_bytes_ = 0;  ///< after the latest rewrite()
};

}  // namespace aiot::ota
