#include <boost/asio/this_coro.hpp>
#include <set>

#include "job/discover/source/coap_answer.hpp"
#include "job/discover/source/udp_ears.hpp"
#include "protocol/alibaba/device_info.hpp"
#include "protocol/coap/requester.hpp"

namespace aiot::discover {
namespace asio = net::asio;
namespace {

const asio::ip::address info_group = asio::ip::make_address("224.0.1.187");

/// A GET with a payload, as the Link Kit's own application asks.
Questions::Make info_question(const coap::Chance& chance) {
  return [chance](unsigned round) {
    coap::Message message;
    message.type = coap::Type::non_confirmable;
    message.code = coap::Code::get;
    message.id = static_cast<std::uint16_t>(chance.message_id + round);
    message.token = chance.token;
    message.add_path(alibaba::info_path);
    const std::string text = alibaba::info_request(round + 1);
    message.payload.assign(text.begin(), text.end());
    return coap::encode(message);
  };
}

class AlibabaSource final : public Source {
 public:
  SourceInfo info() const override {
    return {"alibaba", "devices with Alibaba's Link Kit, by multicast and on the given subnets"};
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
    const UdpEars::HearAndAsk listen = [report = context.report, token = chance.token](
                                           const net::Datagram& datagram, UdpEars& by) {
      if (const auto owed = acknowledgement_of(datagram, token)) by.ask(*owed);
      for (Observation& o : observe_alibaba(packet_of(datagram))) report(std::move(o));
    };
    const auto ears = std::make_shared<UdpEars>(executor, listen);
    Questions questions(info_question(chance), coap::default_port, net::steady_clock().now());
    std::set<asio::ip::address_v4> broadcasts = {asio::ip::address_v4::broadcast()};
    std::string where;
    for (const net::Interface& interface : *interfaces) {
      for (const net::InterfaceAddress& own : interface.addresses) {
        if (!own.broadcast) continue;
        broadcasts.insert(*own.broadcast);
        questions.add(info_group, interface.index);
        where += (where.empty() ? "on " : ", ") + interface.name;
      }
    }
    for (const asio::ip::address& own : own_addresses(*interfaces)) {
      if (own.is_v4()) questions.add(own);
    }
    for (const Subnet& subnet : *subnets) questions.add(subnet);
    if (questions.next() == net::TimePoint::max()) {
      co_return SourceStatus{SourceState::no_adapter, "no network interface has an IPv4 address",
                             "connect this machine to the devices' network"};
    }
    const Result<void> opened = ears->open({}, std::move(questions));
    if (!opened) {
      co_return SourceStatus{SourceState::failed, opened.error().message(), opened.error().hint};
    }
    SourceStatus status;
    status.detail = where;
    for (const asio::ip::address_v4& broadcast : broadcasts) listen_on(*ears, broadcast, status);
    if (listen_on(*ears, info_group, status)) {
      for (const net::Interface& interface : *interfaces) ears->join(info_group, interface.index);
    }
    ears->start();
    Result<void> ended = co_await ears->wait(context);
    if (!ended) co_return std::move(ended).error();
    status.detail += ears->progress();
    co_return status;
  }

 private:
  /// Hears what devices tell unasked. Bound to the address that they tell it to, and to no other,
  /// so that a CoAP server of this machine keeps what is sent to it.
  static bool listen_on(UdpEars& ears, const asio::ip::address& to, SourceStatus& status) {
    net::UdpOptions options;
    options.port = coap::default_port;
    options.share_port = true;
    options.bind = to;
    const Result<void> opened = ears.open(options);
    if (!opened && status.hint.empty()) {
      status.detail += "; what devices tell unasked is not heard";
      status.hint = opened.error().message();
    }
    return opened.has_value();
  }
};

}  // namespace

std::unique_ptr<Source> make_alibaba_source() { return std::make_unique<AlibabaSource>(); }

}  // namespace aiot::discover
