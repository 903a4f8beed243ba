#include <boost/asio/this_coro.hpp>

#include "job/discover/source/udp_ears.hpp"
#include "protocol/tuya/packet.hpp"

namespace aiot::discover {
namespace {

class TuyaSource final : public Source {
 public:
  SourceInfo info() const override {
    return {"tuya", "Tuya Wi-Fi devices, by what they call into the room every few seconds"};
  }

  net::Task<SourceStatus> run(SourceContext& context) override {
    const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
    const auto ears = std::make_shared<UdpEars>(
        executor, [report = context.report](const net::Datagram& datagram) {
          for (Observation& o : observe_tuya(packet_of(datagram))) report(std::move(o));
        });
    SourceStatus status;
    status.detail = "UDP ports 6666 and 6667";
    for (const std::uint16_t port : {tuya::plain_port, tuya::cipher_port}) {
      net::UdpOptions options;
      options.port = port;
      options.share_port = true;
      const Result<void> opened = ears->open(options);
      if (opened) continue;
      status.detail = opened.error().message();
      status.hint = opened.error().hint;
    }
    if (ears->empty()) {
      status.state = SourceState::failed;
      co_return status;
    }
    ears->start();
    Result<void> ended = co_await ears->wait(context);
    if (!ended) co_return std::move(ended).error();
    co_return status;
  }
};

}  // namespace

std::unique_ptr<Source> make_tuya_source() { return std::make_unique<TuyaSource>(); }

}  // namespace aiot::discover
