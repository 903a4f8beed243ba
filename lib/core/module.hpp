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

/// What is used of a library: the base of a struct that lists its functions, each once.
///
///     struct Library : ModuleFunctions {
///       using ModuleFunctions::ModuleFunctions;
///       AIOT_FUNCTION(begin, dwfl_begin);
///     };
///     Result<Library> library = load_functions<Library>("libdw.so.1", "libdw1", "libdw1 0.180");
class ModuleFunctions {
 public:
  explicit ModuleFunctions(Module module) : module_(std::move(module)) {}
  /// The first of them that this version has not; nullptr when it has all.
  const char* missing() const { return missing_; }

 protected:
  template <class F>
  F* find(const char* name) {
    F* found = module_.function<F>(name);
    if (found == nullptr && missing_ == nullptr) missing_ = name;
    return found;
  }

 private:
  Module module_;
  const char* missing_ = nullptr;
};

/// A member of a struct derived from ModuleFunctions: the function `symbol` of a C header.
#define AIOT_FUNCTION(member, symbol) decltype(::symbol)* member = find<decltype(::symbol)>(#symbol)

/// core::Errc::no_module for a library that lacks one of the functions; it names `wanted`.
Error too_old(const std::string& file, const char* function, std::string_view wanted);

/// Opens `file` of `package` and finds all that `Library` lists. `wanted` is the package and the
/// version that has it. core::Errc::no_module.
template <class Library>
Result<Library> load_functions(const std::string& file, std::string_view package,
                               std::string_view wanted) {
  AIOT_TRY(Module module, Module::open(file, package));
  Library library(std::move(module));
  if (library.missing() != nullptr) return too_old(file, library.missing(), wanted);
  return library;
}

}  // namespace aiot
