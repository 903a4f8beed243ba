#include "command/bench_bytes.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <istream>
#include <ostream>

#include "errors.hpp"

namespace aiot::cli::command {
namespace {

constexpr std::size_t most_bytes = 256U << 20;

Error of_file(Errc code, const std::string& file, std::string hint) {
  return make_error(code, fmt::format("{}: {}", file, std::generic_category().message(errno)),
                    std::move(hint));
}

Result<Bytes> read_all(std::istream& in, const std::string& name) {
  Bytes bytes;
  std::vector<char> piece(1U << 16);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + in.gcount());
    if (bytes.size() > most_bytes) {
      return make_error(Errc::input_file, fmt::format("{}: more than {} bytes", name, most_bytes),
                        "a model's input is smaller");
    }
  }
  return bytes;
}

/// After an output that could not be written: only a full disk wants space.
std::string output_hint(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT: return "free some space, or write elsewhere";
    case ENOENT:
    case ENOTDIR: return "name a file in a folder that is there";
    case EISDIR: return "name a file, not a folder";
    case EACCES:
    case EPERM:
    case EROFS: return "write to a folder that you may write to";
    default: return "write to another file";
  }
}

bool write_to(const std::string& file, std::string_view bytes) {
  errno = 0;
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  return static_cast<bool>(out);
}

/// Whole or not at all: a script takes a file that is there for a result. False with errno. What is
/// no file (a pipe, a terminal) is written to as it is.
bool write_whole(const std::string& file, std::string_view bytes) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status there = fs::status(file, error);
  const bool exists = fs::exists(there);
  if (exists && !fs::is_regular_file(there)) return write_to(file, bytes);
  // A symbolic link stays one: what it points to is replaced.
  error.clear();
  const std::string target = exists ? fs::canonical(file, error).string() : file;
  const std::string part = fmt::format("{}.part-{}", target, ::getpid());
  if (!error && write_to(part, bytes)) {
    if (exists) fs::permissions(part, there.permissions(), error);
    fs::rename(part, target, error);
    if (!error) return true;
  }
  const int number = error ? error.value() : errno;
  fs::remove(part, error);
  errno = number;
  return false;
}

/// "-" stands for one stream: it cannot be given twice.
Result<void> check_once(const std::vector<std::string>& files, const char* flag) {
  if (std::count(files.begin(), files.end(), "-") < 2) return {};
  return make_error(Errc::conflict, fmt::format("{} - twice", flag), "name files for the others");
}

}  // namespace

Result<std::vector<Bytes>> read_inputs(const Context& context,
                                       const std::vector<std::string>& files) {
  AIOT_CHECK(check_once(files, "--input"));
  std::vector<Bytes> inputs;
  for (const std::string& file : files) {
    if (file == "-") {
      AIOT_TRY(inputs.emplace_back(), read_all(context.in, "standard input"));
      continue;
    }
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    if (!in) return of_file(Errc::input_file, file, "name a file that can be read");
    AIOT_TRY(inputs.emplace_back(), read_all(in, file));
  }
  return inputs;
}

Result<void> write_outputs(const Context& context, const std::vector<std::string>& files,
                           const std::vector<Bytes>& outputs) {
  AIOT_CHECK(check_once(files, "--output"));
  if (files.size() > outputs.size()) {
    return make_error(Errc::too_many_arguments, fmt::format("--output {}", files.back()),
                      fmt::format("the model has {} outputs", outputs.size()));
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto* data = reinterpret_cast<const char*>(outputs[i].data());
    const auto size = static_cast<std::streamsize>(outputs[i].size());
    if (files[i] == "-") {
      if (context.settings.format != Format::text) {
        return make_error(Errc::conflict, "--output - and JSON",
                          "standard output has the JSON: name a file for the bytes");
      }
      context.out.write(data, size);
      continue;
    }
    if (context.settings.dry_run) continue;
    if (!write_whole(files[i], {data, static_cast<std::size_t>(size)})) {
      return of_file(Errc::output_file, files[i], output_hint(errno));
    }
  }
  return {};
}

}  // namespace aiot::cli::command
