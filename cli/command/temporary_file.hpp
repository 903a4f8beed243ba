#pragma once

#include <iosfwd>
#include <string>

#include "aiot/result.hpp"

namespace aiot::cli::command {

/// An empty file of its own in TMPDIR, removed at the end.
class TemporaryFile {
 public:
  static Result<TemporaryFile> create();
  TemporaryFile(TemporaryFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();

  const std::string& path() const { return path_; }
  void copy_to(std::ostream& out) const;

 private:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace aiot::cli::command
