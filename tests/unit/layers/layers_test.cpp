#include <doctest/doctest.h>

#include "rules.hpp"
#include "tree.hpp"

using aiot::layers::files_under;
using aiot::layers::includes_of;
using aiot::layers::is_cpp;
using aiot::layers::text_of;
using aiot::layers::violation;

TEST_CASE("includes are found however they are written") {
  const auto found = includes_of(
      "#include <vector>\n  #  include \"aiot/bytes.hpp\"  // why\n// #include <no>\n#define X\n"
      "#include MACRO\n#include <last>");
  CHECK(found == std::vector<std::string>{"<vector>", "\"aiot/bytes.hpp\"", "<last>"});
}

TEST_CASE("the arrows let through what the design allows") {
  const std::pair<const char*, const char*> allowed[] = {
      {"lib/core/text.cpp", "\"core/error_codes.hpp\""},
      {"lib/core/text.cpp", "<fmt/format.h>"},
      {"lib/include/aiot/error.hpp", "<boost/system/error_code.hpp>"},
      {"lib/include/aiot/flash.hpp", "\"aiot/address.hpp\""},
      {"lib/crypto/digest.cpp", "<openssl/evp.h>"},
      {"lib/net/tls.cpp", "<openssl/ssl.h>"},
      {"lib/net/tcp.cpp", "<boost/asio/ip/tcp.hpp>"},
      {"lib/net/serial.cpp", "<sys/ioctl.h>"},
      {"lib/protocol/esp/loader.cpp", "\"protocol/esp/slip.hpp\""},
      {"lib/protocol/esp/loader.hpp", "\"crypto/digest.hpp\""},
      {"lib/job/flash/session.cpp", "\"protocol/esp/loader.hpp\""},
      {"lib/job/flash/session.cpp", "\"image/esp_image.hpp\""},
      {"lib/sim/pacing.cpp", "\"protocol/esp/device.hpp\""},
      {"cli/command/flash.cpp", "\"aiot/flash.hpp\""},
      {"cli/main.cpp", "\"cli/run.hpp\""},
      {"cli/run.cpp", "<CLI/CLI.hpp>"},
  };
  for (const auto& [file, include] : allowed) {
    CAPTURE(file);
    CAPTURE(include);
    CHECK(violation(file, include) == "");
  }
}

TEST_CASE("the arrows stop what the design forbids") {
  const std::pair<const char*, const char*> forbidden[] = {
      {"lib/include/aiot/flash.hpp", "<boost/asio/awaitable.hpp>"},
      {"lib/include/aiot/flash.hpp", "<fmt/format.h>"},
      {"lib/include/aiot/flash.hpp", "\"net/link.hpp\""},
      {"lib/include/aiot/config.hpp", "<yaml-cpp/yaml.h>"},
      {"lib/core/text.cpp", "<boost/asio/ip/tcp.hpp>"},
      {"lib/core/text.cpp", "\"crypto/digest.hpp\""},
      {"lib/crypto/digest.cpp", "\"image/esp_image.hpp\""},
      {"lib/config/load.cpp", "\"net/link.hpp\""},
      {"lib/image/elf.cpp", "\"net/link.hpp\""},
      {"lib/image/elf.cpp", "<openssl/evp.h>"},
      {"lib/net/tcp.cpp", "<openssl/ssl.h>"},
      {"lib/net/tcp.cpp", "\"protocol/esp/slip.hpp\""},
      {"lib/protocol/esp/loader.cpp", "\"job/flash/session.hpp\""},
      {"lib/protocol/esp/loader.cpp", "\"protocol/smp/frame.hpp\""},
      {"lib/protocol/esp/loader.cpp", "\"image/esp_image.hpp\""},
      {"lib/protocol/esp/loader.cpp", "\"slip.hpp\""},
      {"lib/protocol/esp/loader.cpp", "\"../../net/link.hpp\""},
      {"lib/job/flash/session.cpp", "\"sim/pacing.hpp\""},
      {"lib/job/flash/session.cpp", "\"job/ota/campaign.hpp\""},
      {"lib/sim/pacing.cpp", "\"job/flash/session.hpp\""},
      {"lib/sim/pacing.cpp", "<yaml-cpp/yaml.h>"},
      {"lib/job/flash/session.cpp", "<CLI/CLI.hpp>"},
      {"lib/net/tcp.cpp", "<boost/beast/http.hpp>"},
      {"lib/core/text.cpp", "<boost/algorithm/string.hpp>"},
      {"lib/newroom/x.cpp", "\"core/text.hpp\""},
      {"cli/command/flash.cpp", "\"net/link.hpp\""},
      {"cli/command/flash.cpp", "<boost/asio/awaitable.hpp>"},
      {"cli/command/flash.cpp", "<aiot/flash.hpp>"},
  };
  for (const auto& [file, include] : forbidden) {
    CAPTURE(file);
    CAPTURE(include);
    CHECK(violation(file, include) != "");
  }
}

TEST_CASE("each file follows the arrows") {
  std::size_t includes = 0;
  for (const char* folder : {"lib", "cli"}) {
    for (const auto& file : files_under(folder)) {
      if (!is_cpp(file)) continue;
      for (const auto& include : includes_of(text_of(file))) {
        ++includes;
        const auto reason = violation(file, include);
        CHECK_MESSAGE(reason.empty(), file << " includes " << include << ": " << reason);
      }
    }
  }
  CHECK(includes > 50);  // the tree was found
}
