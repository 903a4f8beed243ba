#include "command/ota.hpp"

#include "command/commands.hpp"

namespace aiot::cli::command {

Command ota() {
  return {
      .name = "ota",
      .summary = "sign, serve, push and install updates",
      .description =
          "Updates go to devices that run, over the link that their firmware serves: pushed by "
          "this "
          "machine, or fetched from a signed repository that a server has.",
      .examples = {{"ota push udp://192.168.1.40 zephyr.signed.bin",
                    "Send an image, boot it, and check that it runs"},
                   {"ota serve updates --self-signed", "Serve a repository over TLS"}},
      .commands = {ota_keygen(), ota_init(), ota_key(), ota_add(), ota_refresh(), ota_status(),
                   ota_sign(), ota_verify(), ota_serve(), ota_push(), ota_smp(), ota_install(),
                   ota_slot(), ota_confirm()},
  };
}

}  // namespace aiot::cli::command
