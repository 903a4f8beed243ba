#include "core/module.hpp"

#include <dlfcn.h>

#include "core/error_codes.hpp"

namespace aiot {

Result<Module> Module::open(const std::string& file, std::string_view package) {
  // It stays to the end of the process: what some allocate for good when they are loaded (XNNPACK and
  // its cpuinfo) would else be lost, and allocated once more the next time.
  void* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    return make_error(core::Errc::no_module, file,
                      "install the package " + std::string(package) + ", which brings it");
  }
  return Module(std::shared_ptr<void>(handle, [](void* opened) { ::dlclose(opened); }));
}

void* Module::symbol(const char* name) const { return ::dlsym(handle_.get(), name); }

Error too_old(const std::string& file, const char* function, std::string_view wanted) {
  return make_error(core::Errc::no_module, file + " has no " + function,
                    "install " + std::string(wanted) + " or later");
}

}  // namespace aiot
