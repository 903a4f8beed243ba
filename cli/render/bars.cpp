#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <ostream>

#include "aiot/bytes.hpp"
#include "aiot/units.hpp"
#include "render/diagnostics.hpp"
#include "render/progress.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

using State = DeviceProgress::State;
constexpr std::chrono::milliseconds redraw_interval{100};
constexpr std::size_t longest_bar = 30;
constexpr std::size_t shortest_bar = 5;

/// The end of an address tells devices apart; its beginning is the same for all.
std::string short_label(const std::string& device, std::size_t width) {
  std::string label = escape_controls(device);
  if (label.starts_with("serial:")) label.erase(0, 7);
  if (text_width(label) <= width) return label;
  std::size_t start = label.size();
  for (std::size_t columns = 0; start > 0 && columns + 1 < width;) {
    --start;
    if ((static_cast<unsigned char>(label[start]) & 0xC0U) != 0x80U) ++columns;
  }
  return "…" + label.substr(start);
}

class Bars final : public Progress {
 public:
  Bars(std::ostream& err, const Terminal& terminal, bool color)
      : err_(err), terminal_(terminal), color_(color) {}
  ~Bars() override = default;

  void update(const std::vector<DeviceProgress>& devices, std::size_t changed,
              std::chrono::nanoseconds now) override {
    const bool ended = devices[changed].state != State::running;
    if (!ended && last_ && now - *last_ < redraw_interval && drawn_ > 0) return;
    last_ = now;
    draw(devices);
  }
  void clear() override {
    if (drawn_ == 0) return;
    err_ << fmt::format("\x1b[{}A\r\x1b[J", drawn_) << std::flush;
    drawn_ = 0;
  }

 private:
  void draw(const std::vector<DeviceProgress>& devices) {
    const std::size_t columns = terminal_.columns ? terminal_.columns() : 80;
    const std::size_t rows = terminal_.rows ? terminal_.rows() : 24;
    const std::size_t room = std::max<std::size_t>(rows, 4) - 2;
    std::vector<const DeviceProgress*> shown;
    for (const DeviceProgress& d : devices) shown.push_back(&d);
    if (shown.size() > room) {
      // What is still moving matters; what is done is counted below.
      std::stable_sort(shown.begin(), shown.end(), [](auto* a, auto* b) {
        return a->state == State::running && b->state != State::running;
      });
      shown.resize(room - 1);
    }
    std::size_t label = 0;
    for (const auto* d : shown) label = std::max(label, text_width(short_label(d->device, 200)));
    label = std::min(label, std::max<std::size_t>(columns / 3, 8));

    std::string text = drawn_ > 0 ? fmt::format("\x1b[{}A\r", drawn_) : "";
    for (const auto* d : shown) text += line(*d, label, columns) + "\x1b[K\n";
    std::size_t lines = shown.size();
    if (shown.size() < devices.size()) {
      text += cut(fmt::format("… and {} more", devices.size() - shown.size()), columns - 1) +
              "\x1b[K\n";
      ++lines;
    }
    text += "\x1b[J";
    err_ << text << std::flush;
    drawn_ = lines;
  }

  std::string line(const DeviceProgress& d, std::size_t label, std::size_t columns) const {
    std::string head = short_label(d.device, label);
    head += std::string(label - text_width(head) + 1, ' ');
    const std::string percent = fmt::format(" {:3.0f}% ", d.fraction() * 100);
    const std::string tail = d.state == State::failed ? "failed: " + d.ending
                             : d.state == State::done ? std::string("done")
                                                      : step_text(d);
    // The last column stays free: writing there makes some terminals wrap.
    const std::size_t usable = columns > 1 ? columns - 1 : 1;
    const std::size_t fixed = text_width(head) + 2 + text_width(percent);
    const std::size_t wanted = std::min<std::size_t>(text_width(tail), 28);
    std::size_t bar = usable > fixed + wanted ? usable - fixed - wanted : 0;
    bar = bar < shortest_bar ? 0 : std::min(bar, longest_bar);
    std::string middle = percent;
    if (bar > 0) {
      const auto full = static_cast<std::size_t>(d.fraction() * static_cast<double>(bar));
      middle = fmt::format("[{:=<{}}{: <{}}]{}", "", full, "", bar - full, percent);
    }
    const std::size_t used = text_width(head) + text_width(middle);
    if (used >= usable) return cut(head + middle, usable);
    const char* style = d.state == State::failed ? "31" : "32";
    const std::string end = cut(escape_controls(tail), usable - used);
    return head + middle + styled(end, style, color_ && d.state != State::running);
  }

  static std::string step_text(const DeviceProgress& d) {
    if (d.total == 0 || d.unit != "B") return d.step;
    return fmt::format("{}  {} of {}", d.step, format_size(d.done), format_size(d.total));
  }

  std::ostream& err_;
  const Terminal terminal_;
  const bool color_;
  std::size_t drawn_ = 0;  // lines on the terminal now
  std::optional<std::chrono::nanoseconds> last_;
};

}  // namespace

std::unique_ptr<Progress> make_bars(std::ostream& err, const Terminal& terminal, bool color) {
  return std::make_unique<Bars>(err, terminal, color);
}

}  // namespace aiot::cli::render
