#include "render/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>

#include "aiot/bytes.hpp"
#include "aiot/units.hpp"
#include "render/diagnostics.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

using State = DeviceProgress::State;
constexpr std::chrono::milliseconds redraw_interval{100};
/// A device that has not moved for this long is said to be silent.
constexpr std::chrono::seconds silence{5};
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
    draw(devices, now);
  }
  void tick(const std::vector<DeviceProgress>& devices, std::chrono::nanoseconds now) override {
    const bool silent = std::any_of(devices.begin(), devices.end(), [&](const DeviceProgress& d) {
      return d.state == State::running && now - d.moved_at >= silence;
    });
    if (silent && drawn_ > 0) draw(devices, now);
  }
  void clear() override {
    if (drawn_ == 0) return;
    err_ << fmt::format("\x1b[{}A\r\x1b[J", drawn_) << std::flush;
    drawn_ = 0;
  }

 private:
  void draw(const std::vector<DeviceProgress>& devices, std::chrono::nanoseconds now) {
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
    for (const auto* d : shown) text += line(*d, label, columns, now) + "\x1b[K\n";
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

  std::string line(const DeviceProgress& d, std::size_t label, std::size_t columns,
                   std::chrono::nanoseconds now) const {
    std::string head = short_label(d.device, label);
    head += std::string(label - text_width(head) + 1, ' ');
    const std::string percent = fmt::format(" {:3.0f}% ", d.fraction() * 100);
    const std::string tail = d.state == State::failed ? "failed: " + d.ending
                             : d.state == State::done ? std::string("done")
                                                      : step_text(d, now);
    // The last column stays free: writing there makes some terminals wrap.
    const std::size_t usable = columns > 1 ? columns - 1 : 1;
    // Equal for all devices, whatever follows: what is not bar is text.
    const std::size_t fixed = text_width(head) + 2 + text_width(percent);
    std::size_t bar = usable > fixed ? (usable - fixed) * 2 / 5 : 0;
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

  /// "write  184.0 KiB/s  0:10 left"
  static std::string step_text(const DeviceProgress& d, std::chrono::nanoseconds now) {
    using std::chrono::duration_cast;
    using std::chrono::seconds;
    if (now - d.moved_at >= silence) {
      return fmt::format("{}  no answer for {} s", d.step,
                         duration_cast<seconds>(now - d.moved_at).count());
    }
    const double rate = d.rate();
    if (rate <= 0) return d.step;
    std::string text = d.step;
    if (d.unit == "B") {
      text += fmt::format("  {}/s", format_size(static_cast<std::uint64_t>(rate)));
    }
    const auto left =
        static_cast<std::uint64_t>(static_cast<double>(d.total - std::min(d.done, d.total)) / rate);
    return text + fmt::format("  {}:{:02} left", left / 60, left % 60);
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

namespace {

constexpr std::chrono::seconds longest_silence{5};

class Lines final : public Progress {
 public:
  explicit Lines(std::ostream& err) : err_(err) {}

  void update(const std::vector<DeviceProgress>& devices, std::size_t changed,
              std::chrono::nanoseconds now) override {
    const DeviceProgress& d = devices[changed];
    Said& said = said_[d.device];
    if (d.state != DeviceProgress::State::running) {
      // A failure's message comes with the errors at the end.
      say(d, d.state == DeviceProgress::State::done ? "done" : "failed");
      return;
    }
    if (d.step != said.step) {
      said = {d.step, 0, now};
      say(d, d.step);
    }
    if (d.total == 0) return;
    const int tenth = static_cast<int>(d.done * 10 / d.total);
    if (tenth <= said.tenth && now - said.at < longest_silence) return;
    if (d.done == 0) return;
    said.tenth = tenth;
    said.at = now;
    const std::string amount =
        d.unit == "B" ? fmt::format("{} of {}", format_size(d.done), format_size(d.total))
                      : fmt::format("{} of {} {}", d.done, d.total, d.unit);
    say(d, fmt::format("{} {}% ({})", d.step, d.done * 100 / d.total, amount));
  }
  void tick(const std::vector<DeviceProgress>&, std::chrono::nanoseconds) override {}
  void clear() override {}

 private:
  struct Said {
    std::string step;
    int tenth = 0;
    std::chrono::nanoseconds at{0};
  };

  void say(const DeviceProgress& d, const std::string& text) {
    err_ << escape_controls(d.device) << ": " << escape_controls(text) << '\n';
  }

  std::ostream& err_;
  std::map<std::string, Said> said_;
};

}  // namespace

std::unique_ptr<Progress> make_lines(std::ostream& err) { return std::make_unique<Lines>(err); }

double DeviceProgress::fraction() const {
  if (state == State::done) return 1;
  if (total == 0) return 0;
  return static_cast<double>(std::min(done, total)) / static_cast<double>(total);
}

double DeviceProgress::rate() const {
  constexpr std::chrono::milliseconds shortest{500};
  const std::chrono::duration<double> took = moved_at - first_at;
  if (total == 0 || took < shortest || done <= first_done) return 0;
  return static_cast<double>(done - first_done) / took.count();
}

}  // namespace aiot::cli::render
