#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/file.hpp"
#include "image/delta.hpp"

namespace aiot::image {

Result<void> MemorySource::read(std::uint64_t offset, std::span<std::uint8_t> into) {
  std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
  return {};
}

Result<void> FileSource::read(std::uint64_t offset, std::span<std::uint8_t> into) {
  while (!into.empty()) {
    const auto got = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return make_error(Errc::unreadable, file::last_error().message());
    if (got == 0) return make_error(Errc::unreadable, "the file became shorter");
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

Result<void> MemorySink::write(ByteSpan data) {
  append(out_, data);
  return {};
}

std::string_view name_of(DeltaCode code) {
  switch (code) {
    case DeltaCode::none: return "none";
    case DeltaCode::arm_thumb: return "arm-thumb";
    case DeltaCode::xtensa: return "xtensa";
    case DeltaCode::riscv: return "riscv";
    case DeltaCode::x86: return "x86";
  }
  return "none";
}

}  // namespace aiot::image
