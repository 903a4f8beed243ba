#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/error_condition.hpp>
#include <span>
#include <string>
#include <string_view>

#include "aiot/export.hpp"

namespace aiot {

/// What an error means to the caller: the codes of every layer map to one of these.
enum class Condition {
  internal = 1,      ///< a bug; 0 is "no error"
  usage,             ///< the request itself is invalid
  invalid_input,     ///< an input file or the configuration is invalid
  no_match,          ///< no device, or not the requested device, is there
  resource,          ///< a port, file or disk could not be used
  timeout,           ///< timed out, or the link was lost
  refused_security,  ///< authentication, key or signature refused; a security setting forbids it
  protocol,          ///< the device refused, or broke the protocol
  mismatch,          ///< verification mismatch, or a limit failed
  partial,           ///< some devices failed
  confirmation,      ///< needs a confirmation that was not given
  not_recorded,      ///< the device is done, its record could not be stored
  cancelled,         ///< the user stopped it
};

AIOT_API const boost::system::error_category& condition_category() noexcept;
AIOT_API boost::system::error_condition make_error_condition(Condition c) noexcept;

/// One row of a layer's table of errors.
struct ErrorRow {
  int value;                 ///< the enumerator
  std::string_view code;     ///< stable, dotted, for machines: "port.busy"
  std::string_view message;  ///< for people, lower case, no full stop
  Condition condition;
  bool retryable = false;  ///< the same call may succeed when made again unchanged

  /// `e` is the enumerator: {Errc::port_busy, "port.busy", "the port is in use", Condition::resource}.
  template <class E>
  constexpr ErrorRow(E e, std::string_view its_code, std::string_view its_message, Condition c,
                     bool may_retry = false)
      : value(static_cast<int>(e)),
        code(its_code),
        message(its_message),
        condition(c),
        retryable(may_retry) {}
};

/// A layer's error category, made from its table.
class AIOT_API ErrorTable final : public boost::system::error_category {
 public:
  constexpr ErrorTable(const char* name, std::span<const ErrorRow> rows) noexcept
      : name_(name), rows_(rows) {}
  const char* name() const noexcept override { return name_; }
  std::string message(int value) const override;
  boost::system::error_condition default_error_condition(int value) const noexcept override;
  const ErrorRow* find(int value) const noexcept;

 private:
  const char* name_;
  std::span<const ErrorRow> rows_;
};

/// The error every Result carries.
struct AIOT_API Error {
  boost::system::error_code code;
  std::string context;    ///< what was being done, outermost first: "writing app: block 3"
  std::string peer_text;  ///< what the device said; hostile until escaped
  std::string hint;       ///< what to do next

  Error() = default;
  explicit Error(boost::system::error_code c, std::string ctx = {}, std::string next = {})
      : code(c), context(std::move(ctx)), hint(std::move(next)) {}

  /// Adds the step in which it happened, outside what is already known.
  Error with(std::string_view step) &&;
  Error with_peer_text(std::string text) &&;
  Error with_hint(std::string next) &&;

  /// "context: message", and the device's words in quotes, escaped.
  std::string message() const;
  /// The stable code, such as "port.busy"; "system.N" for an operating system error.
  std::string stable_code() const;
  Condition condition() const;
  bool retryable() const;
};

}  // namespace aiot

template <>
struct boost::system::is_error_condition_enum<aiot::Condition> : std::true_type {};
