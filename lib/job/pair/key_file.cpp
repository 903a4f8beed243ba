#include "job/pair/key_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace aiot::pair {

KeyPlace::KeyPlace(const Target& target, const Request& request)
    : path_(target.token_file.empty() ? request.token_file : target.token_file) {
  struct stat status {};
  folder_ =
      path_.ends_with('/') || (::stat(path_.c_str(), &status) == 0 && S_ISDIR(status.st_mode));
  while (path_.size() > 1 && path_.ends_with('/')) path_.pop_back();
}

std::string KeyPlace::file_of(std::string_view id) const {
  if (!folder_) return path_;
  std::string name = path_ + "/";
  // The device has chosen it: nothing in it leads elsewhere.
  for (const char c : id) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
    name += plain ? c : '_';
  }
  return name;
}

Result<void> KeyPlace::prepare_folder() const {
  if (::mkdir(path_.c_str(), S_IRWXU) != 0 && errno != EEXIST)
    return failed(file::last_error(), "name a folder that can be made");
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) return failed(file::last_error(), "name a folder");
  if (status.st_uid != ::geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return failed(make_error_code(boost::system::errc::permission_denied),
                  "let its owner alone write to it: chmod 700");
  }
  return {};
}

Error KeyPlace::failed(const file::error_code& error, std::string hint) const {
  return Error(error, "keeping the keys in " + path_, std::move(hint));
}

}  // namespace aiot::pair
