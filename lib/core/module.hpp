#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "aiot/result.hpp"

namespace aiot {

/// A shared library opened when it is first needed: what few commands use and weighs much stays out
/// of start-up, and its absence is an error with a name.
class Module {
 public:
  /// `file` is what the dynamic linker looks for ("libdw.so.1"), `package` what brings it
  /// ("libdw1"). Condition::resource when it is not there.
  static Result<Module> open(const std::string& file, std::string_view package);

  /// The function `name` as `F*`, nullptr when this version has none:
  /// `auto begin = module.function<decltype(::dwfl_begin)>("dwfl_begin");`
  template <class F>
  F* function(const char* name) const {
    return reinterpret_cast<F*>(symbol(name));
  }

 private:
  explicit Module(std::shared_ptr<void> handle) : handle_(std::move(handle)) {}
  void* symbol(const char* name) const;
  std::shared_ptr<void> handle_;
};

}  // namespace aiot
