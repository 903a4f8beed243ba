#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "aiot/bytes.hpp"
#include "render/diagnostics.hpp"
#include "render/exit.hpp"
#include "render/progress.hpp"
#include "render/renderer.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

/// For people: progress and diagnostics on stderr while it runs, the result on stdout at the end.
class TextRenderer final : public Renderer {
 public:
  TextRenderer(std::ostream& out, std::ostream& err, Options given)
      : Renderer(std::move(given)), out_(out), err_(err) {
    const Terminal& terminal = options().terminal;
    if (options().quiet) return;
    progress_ = terminal.err && !terminal.dumb ? make_bars(err, terminal, options().color_err)
                                               : make_lines(err);
  }

 private:
  void show(const Event& event) override {
    std::visit([this](const auto& e) { take(e); }, event);
  }
  void take(const event::Started& e) { changed(device(e.device)); }
  void take(const event::Step& e) {
    DeviceProgress& d = device(e.device);
    d.step = e.name;
    d.done = d.total = 0;
    changed(d);
  }
  void take(const event::Progress& e) {
    DeviceProgress& d = device(e.device);
    d.done = e.done;
    d.total = e.total;
    d.unit = e.unit;
    changed(d);
  }
  void take(const event::Log& e) {
    const int needed = e.level == event::Level::debug ? 2 : e.level == event::Level::info ? 1 : 0;
    if (options().quiet || options().verbosity < needed) return;
    interrupt();
    const std::string from = e.device.empty() ? "" : escape_controls(e.device) + ": ";
    const char* kind = e.level == event::Level::warning ? "warning: " : "";
    err_ << from << styled(kind, "1;33", options().color_err && *kind) << escape_controls(e.text)
         << '\n';
  }
  void take(const event::Notice& e) {
    if (options().quiet) return;
    interrupt();
    print_notice(err_, e, options().color_err);
  }
  void take(const event::Item& e) {
    const std::string text = text_of(e);
    if (text.empty()) return;
    interrupt();
    out_ << text;
    if (item_is_due()) out_.flush();
  }
  void take(const event::Finished& e) {
    DeviceProgress& d = device(e.device);
    d.state = DeviceProgress::State::done;
    changed(d);
  }
  void take(const event::Failed& e) {
    DeviceProgress& d = device(e.device);
    d.state = DeviceProgress::State::failed;
    d.ending = e.error.message();
    changed(d);
  }

  DeviceProgress& device(const std::string& name) {
    const auto it = std::find_if(devices_.begin(), devices_.end(),
                                 [&](const DeviceProgress& d) { return d.device == name; });
    if (it != devices_.end()) return *it;
    DeviceProgress& added = devices_.emplace_back();
    added.device = name;
    return added;
  }
  void changed(const DeviceProgress& d) {
    if (!progress_) return;
    progress_->update(devices_, static_cast<std::size_t>(&d - devices_.data()), elapsed());
  }
  void interrupt() {
    if (progress_) progress_->clear();
  }

  void flush_items() override { out_.flush(); }
  void end(const Outcome& outcome, int) override {
    interrupt();
    if (outcome.text) {
      outcome.text(out_);
    } else if (outcome.record) {
      const Terminal& terminal = options().terminal;
      const std::size_t width = terminal.out && terminal.columns ? terminal.columns() : 0;
      out_ << describe(outcome.record.fields(), width);
    }
    out_.flush();
    for (const Failure& failure : outcome.failures) {
      print_failure(err_, failure, options().color_err);
    }
    if (outcome.devices > 1 && !outcome.failures.empty()) {
      err_ << fmt::format("{} of {} {}s failed\n", failed_devices(outcome), outcome.devices,
                          outcome.noun);
    }
  }

  std::ostream& out_;
  std::ostream& err_;
  std::unique_ptr<Progress> progress_;
  std::vector<DeviceProgress> devices_;
};

}  // namespace

std::unique_ptr<Renderer> make_text_renderer(std::ostream& out, std::ostream& err,
                                             Options options) {
  return std::make_unique<TextRenderer>(out, err, std::move(options));
}

}  // namespace aiot::cli::render
