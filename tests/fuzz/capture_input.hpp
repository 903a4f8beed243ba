#pragma once

#include <algorithm>
#include <cstdlib>

#include "capture/file.hpp"

namespace aiot {

/// Reads a capture from memory and hands each record to `look`. Records never hold more than all.
template <class Look>
void read_capture(ByteSpan bytes, const Look& look) {
  capture::Input input([rest = bytes](std::span<std::uint8_t> out) mutable {
    const std::size_t size = std::min(out.size(), rest.size());
    std::copy_n(rest.begin(), size, out.begin());
    rest = rest.subspan(size);
    return Result<std::size_t>(size);
  });
  auto reader = capture::make_reader(std::move(input));
  if (!reader) return;
  std::size_t total = 0;
  while (true) {
    const auto record = (*reader)->next();
    if (!record || !*record) return;
    total += (*record)->bytes.size();
    if (total > bytes.size()) std::abort();
    look(**record);
  }
}

}  // namespace aiot
