#include "protocol/ssdp/responder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace aiot::ssdp {
namespace {

using namespace std::chrono_literals;
using Endpoint = net::asio::ip::udp::endpoint;

constexpr std::string_view root_device = "upnp:rootdevice";
/// Each announcement is sent twice, as datagrams get lost (1.2.2), this far apart.
constexpr net::Duration repeat_after = 300ms;
constexpr unsigned first_announcements = 2;
/// 1.3.3: one that names more waits no longer.
constexpr int longest_wait_s = 5;
/// Time for the answer to be made and to travel before the searcher stops to listen.
constexpr auto margin = 100ms;

Endpoint group(bool v6) {
  return {net::asio::ip::make_address(std::string(v6 ? group_v6 : group_v4)), udp_port};
}

Bytes bytes_of(const std::string& text) {
  const ByteSpan bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

/// True for "NAME:1" when we are "NAME:2": a later version does what an earlier does (1.3.2).
bool covers(std::string_view ours, std::string_view wanted) {
  const auto split = [](std::string_view type) {
    const auto colon = type.rfind(':');
    const bool none = colon == std::string_view::npos;
    return std::pair(type.substr(0, colon), none ? std::nullopt : number(type.substr(colon + 1)));
  };
  const auto [our_name, our_version] = split(ours);
  const auto [name, version] = split(wanted);
  return our_name == name && our_version && version && *version <= *our_version;
}

}  // namespace

Responder::Responder(ResponderOptions options, net::TimePoint now)
    : options_(std::move(options)), random_(options_.seed), next_announcement_(now) {}

std::vector<std::string> Responder::targets() const {
  return {std::string(root_device), options_.udn, options_.device_type};
}

std::vector<std::string> Responder::matches(std::string_view wanted) const {
  if (wanted == "ssdp:all") return targets();
  if (wanted == root_device || wanted == options_.udn || covers(options_.device_type, wanted)) {
    return {std::string(wanted)};
  }
  return {};
}

std::string Responder::usn(std::string_view target) const {
  return target == options_.udn ? options_.udn : fmt::format("{}::{}", options_.udn, target);
}

const Site* Responder::place_of(const net::Datagram& datagram) const {
  const bool v6 = datagram.from.address().is_v6();
  const auto found =
      std::find_if(options_.places.begin(), options_.places.end(),
                   [&](const Site& p) { return p.interface == datagram.interface && p.v6 == v6; });
  return found == options_.places.end() ? nullptr : &*found;
}

std::string Responder::answer(std::string_view target, const Site& place) const {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age={}\r\nEXT:\r\nLOCATION: {}\r\nSERVER: {}\r\n"
      "ST: {}\r\nUSN: {}\r\nBOOTID.UPNP.ORG: {}\r\nCONFIGID.UPNP.ORG: 1\r\n\r\n",
      options_.max_age.count(), place.location, options_.server, target, usn(target),
      options_.boot_id);
}

std::string Responder::notify(std::string_view nts, std::string_view target,
                              const Site& place) const {
  const std::string presence =
      nts == "ssdp:alive"
          ? fmt::format("CACHE-CONTROL: max-age={}\r\nLOCATION: {}\r\nSERVER: {}\r\n",
                        options_.max_age.count(), place.location, options_.server)
          : std::string();
  return fmt::format(
      "NOTIFY * HTTP/1.1\r\nHOST: {}\r\n{}NT: {}\r\nNTS: {}\r\nUSN: {}\r\n"
      "BOOTID.UPNP.ORG: {}\r\nCONFIGID.UPNP.ORG: 1\r\n\r\n",
      place.v6 ? "[FF02::C]:1900" : "239.255.255.250:1900", presence, target, nts, usn(target),
      options_.boot_id);
}

void Responder::on_datagram(net::TimePoint now, const net::Datagram& datagram) {
  if (gone_) return;
  const Result<Message> message = parse_message(datagram.payload);
  if (!message || message->kind != Message::Kind::search) return;
  if (message->header("man") != "\"ssdp:discover\"") return;
  const Site* place = place_of(datagram);
  if (place == nullptr) return;
  net::Duration longest{};
  if (datagram.to.address().is_multicast()) {
    // Without MX it is no search of a group (1.3.3).
    const std::optional<int> mx_s = number(message->header("mx"));
    if (!mx_s || *mx_s < 1) return;
    longest = std::chrono::seconds(std::min(*mx_s, longest_wait_s)) - margin;
  }
  std::uniform_int_distribution<net::Duration::rep> wait(0, longest.count());
  for (const std::string& target : matches(message->target())) {
    if (pending_.size() >= max_pending) return;
    pending_.push_back({now + net::Duration(wait(random_)),
                        {datagram.from, bytes_of(answer(target, *place)), datagram.interface}});
  }
}

std::optional<net::TimePoint> Responder::next_timer() const {
  if (gone_) return std::nullopt;
  net::TimePoint next = next_announcement_;
  for (const Pending& pending : pending_) next = std::min(next, pending.due);
  return next;
}

void Responder::on_timer(net::TimePoint now) {
  if (gone_) return;
  for (Pending& pending : pending_) {
    if (pending.due <= now) output_.push_back(std::move(pending.answer));
  }
  std::erase_if(pending_, [&](const Pending& pending) { return pending.due <= now; });
  if (now < next_announcement_) return;
  announce("ssdp:alive");
  ++announcements_;
  // At random before half of the time that the last one holds (1.2.2).
  const net::Duration half = options_.max_age / 2;
  std::uniform_int_distribution<net::Duration::rep> later((half / 2).count(), half.count());
  next_announcement_ =
      now + (announcements_ < first_announcements ? repeat_after : net::Duration(later(random_)));
}

void Responder::announce(std::string_view nts) {
  for (const Site& place : options_.places) {
    for (const std::string& target : targets()) {
      output_.push_back({group(place.v6), bytes_of(notify(nts, target, place)), place.interface});
    }
  }
}

void Responder::say_goodbye() {
  if (std::exchange(gone_, true)) return;
  pending_.clear();
  announce("ssdp:byebye");
}

std::optional<net::OutgoingDatagram> Responder::take_output() {
  if (output_.empty()) return std::nullopt;
  net::OutgoingDatagram out = std::move(output_.front());
  output_.pop_front();
  return out;
}

}  // namespace aiot::ssdp
