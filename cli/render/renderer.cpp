#include "render/renderer.hpp"

#include "render/exit.hpp"

namespace aiot::cli::render {

Renderer::Renderer(Options options) : options_(std::move(options)), start_(clock()) {}

std::chrono::nanoseconds Renderer::clock() const {
  return options_.now ? options_.now() : std::chrono::steady_clock::now().time_since_epoch();
}

std::chrono::nanoseconds Renderer::elapsed() const { return clock() - start_; }

void Renderer::on_event(const Event& event) {
  if (log_) log_->on_event(event);
  show(event);
}

bool Renderer::item_is_due() {
  constexpr std::chrono::milliseconds longest_hold{20};
  if (!hold_items_) return true;
  const std::chrono::nanoseconds now = elapsed();
  if (now - last_flush_ < longest_hold) return false;
  last_flush_ = now;
  return true;
}

int Renderer::finish(const Outcome& outcome) {
  const int exit = exit_code(outcome, options_.signals ? options_.signals->exit_code() : 0);
  end(outcome, exit);
  return exit;
}

std::unique_ptr<Renderer> make_renderer(Format format, std::ostream& out, std::ostream& err,
                                        Options options) {
  switch (format) {
    case Format::json: return make_json_renderer(out, err, std::move(options));
    case Format::jsonl: return make_jsonl_renderer(out, err, std::move(options));
    case Format::text: break;
  }
  return make_text_renderer(out, err, std::move(options));
}

}  // namespace aiot::cli::render
