#include "render/progress.hpp"

#include <algorithm>

namespace aiot::cli::render {

double DeviceProgress::fraction() const {
  if (state == State::done) return 1;
  if (total == 0) return 0;
  return static_cast<double>(std::min(done, total)) / static_cast<double>(total);
}

}  // namespace aiot::cli::render
