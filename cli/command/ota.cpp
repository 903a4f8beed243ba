#include "command/ota.hpp"

#include "command/commands.hpp"

namespace aiot::cli::command {

Command ota() {
  return {
      .name = "ota",
      .summary = "update devices that run",
      .description =
          "Updates go over the link that a device's firmware serves, without its loader.",
      .examples = {{"ota push udp://192.168.1.40 zephyr.signed.bin",
                    "Send an image, boot it, and check that it runs"}},
      .commands = {ota_keygen(), ota_init(), ota_key(), ota_add(), ota_refresh(), ota_status(),
                   ota_sign(), ota_verify(), ota_serve(), ota_push(), ota_smp(), ota_install(),
                   ota_slot(), ota_confirm()},
  };
}

}  // namespace aiot::cli::command
