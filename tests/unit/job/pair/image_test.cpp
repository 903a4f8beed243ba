#include <doctest/doctest.h>
#include <dlfcn.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "aiot/pair.hpp"
#include "provisioning/error.hpp"
#include "skip.hpp"

using namespace aiot;
using namespace aiot::pair;

namespace {

/// A folder for pictures.
class Pictures {
 public:
  Pictures() {
    std::string folder = (std::filesystem::temp_directory_path() / "aiot-image-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
  }
  ~Pictures() { std::filesystem::remove_all(folder_); }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  /// Draws `code`; false without qrencode.
  bool draw(const std::string& name, const std::string& code, const std::string& options) const {
    const std::string line = "qrencode " + options + " -o '" + file(name) + "' '" + code + "'";
    return std::system(line.c_str()) == 0;
  }

 private:
  std::filesystem::path folder_;
};

bool have(const char* library) {
  void* handle = ::dlopen(library, RTLD_LAZY);
  if (handle != nullptr) ::dlclose(handle);
  return handle != nullptr;
}

}  // namespace

TEST_CASE("pair: a setup code from a picture") {
  if (!have("libzbar.so.0")) AIOT_SKIP("libzbar0 is not installed");
  if (std::system("command -v qrencode >/dev/null") != 0) AIOT_SKIP("qrencode is not installed");
  const Pictures pictures;
  const std::string code =
      R"({"ver":"v1","name":"PROV_1","username":"u","pop":"abcd1234","transport":"ble"})";
  for (const char* options : {"-s 4", "-s 3 -m 6 --foreground=203050 --background=E0FFF0",
                              "-s 4 --background=00000000", "-t PNG32 -s 5 -l H"}) {
    CAPTURE(options);
    REQUIRE(pictures.draw("code.png", code, options));
    const auto read = read_code_image(pictures.file("code.png"));
    REQUIRE(read.has_value());
    CHECK(*read == code);
  }
}

TEST_CASE("pair: what is no picture of a code") {
  if (!have("libpng16.so.16")) AIOT_SKIP("libpng16-16 is not installed");
  const Pictures pictures;
  std::ofstream(pictures.file("text.png")) << "not a picture";
  std::ofstream(pictures.file("cut.png"), std::ios::binary)
      << std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0", 29);
  for (const char* name : {"text.png", "cut.png", "missing.png"}) {
    CAPTURE(name);
    const auto read = read_code_image(pictures.file(name));
    REQUIRE(!read.has_value());
    CHECK(read.error().code == provisioning::Errc::bad_code);
    CHECK(read.error().message().find(name) != std::string::npos);
  }
}
