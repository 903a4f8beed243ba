#include <boost/asio/this_coro.hpp>
#include <random>
#include <utility>

#include "job/discover/source/udp_ears.hpp"
#include "job/discover/tuya_observation.hpp"
#include "protocol/tuya/packet.hpp"

namespace aiot::discover {
namespace {

/// Asks with the address that the answer is to go to; each time with another nonce.
Questions::Make question(const std::string& own_ip) {
  Bytes nonce;
  std::random_device device;
  for (int i = 0; i < 2; ++i) append_le32(nonce, device());
  return [own_ip, nonce](unsigned round) {
    Bytes now = nonce;
    append_le32(now, round);
    return tuya::info_question(own_ip, now);
  };
}

class TuyaSource final : public Source {
 public:
  SourceInfo info() const override {
    return {"tuya", "Tuya Wi-Fi devices, by what they call into the room, and by asking"};
  }

  net::Task<SourceStatus> run(SourceContext& context) override {
    const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
    const auto interfaces = asked_interfaces(context.request);
    const auto subnets = parse_subnets(context.request.subnets);
    if (!interfaces || !subnets) {
      const Error& error = interfaces ? subnets.error() : interfaces.error();
      co_return SourceStatus{SourceState::failed, error.message(), error.hint};
    }
    const auto ears = std::make_shared<UdpEars>(
        executor, [report = context.report](const net::Datagram& datagram) {
          for (Observation& o : observe_announcement(packet_of(datagram))) report(std::move(o));
        });
    SourceStatus status;
    for (const std::uint16_t port : {tuya::plain_port, tuya::cipher_port, tuya::question_port}) {
      net::UdpOptions options;
      options.port = port;
      options.share_port = true;
      const Result<void> opened = ears->open(options);
      if (opened) continue;
      status.detail = opened.error().message() + "; ";
      status.hint = opened.error().hint;
    }
    status.detail += "what is announced";
    ask(*ears, *interfaces, *subnets, status);
    if (ears->empty()) {
      status.state = SourceState::failed;
      co_return status;
    }
    ears->start();
    Result<void> ended = co_await ears->wait(context);
    if (!ended) co_return std::move(ended).error();
    status.detail += ears->progress();
    co_return status;
  }

 private:
  /// On each interface from a socket of its own, since the question holds the asker's address. The
  /// first walks the subnets.
  static void ask(UdpEars& ears, const std::vector<net::Interface>& interfaces,
                  std::vector<Subnet> subnets, SourceStatus& status) {
    for (const net::Interface& interface : interfaces) {
      for (const net::InterfaceAddress& own : interface.addresses) {
        if (!own.broadcast) continue;
        Questions questions(question(own.address.to_string()), tuya::question_port,
                            net::steady_clock().now());
        questions.add(*own.broadcast, interface.index);
        for (const Subnet& subnet : std::exchange(subnets, {})) questions.add(subnet);
        net::UdpOptions options;
        options.broadcast = true;
        const Result<void> opened = ears.open(options, std::move(questions));
        if (opened) status.detail += ", asked on " + interface.name;
      }
    }
  }
};

}  // namespace

std::unique_ptr<Source> make_tuya_source() { return std::make_unique<TuyaSource>(); }

}  // namespace aiot::discover
