#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <set>

#include "job/discover/miio_observation.hpp"
#include "job/discover/source/udp_ears.hpp"
#include "protocol/miio/session.hpp"

namespace aiot::discover {
namespace asio = net::asio;
namespace {

using asio::ip::udp;

/// How many devices may be asked at once what they are.
constexpr std::size_t max_asking = 32;

/// What is asked of devices that tell their token. The source may be over when they answer.
struct Asking {
  std::function<void(Observation)> report;
  net::TimePoint deadline;
  bool over = false;
  std::set<std::uint64_t> asked = {};  ///< ids: each is asked once
};

/// Asks a device that nobody has provisioned what it is, with the token that it tells everybody.
net::Task<void> ask_info(std::shared_ptr<Asking> asking, udp::endpoint device,
                         miio::HelloReply reply) {
  miio::Call call("miIO.info", "[]", reply.token);
  Result<std::string> info = co_await miio::ask(device, std::move(call), asking->deadline);
  if (!info) co_return std::move(info).error();
  Observation observation = observe_hello(device.address().to_string(), reply);
  add_miio_info(*info, observation);
  if (!asking->over) asking->report(std::move(observation));
  co_return Result<void>();
}

void hear(const asio::any_io_executor& executor, const std::shared_ptr<Asking>& asking,
          const net::Datagram& datagram) {
  const Result<miio::HelloReply> reply = miio::decode_hello_reply(datagram.payload);
  if (!reply || datagram.from.port() != miio::udp_port) return;
  asking->report(observe_hello(datagram.from.address().to_string(), *reply));
  if (!reply->token || asking->asked.size() >= max_asking) return;
  if (!asking->asked.insert(reply->device_id).second) return;
  const auto work = [asking, device = datagram.from, reply = *reply]() -> asio::awaitable<void> {
    const Result<void> asked = co_await ask_info(asking, device, reply);
    static_cast<void>(asked);  // it is known that it is there, if not what it is
  };
  asio::co_spawn(executor, work, asio::detached);
}

class MiioSource final : public Source {
 public:
  SourceInfo info() const override {
    return {"miio", "Xiaomi Wi-Fi devices, by broadcast and on the given subnets"};
  }

  net::Task<SourceStatus> run(SourceContext& context) override {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto interfaces = asked_interfaces(context.request);
    const auto subnets = parse_subnets(context.request.subnets);
    if (!interfaces || !subnets) {
      const Error& error = interfaces ? subnets.error() : interfaces.error();
      co_return SourceStatus{SourceState::failed, error.message(), error.hint};
    }
    Questions questions([](unsigned) { return miio::hello(); }, miio::udp_port,
                        net::steady_clock().now());
    std::string where;
    for (const net::Interface& interface : *interfaces) {
      for (const net::InterfaceAddress& own : interface.addresses) {
        if (!own.broadcast) continue;
        questions.add(*own.broadcast, interface.index);
        questions.add(asio::ip::address_v4::broadcast(), interface.index);
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

    const auto asking = std::make_shared<Asking>(Asking{context.report, context.deadline});
    const auto ears = std::make_shared<UdpEars>(
        executor, [executor, asking](const net::Datagram& d) { hear(executor, asking, d); });
    net::UdpOptions options;
    options.broadcast = true;
    const Result<void> opened = ears->open(options, std::move(questions));
    if (!opened) {
      co_return SourceStatus{SourceState::failed, opened.error().message(), opened.error().hint};
    }
    ears->start();
    Result<void> ended = co_await ears->wait(context);
    asking->over = true;
    if (!ended) co_return std::move(ended).error();
    SourceStatus status;
    status.detail = where + ears->progress();
    co_return status;
  }
};

}  // namespace

std::unique_ptr<Source> make_miio_source() { return std::make_unique<MiioSource>(); }

}  // namespace aiot::discover
