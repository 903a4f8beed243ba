#include <algorithm>
#include <array>

#include "job/ota/protocol.hpp"

namespace aiot::ota {
namespace {

constexpr std::array<std::string_view, 6> smp_schemes = {"udp",     "serial", "usb",
                                                         "rfc2217", "tcp",    "ble"};
constexpr std::array<std::string_view, 1> arduino_schemes = {"arduino"};
constexpr std::array<std::string_view, 1> esphome_schemes = {"esphome"};
constexpr std::array<std::string_view, 2> http_schemes = {"http", "https"};

/// One row for each: NAME, the schemes of its addresses, what it sends, its session.
constexpr std::array<Protocol, 4> table = {{
    {"smp", smp_schemes, ImageFormat::mcuboot, push_smp},
    {"arduino", arduino_schemes, ImageFormat::esp, push_arduino},
    {"esphome", esphome_schemes, ImageFormat::esp, push_esphome},
    {"http", http_schemes, ImageFormat::esp, push_http},
}};

}  // namespace

std::span<const Protocol> protocols() { return table; }

const Protocol* protocol_of(const Address& address) {
  const auto found = std::ranges::find_if(table, [&](const Protocol& protocol) {
    return std::ranges::find(protocol.schemes, address.scheme) != protocol.schemes.end();
  });
  return found == table.end() ? nullptr : &*found;
}

std::span<const std::string_view> push_schemes() {
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> out;
    for (const Protocol& protocol : table) {
      out.insert(out.end(), protocol.schemes.begin(), protocol.schemes.end());
    }
    return out;
  }();
  return all;
}

std::function<void(std::uint64_t, std::uint64_t)> upload_progress(fleet::DeviceRun& run,
                                                                  PushResult& result) {
  return [&, begin = run.clock().now()](std::uint64_t done, std::uint64_t total) {
    result.sent_bytes = done;
    result.upload_seconds = std::chrono::duration<double>(run.clock().now() - begin).count();
    run.progress(done, total);
  };
}

}  // namespace aiot::ota
