#include "job/pair/state_file.hpp"

#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <filesystem>

namespace aiot::pair {
namespace {

std::string environment_of(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || value[0] != '/' ? std::string() : std::string(value);
}

}  // namespace

std::string state_file_path(const std::string& name) {
  std::string folder = environment_of("XDG_STATE_HOME");
  if (folder.empty()) {
    folder = environment_of("HOME");
    if (folder.empty()) return {};
    folder += "/.local/state";
  }
  return folder + "/aiotctl/" + name;
}

Error state_file_error(const file::error_code& error, const std::string& path) {
  return Error(error, "what this host keeps in " + path, "see that the folder can be written");
}

Result<void> write_state_file(const std::string& path, const boost::json::object& content) {
  if (path.empty()) {
    return Error(make_error_code(boost::system::errc::no_such_file_or_directory),
                 "no place for what this host keeps", "set HOME or XDG_STATE_HOME");
  }
  std::error_code made;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), made);
  auto part = file::PartFile::create(path, 0600);
  if (!part) return state_file_error(part.error(), path);
  if (const auto error = file::write_all(part->get(), as_bytes(boost::json::serialize(content))))
    return state_file_error(error, path);
  if (const auto error = part->replace()) return state_file_error(error, path);
  return {};
}

}  // namespace aiot::pair
