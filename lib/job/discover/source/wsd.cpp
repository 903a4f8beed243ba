#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <memory>

#include "job/discover/source/udp_ears.hpp"
#include "job/discover/source/wsd_metadata.hpp"
#include "job/discover/wsd_observation.hpp"

namespace aiot::discover {
namespace asio = net::asio;
namespace {

class WsdSource final : public Source {
 public:
  SourceInfo info() const override {
    return {"wsd", "printers, cameras and computers that speak WS-Discovery"};
  }

  net::Task<SourceStatus> run(SourceContext& context) override {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto interfaces = asked_interfaces(context.request);
    if (!interfaces) {
      co_return SourceStatus{SourceState::failed, interfaces.error().message(), {}};
    }
    const auto metadata = std::make_shared<WsdMetadata>(executor, context.report);
    const auto hear = [report = context.report, metadata](const net::Datagram& datagram) {
      const auto targets = wsd::parse_message(to_string(datagram.payload));
      if (!targets) return;
      for (const wsd::Target& target : *targets) {
        Observation observation = observe_target(datagram.from.address().to_string(), target);
        metadata->heard(datagram, target, observation);
        report(std::move(observation));
      }
    };
    const auto ears = std::make_shared<UdpEars>(executor, hear);
    // The ears hold what hears; that asks by the ears, as long as they are there.
    metadata->ask_by([weak = std::weak_ptr<UdpEars>(ears)](const net::OutgoingDatagram& question) {
      if (const auto alive = weak.lock()) alive->ask(question);
    });
    SourceStatus status;
    for (const bool v6 : {false, true}) ask(*ears, *interfaces, v6, status);
    if (ears->empty()) {
      co_return SourceStatus{SourceState::no_adapter, "no network interface with multicast is up",
                             "connect this machine to the devices' network"};
    }
    ears->start();
    Result<void> ended = co_await ears->wait(context);
    metadata->close();
    if (!ended) co_return std::move(ended).error();
    co_return status;
  }

 private:
  static void ask(UdpEars& ears, const std::vector<net::Interface>& interfaces, bool v6,
                  SourceStatus& status) {
    const asio::ip::address group =
        asio::ip::make_address(std::string(v6 ? wsd::group_v6 : wsd::group_v4));
    const auto make = [](unsigned round) {
      // Devices answer a message once, however often it comes.
      const auto wanted = round % 2 == 0 ? wsd::Wanted::devices : wsd::Wanted::everything;
      const std::string text = wsd::probe(random_uuid(), wanted);
      const ByteSpan bytes = as_bytes(text);
      return Bytes(bytes.begin(), bytes.end());
    };
    Questions questions(make, wsd::udp_port, net::steady_clock().now());
    std::vector<unsigned> on;
    for (const net::Interface& interface : interfaces) {
      const bool has =
          std::any_of(interface.addresses.begin(), interface.addresses.end(),
                      [v6](const net::InterfaceAddress& own) { return own.address.is_v6() == v6; });
      if (!interface.multicast || !has) continue;
      on.push_back(interface.index);
      questions.add(group, interface.index);
      status.detail += (status.detail.empty() ? "on " : ", ") + interface.name;
    }
    if (on.empty()) return;
    net::UdpOptions options;
    options.v6 = v6;
    const Result<void> asked = ears.open(options, std::move(questions));
    options.port = wsd::udp_port;
    options.share_port = true;
    const Result<void> heard = ears.open(options);
    if (heard) {
      for (const unsigned interface : on) ears.join(group, interface);
    } else if (asked) {
      status.detail += "; announcements are not heard: " + heard.error().message();
    }
  }
};

}  // namespace

std::unique_ptr<Source> make_wsd_source() { return std::make_unique<WsdSource>(); }

}  // namespace aiot::discover
