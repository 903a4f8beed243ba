#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>

#include "crypto/digest.hpp"
#include "image/files.hpp"
#include "image/mcuboot.hpp"
#include "net/datagram_engine.hpp"
#include "protocol/smp/device.hpp"
#include "protocol/smp/packet.hpp"
#include "sim/port.hpp"
#include "sim/virtual_device.hpp"

/// Virtual devices that take updates: SMP over UDP, or on a console.
namespace aiot::sim {
namespace {

constexpr std::string_view smp_kind = "smp";
constexpr std::string_view grammar =
    "wrong-version boots the old image, never-back is silent after the reset, lossy loses each "
    "fifth packet, corrupt@BYTE changes a byte of the upload, power-cut@BYTE goes silent there";

Error bad_fault(const std::string& text) {
  return make_error(Errc::bad_fault, text, std::string(grammar));
}

Result<std::uint64_t> byte_of(const std::string& text, std::size_t at) {
  std::uint64_t byte = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + at + 1, last, byte);
  if (error != std::errc() || end != last) return bad_fault(text);
  return byte;
}

Result<void> add_fault(const std::string& text, smp::DeviceOptions& options) {
  const std::size_t at = text.find('@');
  const std::string name = text.substr(0, at);
  if (at != std::string::npos) {
    if (name == "corrupt") {
      AIOT_TRY(options.corrupt_at, byte_of(text, at));
      return {};
    }
    if (name == "power-cut") {
      AIOT_TRY(options.dead_after, byte_of(text, at));
      return {};
    }
    return bad_fault(text);
  }
  if (name == "wrong-version") {
    options.reverts = true;
  } else if (name == "never-back") {
    options.never_returns = true;
  } else if (name == "lossy") {
    options.drop_every = 5;
  } else {
    return bad_fault(text);
  }
  return {};
}

std::optional<smp::ImageFacts> facts_of(ByteSpan bytes) {
  Result<image::McubootImage> parsed = image::parse_mcuboot(bytes);
  if (!parsed || !parsed->hash_valid) return std::nullopt;
  return smp::ImageFacts{std::move(parsed->version), std::move(parsed->hash)};
}

/// An image that fills a slot until an update comes: version 1.0.0, 1 KiB of nothing, no signature.
Bytes own_image() {
  constexpr std::uint32_t payload_bytes = 1024;
  Bytes image(32 + payload_bytes, 0);
  store_le32(image.data(), image::mcuboot_magic);
  store_le16(&image[8], 32);
  store_le32(&image[12], payload_bytes);
  image[20] = 1;
  const crypto::Sha256 hash = crypto::sha256(image);
  append_le16(image, 0x6907);
  append_le16(image, 4 + 4 + static_cast<std::uint16_t>(hash.size()));
  append_le16(image, static_cast<std::uint16_t>(image::McubootTlvType::sha256));
  append_le16(image, static_cast<std::uint16_t>(hash.size()));
  append(image, hash);
  return image;
}

Result<smp::DeviceImage> running_image(const std::string& file) {
  smp::DeviceImage image;
  image.bytes = own_image();
  if (!file.empty()) {
    AIOT_TRY(image.bytes, image::read_file(file));
  }
  std::optional<smp::ImageFacts> facts = facts_of(image.bytes);
  if (!facts) return make_error(image::Errc::not_an_image, file, "sign the firmware with imgtool");
  image.version = std::move(facts->version);
  image.hash = std::move(facts->hash);
  return image;
}

/// What both kinds of port count.
struct Counts {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
};

DeviceResult result_of(const smp::Device& device, const std::string& address,
                       const Counts& counts) {
  DeviceResult result;
  result.chip = smp_kind;
  result.address = address;
  result.bytes_in = counts.in;
  result.bytes_out = counts.out;
  result.commands = device.commands();
  result.running = device.running().version;
  return result;
}

/// An SMP server as an engine on a UDP socket.
class UdpServer final : public net::DatagramEngine {
 public:
  explicit UdpServer(smp::Device device) : device(std::move(device)) {}

  void on_datagram(net::TimePoint, const net::Datagram& datagram) override {
    counts.in += datagram.payload.size();
    std::optional<Bytes> reply = device.on_packet(datagram.payload);
    // A peer that does not read is no reason to keep more.
    if (reply && output_.size() < 64) output_.push_back({datagram.from, *std::move(reply)});
  }
  std::optional<net::OutgoingDatagram> take_output() override {
    if (output_.empty()) return std::nullopt;
    net::OutgoingDatagram out = std::move(output_.front());
    output_.pop_front();
    counts.out += out.payload.size();
    return out;
  }

  smp::Device device;
  Counts counts;

 private:
  std::deque<net::OutgoingDatagram> output_;
};

class UdpDevice final : public VirtualDevice {
 public:
  static Result<std::unique_ptr<VirtualDevice>> make(const net::asio::any_io_executor& executor,
                                                     smp::Device device, std::uint16_t port) {
    auto made = std::make_unique<UdpDevice>(executor, std::move(device));
    net::UdpOptions options;
    options.bind = net::asio::ip::address_v4::loopback();
    options.port = port;
    AIOT_TRY(const std::size_t socket, made->driver_->open(options));
    made->address_ = fmt::format("udp://127.0.0.1:{}", made->driver_->port(socket));
    return made;
  }
  UdpDevice(const net::asio::any_io_executor& executor, smp::Device device)
      : server_(std::make_shared<UdpServer>(std::move(device))),
        driver_(std::make_shared<net::DatagramDriver>(executor, net::steady_clock(), server_)) {}

  void start() override { driver_->start(); }
  void stop() override { driver_->close(); }
  std::string address() const override { return address_; }
  DeviceResult report() const override {
    return result_of(server_->device, address_, server_->counts);
  }

 private:
  std::shared_ptr<UdpServer> server_;
  std::shared_ptr<net::DatagramDriver> driver_;
  std::string address_;
};

class ConsoleDevice final : public VirtualDevice {
 public:
  ConsoleDevice(std::unique_ptr<Port> port, smp::Device device)
      : port_(std::move(port)), device_(std::move(device)) {}

  void start() override {
    Port::Events events;
    events.bytes = [this](ByteSpan bytes) { on_bytes(bytes); };
    events.lines = [](bool, bool) {};
    events.baud = [](std::uint32_t) {};
    events.writable = [this] { flush(); };
    events.gone = [this] { unsent_.clear(); };
    port_->start(std::move(events));
  }
  void stop() override { port_->close(); }
  std::string address() const override { return port_->address(); }
  DeviceResult report() const override { return result_of(device_, address(), counts_); }

 private:
  void on_bytes(ByteSpan bytes) {
    counts_.in += bytes.size();
    reader_.feed(bytes);
    while (const std::optional<Bytes> packet = reader_.next()) {
      if (const std::optional<Bytes> reply = device_.on_packet(*packet)) {
        append(unsent_, smp::to_lines(*reply));
      }
    }
    flush();
  }
  void flush() {
    const std::size_t sent = std::min(port_->write(unsent_), unsent_.size());
    counts_.out += sent;
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent));
    // A host that sends and does not read waits.
    port_->pause(unsent_.size() > 64 * 1024);
  }

  std::unique_ptr<Port> port_;
  smp::Device device_;
  smp::LineReader reader_;
  Bytes unsent_;
  Counts counts_;
};

Result<std::uint16_t> udp_port_of(const std::string& port) {
  constexpr std::string_view udp = "udp:";
  std::uint32_t number = 0;
  const char* last = port.data() + port.size();
  const auto [end, error] = std::from_chars(port.data() + udp.size(), last, number);
  if (error != std::errc() || end != last || number > 65535) {
    return make_error(Errc::bad_port, port, "udp:PORT, pty or tcp:PORT");
  }
  return static_cast<std::uint16_t>(number);
}

}  // namespace

Result<Report> run_ota(const OtaRequest& request, const std::function<void(const Ready&)>& ready,
                       EventSink& sink, std::stop_token stop) {
  if (request.kind != smp_kind) {
    return make_error(Errc::bad_kind, "\"" + request.kind + "\"", "the kinds are smp");
  }
  smp::DeviceOptions options;
  options.slot_bytes = 4 << 20;
  options.read_image = facts_of;
  for (const std::string& text : request.faults) {
    AIOT_CHECK(add_fault(text, options));
  }
  AIOT_TRY(const smp::DeviceImage running, running_image(request.image_file));
  const MakeDevice make = [&](const net::asio::any_io_executor& executor,
                              unsigned index) -> Result<std::unique_ptr<VirtualDevice>> {
    smp::Device device(options, running);
    if (request.port.starts_with("udp:")) {
      AIOT_TRY(const std::uint16_t port, udp_port_of(request.port));
      const auto own = static_cast<std::uint16_t>(port == 0 ? 0 : port + index);
      return UdpDevice::make(executor, std::move(device), own);
    }
    AIOT_TRY(std::unique_ptr<Port> port, make_port(executor, request.port, index));
    return std::make_unique<ConsoleDevice>(std::move(port), std::move(device));
  };
  return serve_devices(request.count, std::string(smp_kind), make, ready, sink, std::move(stop));
}

ProvisionCatalog ota_catalog() {
  return {{{std::string(smp_kind), "a Zephyr device with MCUboot, updated over SMP"}},
          std::string(grammar)};
}

}  // namespace aiot::sim
