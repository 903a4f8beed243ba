#include <algorithm>
#include <array>

#include "aiot/config.hpp"

namespace aiot {
namespace {

// Sorted by name; `Config` looks keys up by position.
constexpr std::array<ConfigKey, 24> keys = {{
    {"discover.except", "string", "", "ways to look that are left out, with commas: ble,wifi"},
    {"discover.keys", "path", "", "file with the bind keys of encrypted adverts", true},
    {"discover.timeout", "duration", "3s", "how long a search takes"},
    {"flash.after", "string", "reset",
     "what to leave behind: the application running, or the loader", false, "reset|loader"},
    {"flash.baud", "integer", "0", "serial speed in bits a second; 0 finds the fastest that works"},
    {"flash.before", "string", "auto", "how to bring the chip into its loader", false,
     "auto|classic|usb-jtag|none"},
    {"flash.chip", "string", "auto", "the chip that must be there; auto detects"},
    {"flash.jobs", "integer", "0", "devices served at once; 0 serves all"},
    {"flash.stub_dir", "path", "", "folder with flasher stubs; empty looks in the data folders",
     true},
    {"listen.baud", "integer", "115200", "serial speed in bits a second"},
    {"listen.ca", "path", "", "certificate authorities for TLS (PEM)", true},
    {"listen.cert", "path", "", "client certificate for TLS (PEM)", true},
    {"listen.credentials", "path", "", "YAML file with user and password for a broker", true},
    {"listen.escape_key", "string", "ctrl-t", "the key that starts a command to aiotctl in keyboard mode",
     true},
    {"listen.idle", "duration", "200ms", "how long nothing must follow for a message to be whole"},
    {"listen.key", "path", "", "the client certificate's private key (PEM)", true},
    {"listen.raw", "string", "auto", "what of a device's control bytes may reach the terminal",
     true, "auto|none|colour|all"},
    {"listen.stamp", "string", "local", "what stands in front of each line", true,
     "local|utc|elapsed|none"},
    {"log_file", "path", "", "file that receives every event as text", true},
    {"output.color", "string", "auto", "colour on terminals", true, "auto|always|never"},
    {"output.format", "string", "text", "what standard output carries", true, "text|json|jsonl"},
    {"sim.flash_size", "size", "0", "flash of a virtual device; 0 for the chip's usual size"},
    {"sim.profile", "string", "", "timing profile of a virtual device; empty for the default"},
    {"timeout", "duration", "0",
     "time each device may take in all; 0 for the steps' own limits only"},
}};

}  // namespace

std::span<const ConfigKey> config_keys() { return keys; }

std::string config_variable(std::string_view key) {
  std::string name = "AIOT_";
  for (const char c : key) {
    name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  }
  return name;
}

}  // namespace aiot
