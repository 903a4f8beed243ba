#include "gang/place.hpp"

namespace aiot::gang {

void Place::step(std::string name, double weight) {
  step_ = std::move(name);
  last_mark_ = -1;
  sink_.on_event(event::Step{name_, step_, weight});
}

void Place::progress(std::uint64_t done, std::uint64_t total, std::string unit) {
  const int mark = total == 0 ? 0 : static_cast<int>(done * 1000 / total);
  if (mark == last_mark_) return;
  last_mark_ = mark;
  sink_.on_event(event::Progress{name_, done, total, std::move(unit)});
}

void Place::log(event::Level level, std::string text) {
  sink_.on_event(event::Log{name_, level, std::move(text)});
}

void Place::notice(std::string code, std::string text, std::string hint) {
  sink_.on_event(event::Notice{name_, std::move(code), std::move(text), std::move(hint)});
}

void Place::trace(net::OpenOptions& open, std::string file) {
  if (const std::size_t mark = file.find("%d"); mark != std::string::npos) {
    file.replace(mark, 2, std::to_string(number_));
  }
  open.trace_file = std::move(file);
  open.on_trace_lost = [this](const Error& error) {
    notice("trace.unwritable", error.context, error.hint);
  };
}

}  // namespace aiot::gang
