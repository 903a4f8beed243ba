#include "config/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "config/errors.hpp"

namespace aiot::config {
namespace {

constexpr std::string_view shape_hint =
    "write settings as `flash.baud: 921600`, or in one level of sections";

/// Thrown through yaml-cpp, which offers no other way to stop it.
struct Refused {
  int line;
  std::string why;
};

class Collector final : public YAML::EventHandler {
 public:
  std::vector<Entry> entries;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    // A document of nothing but comments is one null.
    if (depth_ == 0) return;
    if (!key_) refuse(mark, "a setting has no name");
    refuse(mark, fmt::format("\"{}\" has no value", path()));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases (*name) are not taken");
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    if (anchor != 0) refuse(mark, "anchors (&name) are not taken");
    if (depth_ == 0) refuse(mark, "expected settings, found plain text");
    if (!key_) {
      if (value.empty()) refuse(mark, "a setting has no name");
      key_ = value;
      return;
    }
    entries.push_back({path(), value, mark.line + 1});
    key_.reset();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    refuse(mark, "lists are not taken");
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    if (anchor != 0) refuse(mark, "anchors (&name) are not taken");
    if (depth_ == 2) refuse(mark, "sections go one level deep");
    if (depth_ == 1) {
      if (!key_) refuse(mark, "a section needs a name");
      section_ = *key_;
      key_.reset();
    }
    ++depth_;
  }
  void OnMapEnd() override {
    if (--depth_ == 1) section_.clear();
  }

 private:
  std::string path() const { return section_.empty() ? *key_ : section_ + "." + *key_; }
  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string why) {
    throw Refused{mark.line + 1, std::move(why)};
  }

  int depth_ = 0;
  std::string section_;
  std::optional<std::string> key_;
};

}  // namespace

Result<std::vector<Entry>> parse_yaml(std::string_view text, const std::string& name) {
  const auto fail = [&](int line, std::string_view why) {
    return make_error(Errc::syntax, fmt::format("{}:{}: {}", name, line, why),
                      std::string(shape_hint));
  };
  // yaml-cpp nests one call a bracket; a deep file would cost the stack before our depth check.
  if (std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{'; }) > 64) {
    return fail(1, "too many brackets");
  }
  std::istringstream stream{std::string(text)};
  Collector collector;
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(collector)) return std::move(collector.entries);
    Collector rest;
    if (parser.HandleNextDocument(rest)) return fail(1, "one YAML document is expected");
  } catch (const Refused& refused) {
    return fail(refused.line, refused.why);
  } catch (const YAML::Exception& e) {
    return fail(e.mark.line + 1, e.msg);
  }
  return std::move(collector.entries);
}

}  // namespace aiot::config
