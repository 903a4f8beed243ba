#include "job/flash/context.hpp"

#include "net/link.hpp"

namespace aiot::flash {

void DeviceContext::step(std::string name, double weight) {
  step_ = std::move(name);
  last_mark_ = -1;
  sink_.on_event(event::Step{name_, step_, weight});
}

void DeviceContext::progress(std::uint64_t done, std::uint64_t total) {
  // A thousandth is as fine as any bar; a fast line has thousands of blocks.
  const int mark = total == 0 ? 0 : static_cast<int>(done * 1000 / total);
  if (mark == last_mark_) return;
  last_mark_ = mark;
  sink_.on_event(event::Progress{name_, done, total, "B"});
}

void DeviceContext::log(event::Level level, std::string text) {
  sink_.on_event(event::Log{name_, level, std::move(text)});
}

void DeviceContext::notice(std::string code, std::string text, std::string hint) {
  sink_.on_event(event::Notice{name_, std::move(code), std::move(text), std::move(hint)});
}

}  // namespace aiot::flash
