#pragma once

#include <doctest/doctest.h>

#include "aiot/result.hpp"

/// A failed CHECK(result) shows the error's text.
template <class T>
struct doctest::StringMaker<aiot::Result<T>> {
  static doctest::String convert(const aiot::Result<T>& result) {
    return result ? "a value" : ("error: " + result.error().message()).c_str();
  }
};
