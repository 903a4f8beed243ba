#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <variant>
#include <vector>

#include "aiot/event.hpp"
#include "aiot/result.hpp"
#include "fleet/fleet.hpp"

/// A job's errors and result, and its events as words.
namespace aiot::fleet::test {

enum class Errc { stopped = 1, late, broken, none, twice, shared };
inline boost::system::error_code make_error_code(Errc e) noexcept {
  static constexpr auto row = [](Errc code, std::string_view name, Condition condition) {
    return ErrorRow{static_cast<int>(code), name, name, condition};
  };
  static constexpr std::array rows = {row(Errc::stopped, "test.stopped", Condition::cancelled),
                                      row(Errc::late, "test.late", Condition::timeout),
                                      row(Errc::broken, "test.broken", Condition::protocol),
                                      row(Errc::none, "test.none", Condition::usage),
                                      row(Errc::twice, "test.twice", Condition::usage),
                                      row(Errc::shared, "test.shared", Condition::usage)};
  static const ErrorTable table("test", rows);
  return {static_cast<int>(e), table};
}

struct TestResult {
  std::string chip;
  double seconds = 0;
};
inline SchemaInfo schema_of(const TestResult&) { return {"aiot.test/1", "a test"}; }
inline void describe(FieldVisitor& v, TestResult& result) {
  v("chip", result.chip, "name", Presence::if_set);
  v("seconds", result.seconds, "of the whole job");
}

inline Batch test_batch(net::Clock& clock = net::steady_clock()) {
  Batch batch;
  batch.job = "test job";
  batch.errors = {make_error_code(Errc::none), make_error_code(Errc::twice),
                  make_error_code(Errc::shared), make_error_code(Errc::stopped),
                  make_error_code(Errc::late)};
  batch.clock = &clock;
  return batch;
}

/// Each event as one line.
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
  static std::string words(const event::Finished& e) {
    return "finished " + std::string(e.result.schema());
  }
  static std::string words(const event::Failed& e) {
    return "failed [" + e.step + "] " + std::string(e.error.stable_code());
  }
};

}  // namespace aiot::fleet::test

template <>
struct boost::system::is_error_code_enum<aiot::fleet::test::Errc> : std::true_type {};
