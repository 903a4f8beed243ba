#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <set>

#include "job/discover/coap_observation.hpp"
#include "job/discover/source/coap_answer.hpp"
#include "job/discover/source/udp_ears.hpp"
#include "protocol/coap/block.hpp"
#include "protocol/coap/session.hpp"

namespace aiot::discover {
namespace asio = net::asio;
namespace {

using asio::ip::udp;

constexpr std::string_view core_path = "/.well-known/core";
/// How many devices are read at once whose links do not fit one datagram.
constexpr std::size_t max_reading = 16;

/// RFC 7252, 12.8, and RFC 7390, 2.6: "All CoAP Nodes".
const asio::ip::address group_v4 = asio::ip::make_address("224.0.1.187");
const std::array<asio::ip::address, 2> groups_v6 = {asio::ip::make_address("ff02::fd"),
                                                    asio::ip::make_address("ff05::fd")};

/// GET /.well-known/core, not confirmable: it goes to many. Each round has a message id of its own,
/// so that a server does not take it for a copy of the last.
Questions::Make directory_question(const coap::Chance& chance) {
  return [chance](unsigned round) {
    coap::Message message;
    message.type = coap::Type::non_confirmable;
    message.code = coap::Code::get;
    message.id = static_cast<std::uint16_t>(chance.message_id + round);
    message.token = chance.token;
    message.add_path(core_path);
    return coap::encode(message);
  };
}

/// What the readers of large directories share with the source. It may be over when they end.
struct Reading {
  std::function<void(Observation)> report;
  net::TimePoint deadline;
  bool over = false;
  std::set<udp::endpoint> under_way = {};
};

/// Reads all of a directory of which the first block has come.
net::Task<void> read_whole(std::shared_ptr<Reading> reading, udp::endpoint device) {
  coap::Request request;
  request.path = core_path;
  Result<coap::Response> response =
      co_await coap::get(device, std::move(request), reading->deadline);
  reading->under_way.erase(device);
  if (!response) co_return std::move(response).error();
  const auto links = coap::parse_links(to_string(response->payload));
  if (!links) co_return links.error();
  if (!reading->over) {
    reading->report(observe_links(device.address().to_string(), device.port(), *links));
  }
  co_return Result<void>();
}

void start_reading(const asio::any_io_executor& executor, const std::shared_ptr<Reading>& reading,
                   const udp::endpoint& device) {
  if (reading->under_way.size() >= max_reading) return;
  if (!reading->under_way.insert(device).second) return;
  const auto work = [reading, device]() -> asio::awaitable<void> {
    // What fails is asked again with the next round.
    const Result<void> read = co_await read_whole(reading, device);
    static_cast<void>(read);
  };
  asio::co_spawn(executor, work, asio::detached);
}

/// An answer to directory_question(): the whole directory is known, or only that there is more of it.
void hear(const asio::any_io_executor& executor, const std::shared_ptr<Reading>& reading,
          ByteSpan token, const net::Datagram& datagram) {
  const Result<coap::MessageView> message = coap::decode(datagram.payload);
  if (!message || !coap::is_response(message->code)) return;
  if (!std::ranges::equal(message->token, token)) return;
  const auto option = message->options.find(coap::option::block2);
  const std::optional<coap::Block> block = option ? coap::parse_block(*option) : std::nullopt;
  if (block && block->more) return start_reading(executor, reading, datagram.from);
  // A refusal says no more than that CoAP is spoken; nor does what is no list of links.
  const bool refused = coap::code_class(message->code) != 2;
  const auto links = coap::parse_links(refused ? "" : to_string(message->payload));
  reading->report(observe_links(datagram.from.address().to_string(), datagram.from.port(),
                                links ? *links : std::vector<coap::Link>()));
}

class CoapSource final : public Source {
 public:
  SourceInfo info() const override {
    return {"coap", "CoAP devices and their resources, by multicast and on the given subnets"};
  }

  net::Task<SourceStatus> run(SourceContext& context) override {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto interfaces = asked_interfaces(context.request);
    const auto subnets = parse_subnets(context.request.subnets);
    if (!interfaces || !subnets) {
      const Error& error = interfaces ? subnets.error() : interfaces.error();
      co_return SourceStatus{SourceState::failed, error.message(), error.hint};
    }
    const coap::Chance chance = coap::draw_chance();
    const net::TimePoint now = net::steady_clock().now();
    Questions v4(directory_question(chance), coap::default_port, now);
    Questions v6(directory_question(chance), coap::default_port, now);
    std::string where;
    for (const net::Interface& interface : *interfaces) {
      if (interface.multicast) ask_groups(interface, v4, v6);
      if (interface.multicast) where += (where.empty() ? "on " : ", ") + interface.name;
    }
    for (const asio::ip::address& own : own_addresses(*interfaces))
      (own.is_v4() ? v4 : v6).add(own);
    for (const Subnet& subnet : *subnets) v4.add(subnet);

    const auto reading = std::make_shared<Reading>(Reading{context.report, context.deadline});
    const UdpEars::HearAndAsk listen = [executor, reading, token = chance.token](
                                           const net::Datagram& datagram, UdpEars& by) {
      if (const auto owed = acknowledgement_of(datagram, token)) by.ask(*owed);
      hear(executor, reading, token, datagram);
    };
    const auto ears = std::make_shared<UdpEars>(executor, listen);
    SourceStatus status;
    for (Questions* questions : {&v4, &v6}) {
      net::UdpOptions options;
      options.v6 = questions == &v6;
      const Result<void> opened = ears->open(options, std::move(*questions));
      // A machine without one of the families has no devices in it.
      if (!opened) status.detail = opened.error().message();
    }
    if (ears->empty() || interfaces->empty()) {
      co_return SourceStatus{SourceState::no_adapter, status.detail,
                             "connect this machine to the devices' network"};
    }
    ears->start();
    Result<void> ended = co_await ears->wait(context);
    reading->over = true;
    if (!ended) co_return std::move(ended).error();
    status.detail = where + ears->progress();
    co_return status;
  }

 private:
  static void ask_groups(const net::Interface& interface, Questions& v4, Questions& v6) {
    bool has_v4 = false;
    bool has_v6 = false;
    for (const net::InterfaceAddress& own : interface.addresses) {
      (own.address.is_v4() ? has_v4 : has_v6) = true;
    }
    if (has_v4) v4.add(group_v4, interface.index);
    if (!has_v6) return;
    for (const asio::ip::address& group : groups_v6) v6.add(group, interface.index);
  }
};

}  // namespace

std::unique_ptr<Source> make_coap_source() { return std::make_unique<CoapSource>(); }

}  // namespace aiot::discover
