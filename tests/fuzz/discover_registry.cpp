// Sightings of devices that share identities in every way, that end, fade, and whose MACs become
// known later: each change is of a device that was reported, a device that is no more is reported
// so once, and all ids differ.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include "job/discover/registry.hpp"

using namespace aiot;
using namespace aiot::discover;

namespace {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  std::uint8_t take() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

std::string mac_text(unsigned number) { return "24:0a:c4:00:00:0" + std::to_string(number % 6); }
std::string ip_text(unsigned number) { return "192.0.2." + std::to_string(number % 6); }

Identity identity_of(std::uint8_t byte) {
  const unsigned number = byte >> 3;
  switch (byte & 7) {
    case 0: return {IdentityKind::mac, mac_text(number)};
    case 1: return {IdentityKind::serial, std::to_string(number % 4), "maker"};
    case 2: return {IdentityKind::instance, std::to_string(number % 4) + "._hap._tcp.local"};
    case 3: return {IdentityKind::hardware_id, std::to_string(number % 4), "miio"};
    case 4: return {IdentityKind::address, ip_text(number)};
    case 5: return {IdentityKind::port, "/dev/ttyUSB" + std::to_string(number % 4)};
    case 6: return {IdentityKind::host, "host" + std::to_string(number % 3) + ".local"};
    default: return {IdentityKind::instance, std::string(1, static_cast<char>(byte))};
  }
}

Observation observation_of(Input& input) {
  constexpr std::array<const char*, 4> sources = {"mdns", "ble", "miio", "ssdp"};
  const std::uint8_t kind = input.take();
  Observation out;
  out.source = sources[kind % sources.size()];
  out.gone = (kind & 0x40) != 0;
  for (unsigned i = 0; i < 1U + (kind >> 2) % 4; ++i) {
    out.identities.push_back(identity_of(input.take()));
    const Identity& identity = out.identities.back();
    if (identity.kind == IdentityKind::address) out.ips.push_back(identity.value);
    if (identity.kind == IdentityKind::host) out.hosts.push_back(identity.value);
    if (identity.kind == IdentityKind::mac) out.macs.push_back(identity.value);
  }
  if ((kind & 0x80) != 0) claim(out.name, std::string(1, static_cast<char>(input.take())), 0.5);
  return out;
}

void check(std::vector<Change> changes, std::set<std::string>& reported, const Registry& registry) {
  for (const Change& change : changes) {
    if (change.id.empty()) std::abort();
    if (change.record) {
      reported.insert(change.id);
      if (change.record->id != change.id) std::abort();
    } else if (reported.erase(change.id) != 1 || change.reason.empty() ||
               (change.reason == "merged") == change.merged_into.empty()) {
      std::abort();
    }
  }
  if (reported.size() != registry.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, std::min<std::size_t>(size, 4096));
  std::array<std::string, 6> neighbours;
  Network network;
  network.mac_of = [&](const std::string& ip) {
    return neighbours[static_cast<std::size_t>(ip.back() - '0') % neighbours.size()];
  };
  network.is_own = [](const std::string& ip) { return ip == ip_text(5); };
  network.vendor_of = [](const std::string&) { return std::nullopt; };
  Registry registry(std::move(network));
  std::set<std::string> reported;
  Moment now{};
  while (!input.empty()) {
    const std::uint8_t what = input.take();
    now += std::chrono::seconds(what >> 4);
    switch (what & 7) {
      case 0: check(registry.take_changes(), reported, registry); break;
      case 1:
        neighbours[(what >> 3) % neighbours.size()] = mac_text(input.take());
        registry.look_up_macs();
        break;
      case 2:
        registry.expire(now - std::chrono::seconds(input.take()),
                        [](const std::string& source) { return source != "ssdp"; });
        break;
      default: registry.add(observation_of(input), now);
    }
  }
  check(registry.take_changes(), reported, registry);
  return 0;
}
