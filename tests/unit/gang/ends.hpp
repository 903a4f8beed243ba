#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <variant>
#include <vector>

#include "aiot/event.hpp"
#include "aiot/result.hpp"
#include "gang/gang.hpp"

/// A job's errors, and its events as words.
namespace aiot::gang::test {

enum class Ends { stopped = 1, late, broken, none, twice };
inline boost::system::error_code make_error_code(Ends e) noexcept {
  static constexpr auto row = [](Ends code, std::string_view name, Condition condition) {
    return ErrorRow{static_cast<int>(code), name, name, condition};
  };
  static constexpr std::array rows = {row(Ends::stopped, "test.stopped", Condition::cancelled),
                                      row(Ends::late, "test.late", Condition::timeout),
                                      row(Ends::broken, "test.broken", Condition::protocol),
                                      row(Ends::none, "test.none", Condition::usage),
                                      row(Ends::twice, "test.twice", Condition::usage)};
  static const ErrorTable table("test", rows);
  return {static_cast<int>(e), table};
}

inline Terms test_terms() {
  return {"test job", "aiot.test/1", make_error_code(Ends::stopped), make_error_code(Ends::late)};
}

/// Says in a line what each event is.
class Words final : public EventSink {
 public:
  void on_event(const Event& event) override {
    std::visit([this](const auto& one) { lines.push_back(one.device + " " + words(one)); }, event);
  }
  /// How often a line is there.
  std::ptrdiff_t count(const std::string& line) const {
    return std::count(lines.begin(), lines.end(), line);
  }
  std::vector<std::string> lines;

 private:
  static std::string words(const event::Started& e) { return "started " + e.job; }
  static std::string words(const event::Step& e) { return "step " + e.name; }
  static std::string words(const event::Progress& e) {
    return std::to_string(e.done) + "/" + std::to_string(e.total) + " " + e.unit;
  }
  static std::string words(const event::Log& e) { return "log " + e.text; }
  static std::string words(const event::Notice& e) { return e.code + " " + e.text + " " + e.hint; }
  static std::string words(const event::Item& e) { return "item " + e.kind; }
  static std::string words(const event::Finished& e) { return "finished " + std::string(e.result.schema()); }
  static std::string words(const event::Failed& e) {
    return "failed [" + e.step + "] " + std::string(e.error.stable_code());
  }
};

}  // namespace aiot::gang::test
