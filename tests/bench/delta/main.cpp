/// bench_delta make OLD NEW DELTA | apply OLD DELTA NEW: what tests/bench/delta/compare.py
/// measures.
#include <fcntl.h>
#include <sys/stat.h>

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
  std::printf("%s\n", std::string(image::name_of(delta.info.code)).c_str());
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

}  // namespace

int main(int count, char** arguments) {
  const std::string_view what = count == 5 ? arguments[1] : "";
  if (what != "make" && what != "apply") {
    std::fprintf(stderr, "usage: bench_delta make OLD NEW DELTA | apply OLD DELTA NEW\n");
    return 2;
  }
  const auto done = (what == "make" ? make : apply)(arguments[2], arguments[3], arguments[4]);
  if (!done) std::fprintf(stderr, "%s\n", done.error().message().c_str());
  return done ? 0 : 1;
}
