#include "sim/provision/dpp.hpp"

#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>

#include "protocol/dpp/device.hpp"
#include "sim/port.hpp"

namespace aiot::sim::provision {
namespace {

/// Joins the engine to its port.
class DppDevice final : public VirtualDevice {
 public:
  DppDevice(const net::asio::any_io_executor& executor, net::Clock& clock,
            dpp::DeviceOptions options, std::unique_ptr<Port> port)
      : code_(fmt::format("DPP:I:{};V:{};K:{};;", options.info.name, dpp::own_version,
                          to_base64(options.own.bootstrap.der))),
        name_(options.info.name),
        clock_(clock),
        device_(std::move(options)),
        port_(std::move(port)),
        timer_(executor) {}

  void start() override {
    Port::Events events;
    events.bytes = [this](ByteSpan bytes) {
      bytes_in_ += bytes.size();
      device_.on_bytes(clock_.now(), bytes);
      pump();
    };
    events.lines = [](bool, bool) {};
    events.baud = [](std::uint32_t) {};
    events.writable = [this] { flush(); };
    events.gone = [this] {
      unsent_.clear();
      device_.on_gone();
    };
    port_->start(std::move(events));
  }
  void stop() override {
    timer_.cancel();
    port_->close();
  }

  std::string address() const override { return port_->address(); }
  std::string code() const override { return code_; }
  std::string name() const override { return name_; }

  DeviceResult report() const override {
    DeviceResult result;
    result.chip = "dpp";
    result.address = address();
    result.bytes_in = bytes_in_;
    result.bytes_out = bytes_out_;
    result.commands = device_.sessions();
    result.paired = device_.joined();
    if (device_.joined()) result.ssid = device_.given()->ssid;
    return result;
  }

 private:
  void pump() {
    append(unsent_, device_.take_output(clock_.now()));
    flush();
    if (device_.link_up() != up_) {
      up_ = device_.link_up();
      port_->set_up(up_);
    }
    const auto next = device_.next_timer();
    if (!next) {
      timer_.cancel();
      return;
    }
    timer_.expires_at(*next);
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      device_.on_timer(clock_.now());
      pump();
    });
  }

  void flush() {
    if (unsent_.empty()) return;
    const std::size_t sent = std::min(port_->write(unsent_), unsent_.size());
    bytes_out_ += sent;
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent));
  }

  std::string code_;
  std::string name_;
  net::Clock& clock_;
  dpp::Device device_;
  std::unique_ptr<Port> port_;
  net::asio::steady_timer timer_;
  Bytes unsent_;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  bool up_ = true;
};

}  // namespace

Result<std::unique_ptr<VirtualDevice>> make_dpp(const net::asio::any_io_executor& executor,
                                                const Options& options) {
  const std::string spec =
      options.port.empty() ? fmt::format("tcp:{}", dpp::tcp_port) : options.port;
  if (!spec.starts_with("tcp:")) {
    return make_error(Errc::bad_port, "\"" + spec + "\"", "a device with DPP listens at tcp:PORT");
  }
  AIOT_TRY(std::unique_ptr<Port> port, make_port(executor, spec, options.index));
  dpp::DeviceOptions device;
  device.info.name = fmt::format("dpp-{:02}", options.index + 1);
  const auto secret = crypto::sha256(as_bytes("virtual device " + device.info.name));
  device.own = dpp::own_key(crypto::EcCurve::p256, Bytes(secret.begin(), secret.end()));
  device.network = options.wifi;
  device.faults = options.faults;
  return std::unique_ptr<VirtualDevice>(
      std::make_unique<DppDevice>(executor, *options.clock, std::move(device), std::move(port)));
}

}  // namespace aiot::sim::provision
