#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "paths.hpp"

/// The source tree as the tests of this folder read it.
namespace aiot::layers {

/// Regular files under `folder` of the source tree, sorted, relative to the tree.
inline std::vector<std::string> files_under(std::string_view folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  const fs::path root = tests::source_dir();
  if (!fs::exists(root / folder)) return files;
  for (auto it = fs::recursive_directory_iterator(root / folder);
       it != fs::recursive_directory_iterator(); ++it) {
    if (it->path().filename() == "node_modules")
      it.disable_recursion_pending();
    else if (it->is_regular_file())
      files.push_back(it->path().lexically_relative(root).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

inline bool is_cpp(const std::string& file) {
  return file.ends_with(".cpp") || file.ends_with(".hpp");
}

inline std::string text_of(const std::string& file) {
  std::ifstream in(std::filesystem::path(tests::source_dir()) / file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace aiot::layers
