#include <fmt/format.h>

#include <map>
#include <ostream>

#include "aiot/bytes.hpp"
#include "aiot/units.hpp"
#include "render/progress.hpp"

namespace aiot::cli::render {
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

}  // namespace aiot::cli::render
