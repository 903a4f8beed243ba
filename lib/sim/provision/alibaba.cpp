#include "sim/provision/alibaba.hpp"

#include <fmt/format.h>

#include <deque>

#include "protocol/alibaba/softap.hpp"
#include "protocol/coap/message.hpp"
#include "sim/udp_station.hpp"

namespace aiot::sim::provision {
namespace {

/// Between the answer to the credentials and the outcome.
constexpr std::chrono::milliseconds join_time{300};

/// A Link Kit device in CoAP: answers within its acknowledgements.
class AlibabaEngine final : public net::DatagramEngine {
 public:
  explicit AlibabaEngine(alibaba::SoftApOptions options) : device_(std::move(options)) {}

  const alibaba::SoftApDevice& device() const { return device_; }

  void on_datagram(net::TimePoint now, const net::Datagram& datagram) override {
    const Result<coap::MessageView> request = coap::decode(datagram.payload);
    if (!request || !coap::is_request(request->code)) return;
    coap::Message reply;
    reply.type = request->type == coap::Type::confirmable ? coap::Type::acknowledgement
                                                          : coap::Type::non_confirmable;
    reply.id = request->id;
    reply.token.assign(request->token.begin(), request->token.end());
    if (request->code != coap::Code::get) {
      reply.code = coap::Code::method_not_allowed;
    } else {
      const auto answer = device_.answer(request->options.path(), to_string(request->payload));
      if (!answer) return;
      reply.code = coap::Code::content;
      reply.payload.assign(answer->begin(), answer->end());
      if (device_.has_credentials() && !joins_at_) joins_at_ = now + join_time;
    }
    output_.push_back({datagram.from, coap::encode(reply)});
  }
  std::optional<net::TimePoint> next_timer() const override { return joins_at_; }
  void on_timer(net::TimePoint now) override {
    if (!joins_at_ || now < *joins_at_) return;
    joins_at_.reset();
    device_.try_to_join();
  }
  std::optional<net::OutgoingDatagram> take_output() override {
    if (output_.empty()) return std::nullopt;
    net::OutgoingDatagram out = std::move(output_.front());
    output_.pop_front();
    return out;
  }

 private:
  alibaba::SoftApDevice device_;
  std::optional<net::TimePoint> joins_at_;
  std::deque<net::OutgoingDatagram> output_;
};

class AlibabaDevice final : public VirtualDevice {
 public:
  AlibabaDevice(const net::asio::any_io_executor& executor, const alibaba::SoftApOptions& options,
                net::Clock& clock, net::UdpSocket socket)
      : name_(options.device_name),
        mac_(options.mac),
        engine_(options),
        station_(executor, engine_, clock, std::move(socket)) {}

  void start() override { station_.start(); }
  void stop() override { station_.stop(); }
  std::string address() const override {
    return fmt::format("alibaba://127.0.0.1:{}", station_.port());
  }
  std::string name() const override { return name_; }
  DeviceResult report() const override {
    DeviceResult out;
    out.chip = "alibaba";
    out.mac = mac_;
    out.address = address();
    out.bytes_in = station_.bytes_in();
    out.bytes_out = station_.bytes_out();
    out.commands = engine_.device().calls();
    out.paired = !engine_.device().ssid().empty();
    if (*out.paired) out.ssid = engine_.device().ssid();
    return out;
  }

 private:
  std::string name_;
  std::string mac_;
  AlibabaEngine engine_;
  UdpStation station_;
};

}  // namespace

Result<std::unique_ptr<VirtualDevice>> make_alibaba(const net::asio::any_io_executor& executor,
                                                    const Options& options) {
  AIOT_TRY(net::UdpSocket socket,
           UdpStation::open(executor, options.port, alibaba::ports.front(), options.index));
  alibaba::SoftApOptions device;
  device.device_name += "-" + std::to_string(options.index + 1);
  device.mac = fmt::format("B0:F8:93:00:{:02X}:{:02X}", (options.index >> 8) & 0xFF,
                           (options.index + 1) & 0xFF);
  device.product_secret = options.secrets.proof;
  device.wifi = options.wifi;
  device.faults = options.faults;
  std::unique_ptr<VirtualDevice> made =
      std::make_unique<AlibabaDevice>(executor, device, *options.clock, std::move(socket));
  return made;
}

}  // namespace aiot::sim::provision
