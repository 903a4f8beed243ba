#pragma once

#include <boost/system/result.hpp>
#include <utility>

#include "aiot/error.hpp"

namespace aiot {

/// A value, or the Error that kept it from being made.
template <class T>
class [[nodiscard]] Result : public boost::system::result<T, Error> {
  using Base = boost::system::result<T, Error>;

 public:
  using Base::Base;
  /// Adds `step` to the error, if it is one.
  Result with(std::string_view step) && {
    if (this->has_value()) return std::move(*this);
    return std::move(*this).error().with(step);
  }
};

template <class E>
Error make_error(E code, std::string context = {}, std::string hint = {}) {
  return Error(make_error_code(code), std::move(context), std::move(hint));
}

}  // namespace aiot

// NOLINTBEGIN(cppcoreguidelines-macro-usage)
#define AIOT_CAT_(a, b) a##b
#define AIOT_CAT(a, b) AIOT_CAT_(a, b)
#define AIOT_TRY_IMPL(ret, tmp, decl, ...) \
  auto tmp = (__VA_ARGS__);                \
  if (!tmp) ret std::move(tmp).error();    \
  decl = *std::move(tmp)
#define AIOT_CHECK_IMPL(ret, tmp, ...) \
  auto tmp = (__VA_ARGS__);            \
  if (!tmp) ret std::move(tmp).error()

/// `AIOT_TRY(auto value, expression)`: the value, or returns the error to the caller.
#define AIOT_TRY(decl, ...) AIOT_TRY_IMPL(return, AIOT_CAT(aiot_r_, __LINE__), decl, __VA_ARGS__)
/// The same for a Result<void>.
#define AIOT_CHECK(...) AIOT_CHECK_IMPL(return, AIOT_CAT(aiot_r_, __LINE__), __VA_ARGS__)
/// The same two inside a coroutine.
#define AIOT_CO_TRY(decl, ...) \
  AIOT_TRY_IMPL(co_return, AIOT_CAT(aiot_r_, __LINE__), decl, __VA_ARGS__)
#define AIOT_CO_CHECK(...) AIOT_CHECK_IMPL(co_return, AIOT_CAT(aiot_r_, __LINE__), __VA_ARGS__)
// NOLINTEND(cppcoreguidelines-macro-usage)
