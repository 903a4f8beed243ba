#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <set>

#include "aiot/address.hpp"
#include "job/discover/udp.hpp"
#include "protocol/coap/link_format.hpp"
#include "protocol/coap/message.hpp"
#include "protocol/coap/requester.hpp"

namespace aiot::discover {
namespace asio = net::asio;
namespace {

using asio::ip::udp;

constexpr std::string_view core_path = "/.well-known/core";
/// How many devices are read at once whose links do not fit one datagram.
constexpr std::size_t max_reading = 16;
constexpr std::size_t max_coap_addresses = 8;
constexpr std::size_t max_listed = 64;

struct CoapDetails {
  std::vector<std::string> resources;
  std::vector<std::string> types;
  std::vector<std::string> observable;
};
void describe(FieldVisitor& v, CoapDetails& details) {
  v.text("resources", details.resources, "");
  v.text("types", details.types, "", Presence::if_set);
  v.text("observable", details.observable, "", Presence::if_set);
}

std::string resource_address(const Packet& packet, const std::string& path) {
  Address address;
  address.scheme = "coap";
  address.host = packet.from_address;
  if (packet.from_port != coap::default_port) address.port = packet.from_port;
  address.path = path;
  return address.str();
}

void add_words(std::string_view words, std::set<std::string>& out) {
  while (!words.empty()) {
    const auto blank = words.find(' ');
    if (blank != 0) out.emplace(words.substr(0, blank));
    words.remove_prefix(blank == std::string_view::npos ? words.size() : blank + 1);
  }
}

bool any_begins(const std::set<std::string>& words, std::string_view begin) {
  const auto it = words.lower_bound(std::string(begin));
  return it != words.end() && it->starts_with(begin);
}

std::vector<std::string> first_of(const std::set<std::string>& words) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(words.size(), max_listed));
  return {words.begin(), std::next(words.begin(), count)};
}

/// What the links of a host's /.well-known/core say of it.
Observation observe_links(const Packet& packet, const std::vector<coap::Link>& links) {
  Observation out;
  out.source = "coap";
  add_sender(packet, out);
  std::set<std::string> paths;
  std::set<std::string> types;
  std::set<std::string> observable;
  for (const coap::Link& link : links) {
    if (!link.target.starts_with('/')) continue;  // something of another host
    paths.insert(link.target);
    if (const std::string* rt = link.find("rt")) add_words(*rt, types);
    if (link.find("obs") != nullptr) observable.insert(link.target);
  }
  if (any_begins(types, "oic.")) {
    claim(out.ecosystem, "OCF", 0.9, "its CoAP resources are of OCF types");
  } else if (any_begins(types, "oma.lwm2m")) {
    claim(out.ecosystem, "LwM2M", 0.9, "its CoAP resources are LwM2M objects");
  }
  for (const std::string& path : observable) {
    if (out.addresses.size() == max_coap_addresses) break;
    out.addresses.push_back(resource_address(packet, path));
  }
  if (out.addresses.empty()) {
    out.addresses.push_back(resource_address(packet, ""));
  } else {
    out.jobs.push_back("listen");
  }
  add_details(out, out.source, CoapDetails{first_of(paths), first_of(types), first_of(observable)});
  return out;
}

/// The links of a first block end somewhere within one: whole ones only.
std::string_view whole_links(std::string_view text, bool cut) {
  if (!cut) return text;
  const auto end = text.rfind(",<");
  return text.substr(0, end == std::string_view::npos ? 0 : end);
}

std::vector<Observation> observe_coap(const Packet& packet) {
  const Result<coap::MessageView> message = coap::decode(packet.payload);
  if (!message || message->code != coap::Code::content) return {};
  if (message->options.find_uint(coap::option::content_format) != coap::format::link) return {};
  bool cut = false;
  if (const auto option = message->options.find(coap::option::block2)) {
    const std::optional<coap::Block> block = coap::parse_block(*option);
    if (!block || block->number != 0) return {};
    cut = block->more;
  }
  const std::string text = to_string(message->payload);
  const auto links = coap::parse_links(whole_links(text, cut));
  if (!links) return {};
  return {observe_links(packet, *links)};
}

/// GET /.well-known/core, not confirmable: it goes to many. Each round has a message id of its own,
/// so that a server does not take it for a copy of the last.
Questions::Make directory_question(const coap::RandomIds& ids) {
  return [ids](unsigned round) {
    coap::Message message;
    message.type = coap::Type::non_confirmable;
    message.code = coap::Code::get;
    message.id = static_cast<std::uint16_t>(ids.message_id + round);
    message.token = ids.token;
    message.add_path(core_path);
    return coap::encode(message);
  };
}

/// Reads directories of which the first block has come.
class DirectoryReader : public std::enable_shared_from_this<DirectoryReader> {
 public:
  DirectoryReader(std::shared_ptr<UdpSearch> search, Bytes token)
      : search_(std::move(search)), token_(std::move(token)) {}

  /// An answer to directory_question(): the whole directory, or only that there is more of it.
  void on_datagram(const net::Datagram& datagram) {
    if (auto owed = acknowledgement_of(datagram, token_)) search_->outgoing.push_back(*owed);
    const Result<coap::MessageView> message = coap::decode(datagram.payload);
    if (!message || !coap::is_response(message->code)) return;
    if (!std::ranges::equal(message->token, token_)) return;
    const auto option = message->options.find(coap::option::block2);
    const std::optional<coap::Block> block = option ? coap::parse_block(*option) : std::nullopt;
    if (block && block->more) return start(datagram);
    // A refusal shows only that CoAP is spoken; so does what is no list of links.
    const bool refused = coap::code_class(message->code) != 2;
    const auto links = coap::parse_links(refused ? "" : to_string(message->payload));
    search_->report(observe_links(packet_of(datagram), links ? *links : std::vector<coap::Link>()));
  }

 private:
  void start(const net::Datagram& first) {
    if (under_way_.size() >= max_reading || !under_way_.insert(first.from).second) return;
    Packet packet = packet_of(first);
    packet.payload = {};  // it is the datagram's
    const auto work = [self = shared_from_this(), device = first.from,
                       packet]() -> asio::awaitable<void> {
      // What fails is asked again with the next round.
      const Result<void> read = co_await self->read_whole(device, packet);
      static_cast<void>(read);
    };
    asio::co_spawn(search_->executor, work, asio::detached);
  }

  net::Task<void> read_whole(udp::endpoint device, Packet packet) {
    coap::Request request;
    request.path = core_path;
    Result<coap::Response> response =
        co_await coap::get(device, std::move(request), search_->clock, search_->deadline);
    under_way_.erase(device);
    if (!response) co_return std::move(response).error();
    const auto links = coap::parse_links(to_string(response->payload));
    if (!links) co_return links.error();
    search_->report(observe_links(packet, *links));
    co_return Result<void>();
  }

  std::shared_ptr<UdpSearch> search_;
  Bytes token_;
  std::set<udp::endpoint> under_way_;
};

std::unique_ptr<Source> make_coap() {
  const coap::RandomIds ids = coap::random_ids();
  UdpProtocol protocol{
      .wire = coap::udp_protocol,
      .description = "CoAP devices and their resources, by multicast and on the given subnets",
      .question = [ids](const UdpProtocol::Asker&) { return directory_question(ids); }};
  protocol.handler = [token = ids.token](std::shared_ptr<UdpSearch> search) {
    const auto reader = std::make_shared<DirectoryReader>(std::move(search), token);
    return [reader](const net::Datagram& datagram) { reader->on_datagram(datagram); };
  };
  protocol.ask_own_addresses = true;
  protocol.ask_subnets = true;
  return make_udp_source(std::move(protocol), observe_coap);
}

}  // namespace

Protocol coap_protocol() { return {make_coap, &coap::udp_protocol, observe_coap}; }

}  // namespace aiot::discover
