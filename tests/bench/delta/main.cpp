/// bench_delta make OLD NEW DELTA | apply OLD DELTA NEW: what tests/bench/delta/compare.py
/// measures.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "core/file.hpp"
#include "image/delta.hpp"
#include "image/files.hpp"

namespace {

using namespace aiot;

class File final : public image::ByteSink {
 public:
  explicit File(const char* path)
      : file_(::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {}
  Result<void> write(ByteSpan data) override {
    if (const auto error = file::write_all(file_.get(), data)) return Error(error);
    return {};
  }

 private:
  file::Descriptor file_;
};

Result<void> make(const char* old_path, const char* new_path, const char* delta_path) {
  AIOT_TRY(const auto source, image::read_file(old_path));
  AIOT_TRY(const auto result, image::read_file(new_path));
  AIOT_TRY(const auto delta, image::make_delta(source, result));
  return image::write_file(delta_path, delta.file);
}

Result<void> apply(const char* old_path, const char* delta_path, const char* new_path) {
  const file::Descriptor old_file(::open(old_path, O_RDONLY | O_CLOEXEC));
  const file::Descriptor delta_file(::open(delta_path, O_RDONLY | O_CLOEXEC));
  struct stat old_status {
  }, delta_status{};
  if (::fstat(old_file.get(), &old_status) != 0 || ::fstat(delta_file.get(), &delta_status) != 0)
    return Error(file::last_error());
  image::FileSource source(old_file.get(), static_cast<std::uint64_t>(old_status.st_size));
  image::FileSource delta(delta_file.get(), static_cast<std::uint64_t>(delta_status.st_size));
  File sink(new_path);
  return image::apply_delta(delta, source, sink);
}

int run(char** command) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execvp(command[0], command);
    std::perror(command[0]);
    ::_exit(127);
  }
  int status = 0;
  struct rusage usage {};
  if (child < 0 || ::wait4(child, &status, 0, &usage) != child || status != 0) return 1;
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  std::printf("%.3f %ld\n", seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 2 && std::string_view(arguments[1]) == "run") return run(arguments + 2);
  const std::string_view what = count == 5 ? arguments[1] : "";
  if (what != "make" && what != "apply") {
    std::fprintf(stderr, "usage: bench_delta make OLD NEW DELTA | apply OLD DELTA NEW\n");
    return 2;
  }
  const auto done = (what == "make" ? make : apply)(arguments[2], arguments[3], arguments[4]);
  if (!done) std::fprintf(stderr, "%s\n", done.error().message().c_str());
  return done ? 0 : 1;
}
