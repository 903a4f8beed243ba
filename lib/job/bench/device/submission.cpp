#include "job/bench/device/submission.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include "core/file.hpp"
#include "image/files.hpp"
#include "job/bench/device/error.hpp"
#include "job/bench/host/error.hpp"

// The lines that tools/submission/submission_checker.py of mlcommons/tiny (1afd2c98) looks for:
// "… Median throughput is N inf./sec.", "… Top 1% = N", "… AUC = N",
// "Median energy cost is N uJ/inf". Those around them are as benchmark/runner writes them.
namespace aiot::bench {
namespace {

constexpr std::string_view rule = "---------------------------------------------------------";

/// A file's name in JSON: what is neither plain nor printable is left out.
std::string plain(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c >= ' ' && c < 0x7F && c != '"' && c != '\\') out.push_back(c);
  }
  return out;
}

std::string list(const std::vector<double>& values) {
  std::string out = "[";
  for (const double value : values) {
    if (out.size() > 1) out += ',';
    // JSON knows no NaN.
    out += value == value ? fmt::format("{:.3f}", value) : "null";
  }
  return out + ']';
}

/// In the place of a result that the benchmark's rules do not allow.
constexpr std::string_view not_valid = "Not valid for a submission";

}  // namespace

std::string SubmissionText::missing(const std::vector<double>& seconds) {
  const auto enough =
      std::ranges::count_if(seconds, [](double s) { return s >= submitted_window_s; });
  const std::size_t count = seconds.size();
  if (count == submitted_windows && std::cmp_equal(enough, count)) return "";
  return fmt::format("{} of {} windows last {:g} s, the benchmark asks for {} of {}", enough, count,
                     submitted_window_s, submitted_windows, submitted_windows);
}

void SubmissionText::add_performance(std::size_t number, const WindowTime& window,
                                     const std::vector<double>& results) {
  Files& files = modes_["performance"];
  const std::string lines = fmt::format(
      "Performance results for window {}\n    # Inferences : {}\n    Runtime: {:.6f} sec.\n"
      "    Throughput: {:.6f} inf./sec.\n",
      number, window.iterations, window.seconds, window.per_second());
  performance_s_.push_back(window.seconds);
  files.results += lines;
  if (window.seconds >= submitted_window_s) {
    files.results += "    Runtime requirements have been met.\n";
  }
  files.log += lines + fmt::format("    m-results: {}\n", list(results));
  files.json += fmt::format(
      "{{\"mode\":\"p\",\"infer\":{{\"iterations\":{},\"elapsed_time\":{:.0f},\"throughput\":{:.6f}"
      ","
      "\"results\":{}}}}},",
      window.iterations, window.seconds * 1e6, window.per_second(), list(results));
}

void SubmissionText::end_performance(double median_per_second, const std::string& stamp) {
  Files& files = modes_["performance"];
  const std::string missed = missing(performance_s_);
  const std::string verdict =
      missed.empty() ? fmt::format("Median throughput is {:>10.3f} inf./sec.", median_per_second)
                     : fmt::format("{}: {}", not_valid, missed);
  const std::string lines = fmt::format(
      "{0} ulp-mlperf: {1}\n{0} ulp-mlperf: {2}\n{0} ulp-mlperf: {1}\n", stamp, rule, verdict);
  files.results += lines;
  files.log += lines;
}

void SubmissionText::add_result(const std::string& file, std::uint32_t truth,
                                const std::vector<double>& results) {
  Files& files = modes_["accuracy"];
  files.log += fmt::format("{}: class {}, m-results: {}\n", plain(file), truth, list(results));
  files.json += fmt::format(
      "{{\"mode\":\"a\",\"file\":\"{}\",\"class\":\"{}\",\"infer\":{{\"iterations\":1,\"results\":{"
      "}}}}},",
      plain(file), truth, list(results));
}

void SubmissionText::end_accuracy(bool by_auc, std::optional<double> value, bool whole,
                                  const std::string& stamp) {
  Files& files = modes_["accuracy"];
  const std::string line =
      !whole
          ? fmt::format("{} ulp-mlperf: {}: not all of the benchmark's files\n", stamp, not_valid)
      : !value ? fmt::format("{} ulp-mlperf: {}: all files are of one class\n", stamp, not_valid)
      : by_auc ? fmt::format("{} ulp-mlperf: AUC = {:.3f}\n", stamp, *value)
               : fmt::format("{} ulp-mlperf: Top 1% = {:2.1f}\n", stamp, *value * 100);
  files.results += line;
  files.log += line;
}

void SubmissionText::add_energy(std::size_t number, const power::Stretch& stretch,
                                std::uint32_t iterations) {
  Files& files = modes_["energy"];
  if (files.results.empty()) files.results = "Power Edition Output\n";
  const std::string lines = fmt::format(
      "Energy data for trial {}\n  Elapsed time  : {:.3f}\n  Inferences    : {}\n"
      "  Power         : {:5.4f} mW.\n  Total Energy  : {:.3f} uJ\n  Energy/Inf    : {:.3f} "
      "uJ/inf\n",
      number, stretch.seconds, iterations, stretch.watts() * 1e3, stretch.joules * 1e6,
      stretch.joules * 1e6 / iterations);
  energy_s_.push_back(stretch.seconds);
  files.results += lines;
  files.log += lines;
  files.json += fmt::format(
      "{{\"mode\":\"e\",\"infer\":{{\"iterations\":{}}},\"power\":{{\"seconds\":{:.6f},"
      "\"microjoules\":{:.3f},\"samples\":{}}}}},",
      iterations, stretch.seconds, stretch.joules * 1e6, stretch.samples);
}

void SubmissionText::end_energy(double median_microjoules) {
  Files& files = modes_["energy"];
  const std::string missed = missing(energy_s_);
  const std::string verdict =
      missed.empty() ? fmt::format("Median energy cost is {:5.4f} uJ/inf.", median_microjoules)
                     : fmt::format("{}: {}", not_valid, missed);
  const std::string lines = fmt::format("{0}\n{1}\n{0}\n", rule, verdict);
  files.results += lines;
  files.log += lines;
}

namespace {

constexpr std::array<std::string_view, 3> names = {"log.txt", "results.txt", "results.json"};

Error failed(const std::string& path, int error) {
  if (error == EEXIST) {
    return make_error(DeviceErrc::results_exist, path,
                      "name another folder, or say that it may be overwritten");
  }
  return make_error(DeviceErrc::results_failed, fmt::format("{}: {}", path, std::strerror(error)),
                    "see that the folder can be written, and is no link");
}

/// Opens a folder below another, and makes it when it is not there. No link is followed.
Result<file::Descriptor> enter(const file::Descriptor& parent, const std::string& name,
                               const std::string& path) {
  if (::mkdirat(parent.get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
    return failed(path, errno);
  }
  file::Descriptor folder(
      ::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.get() < 0) return failed(path, errno);
  return folder;
}

/// Takes the name `to` for `from`; fails with EEXIST where it is taken and not to be replaced.
bool rename_in(int folder, const std::string& from, const std::string& to, bool replace) {
  if (!replace) {
    if (::renameat2(folder, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE) == 0) return true;
    // Not every file system knows how.
    if (errno != EINVAL && errno != ENOSYS) return false;
    struct stat found {};
    if (::fstatat(folder, to.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) {
      errno = EEXIST;
      return false;
    }
  }
  return ::renameat(folder, from.c_str(), folder, to.c_str()) == 0;
}

/// A file under a temporary name; it goes away unless it got its own.
class FreshFile {
 public:
  FreshFile(int folder, std::string_view name, std::string path)
      : folder_(folder), name_(name), path_(std::move(path)) {}
  FreshFile(FreshFile&& other) noexcept
      : folder_(std::exchange(other.folder_, -1)),
        name_(std::move(other.name_)),
        path_(std::move(other.path_)) {}
  FreshFile& operator=(FreshFile&&) = delete;
  ~FreshFile() {
    if (folder_ >= 0) ::unlinkat(folder_, fresh().c_str(), 0);
  }

  Result<void> write(std::string_view text) const {
    ::unlinkat(folder_, fresh().c_str(), 0);  // of a run that was killed
    const file::Descriptor file(::openat(
        folder_, fresh().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (file.get() < 0) return failed(path_, errno);
    if (const auto error = file::write_all(file.get(), as_bytes(text))) {
      return failed(path_, error.value());
    }
    // Some file systems tell only now that there is no room.
    if (::fsync(file.get()) != 0) return failed(path_, errno);
    return {};
  }
  Result<void> publish(bool replace) {
    if (!rename_in(folder_, fresh(), name_, replace)) return failed(path_, errno);
    folder_ = -1;
    return {};
  }
  const std::string& path() const { return path_; }

 private:
  std::string fresh() const { return name_ + ".new"; }

  int folder_;  // the caller's
  std::string name_;
  std::string path_;
};

std::vector<std::string> split(const std::string& place) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  while (begin <= place.size()) {
    const std::size_t end = std::min(place.find('/', begin), place.size());
    if (end > begin) out.push_back(place.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

/// The innermost of these folders that is there: what is below it will be made. No link below the
/// first is followed.
Result<std::string> innermost(const std::string& folder, const std::vector<std::string>& parts) {
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) {
    const auto end = folder.find_last_not_of('/');
    const auto parent = std::filesystem::path(folder.substr(0, end + 1)).parent_path();
    return parent.empty() ? std::string(".") : parent.string();
  }
  std::string path = folder;
  for (const std::string& part : parts) {
    const std::string next = path + '/' + part;
    if (::lstat(next.c_str(), &found) != 0) break;
    if (!S_ISDIR(found.st_mode)) {
      return make_error(Errc::unwritable, next + ": is no folder",
                        "name another folder, or move that out of the way");
    }
    path = next;
  }
  return path;
}

}  // namespace

std::string results_folder(const Address& device, const inference::tiny::Task& task, bool several) {
  std::string out;
  if (several) {
    for (const char c : place_of(device)) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (plain) {
        out.push_back(c);
      } else if (!out.empty() && out.back() != '-') {
        out.push_back('-');
      }
    }
    out += '/';
  }
  return out + std::string(task.short_name);
}

Result<void> check_results_free(const std::string& folder, const std::string& place,
                                const std::vector<std::string>& modes) {
  for (const std::string& mode : modes) {
    for (const std::string_view name : names) {
      const std::string path = fmt::format("{}/{}/{}/{}", folder, place, mode, name);
      struct stat found {};
      if (::lstat(path.c_str(), &found) == 0) return failed(path, EEXIST);
    }
  }
  return {};
}

Result<void> try_results(const std::string& folder, const std::string& place,
                         const std::vector<std::string>& modes) {
  std::set<std::string> inner;
  if (modes.empty()) {
    AIOT_TRY(std::string folder_itself, innermost(folder, {}));
    inner.insert(std::move(folder_itself));
  }
  for (const std::string& mode : modes) {
    std::vector<std::string> parts = split(place);
    parts.push_back(mode);
    AIOT_TRY(std::string there, innermost(folder, parts));
    inner.insert(std::move(there));
  }
  for (const std::string& there : inner) {
    if (auto tried = image::try_write(fmt::format("{}/{}", there, names[0])); !tried) {
      return make_error(Errc::unwritable, tried.error().context, tried.error().hint);
    }
  }
  return {};
}

Result<std::vector<std::string>> write_results(const std::string& folder, const std::string& place,
                                               const SubmissionText& text, bool force) {
  std::vector<std::string> written;
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return failed(folder, errno);
  file::Descriptor root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0) return failed(folder, errno);
  std::string path = folder;
  for (const std::string& part : split(place)) {
    path += '/' + part;
    AIOT_TRY(file::Descriptor inner, enter(root, part, path));
    root = std::move(inner);
  }
  std::vector<file::Descriptor> folders;
  std::vector<FreshFile> fresh;
  for (const auto& [mode, files] : text.modes()) {
    const std::string below = path + '/' + mode;
    AIOT_TRY(file::Descriptor inner, enter(root, mode, below));
    const int at = folders.emplace_back(std::move(inner)).get();
    std::string json = files.json;
    if (!json.empty()) json.pop_back();
    const std::array<std::string, 3> contents = {files.log, files.results, '[' + json + "]\n"};
    for (std::size_t i = 0; i < names.size(); ++i) {
      fresh.emplace_back(at, names[i], fmt::format("{}/{}", below, names[i]));
      AIOT_CHECK(fresh.back().write(contents[i]));
    }
  }
  for (FreshFile& file : fresh) {
    AIOT_CHECK(file.publish(force));
    written.push_back(file.path());
  }
  return written;
}

}  // namespace aiot::bench
