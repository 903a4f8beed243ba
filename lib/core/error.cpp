#include "aiot/error.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "aiot/bytes.hpp"

namespace aiot {
namespace {

struct ConditionCategory final : boost::system::error_category {
  const char* name() const noexcept override { return "aiot.condition"; }
  std::string message(int value) const override {
    switch (static_cast<Condition>(value)) {
      case Condition::internal: return "internal error";
      case Condition::usage: return "usage";
      case Condition::invalid_input: return "invalid input file or configuration";
      case Condition::no_match: return "no matching device";
      case Condition::resource: return "a port, file or disk could not be used";
      case Condition::timeout: return "timed out, or the link was lost";
      case Condition::refused_security: return "refused for security";
      case Condition::protocol: return "the device refused, or broke the protocol";
      case Condition::mismatch: return "verification mismatch";
      case Condition::partial: return "some devices failed";
      case Condition::confirmation: return "confirmation needed";
      case Condition::not_recorded: return "done, but not recorded";
      case Condition::cancelled: return "stopped";
    }
    return "unknown";
  }
};

}  // namespace

const boost::system::error_category& condition_category() noexcept {
  static const ConditionCategory category;
  return category;
}

boost::system::error_condition make_error_condition(Condition c) noexcept {
  return {static_cast<int>(c), condition_category()};
}

const ErrorRow* ErrorTable::find(int value) const noexcept {
  auto it = std::find_if(rows_.begin(), rows_.end(),
                         [value](const ErrorRow& row) { return row.value == value; });
  return it == rows_.end() ? nullptr : &*it;
}

std::string ErrorTable::message(int value) const {
  const ErrorRow* row = find(value);
  return row ? std::string(row->message) : fmt::format("unknown {} error {}", name_, value);
}

boost::system::error_condition ErrorTable::default_error_condition(int value) const noexcept {
  const ErrorRow* row = find(value);
  return make_error_condition(row ? row->condition : Condition::internal);
}

Error Error::with(std::string_view step) && {
  context = context.empty() ? std::string(step) : fmt::format("{}: {}", step, context);
  return std::move(*this);
}

Error Error::with_peer_text(std::string text) && {
  peer_text = std::move(text);
  return std::move(*this);
}

Error Error::with_hint(std::string next) && {
  if (hint.empty()) hint = std::move(next);
  return std::move(*this);
}

std::string Error::message() const {
  std::string text = escape_controls(context);
  if (!text.empty()) text += ": ";
  text += code.message();
  if (!peer_text.empty()) text += fmt::format(" (it said \"{}\")", escape_controls(peer_text));
  return text;
}

std::string Error::stable_code() const {
  if (const auto* table = dynamic_cast<const ErrorTable*>(&code.category())) {
    if (const ErrorRow* row = table->find(code.value())) return std::string(row->code);
  }
  if (code.category() == boost::system::system_category() ||
      code.category() == boost::system::generic_category()) {
    return fmt::format("system.{}", code.value());
  }
  return fmt::format("{}.{}", code.category().name(), code.value());
}

Condition Error::condition() const {
  const auto condition = code.default_error_condition();
  if (condition.category() == condition_category()) {
    return static_cast<Condition>(condition.value());
  }
  namespace errc = boost::system::errc;
  if (condition == errc::operation_canceled) return Condition::cancelled;
  if (condition == errc::timed_out) return Condition::timeout;
  if (condition.category() == boost::system::generic_category()) return Condition::resource;
  return Condition::internal;
}

bool Error::retryable() const {
  if (const auto* table = dynamic_cast<const ErrorTable*>(&code.category())) {
    if (const ErrorRow* row = table->find(code.value())) return row->retryable;
  }
  return false;
}

}  // namespace aiot
