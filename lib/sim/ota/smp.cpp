#include "sim/ota/smp.hpp"

#include <fmt/format.h>

#include <array>
#include <deque>

#include "crypto/digest.hpp"
#include "image/files.hpp"
#include "image/mcuboot.hpp"
#include "net/device_engine.hpp"
#include "protocol/smp/device.hpp"
#include "protocol/smp/transport.hpp"
#include "sim/engine_station.hpp"
#include "sim/ota/pace.hpp"
#include "sim/port.hpp"
#include "sim/udp_station.hpp"

namespace aiot::sim::ota {
namespace {

constexpr std::array<FaultKind, 5> smp_table = {{
    {"wrong-version", "boots the old image"},
    {"never-back", "is silent after the reset"},
    {"lossy", "loses each fifth packet"},
    {"corrupt", "changes a byte of the upload", true},
    {"power-cut", "goes silent at a byte of the upload", true},
}};

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

DeviceResult result_of(const smp::Device& device, std::string address) {
  DeviceResult result;
  result.chip = "smp";
  result.address = std::move(address);
  result.commands = device.commands();
  result.running = device.running().version;
  return result;
}

/// What an SMP server has answered, until the flash is done with what was asked.
template <class T>
class Answers {
 public:
  explicit Answers(net::Duration write_time) : pace_(write_time) {}

  /// The answer to so many bytes.
  void push(net::TimePoint now, std::size_t bytes, T answer) {
    now_ = now;
    // A peer that does not read is no reason to keep more.
    if (queue_.size() < 64) queue_.emplace_back(pace_.written(now, bytes), std::move(answer));
  }
  void pass(net::TimePoint now) { now_ = now; }
  std::optional<net::TimePoint> next() const {
    return queue_.empty() ? std::nullopt : std::optional(queue_.front().first);
  }
  /// The next one that is due.
  std::optional<T> take() {
    if (queue_.empty() || queue_.front().first > now_) return std::nullopt;
    T out = std::move(queue_.front().second);
    queue_.pop_front();
    return out;
  }

 private:
  Pace pace_;
  net::TimePoint now_{};
  std::deque<std::pair<net::TimePoint, T>> queue_;
};

/// An SMP server as an engine of datagrams.
class Server final : public net::DatagramEngine {
 public:
  Server(smp::Device device, net::Duration write_time)
      : device(std::move(device)), answers_(write_time) {}

  void on_datagram(net::TimePoint now, const net::Datagram& datagram) override {
    std::optional<Bytes> reply = device.on_packet(datagram.payload);
    if (reply) answers_.push(now, datagram.payload.size(), {datagram.from, *std::move(reply)});
  }
  std::optional<net::TimePoint> next_timer() const override { return answers_.next(); }
  void on_timer(net::TimePoint now) override { answers_.pass(now); }
  std::optional<net::OutgoingDatagram> take_output() override { return answers_.take(); }

  smp::Device device;

 private:
  Answers<net::OutgoingDatagram> answers_;
};

class UdpDevice final : public VirtualDevice {
 public:
  UdpDevice(const net::asio::any_io_executor& executor, smp::Device device, const Options& options,
            net::UdpSocket socket)
      : server_(std::move(device), options.write_time),
        station_(executor, server_, *options.clock, std::move(socket)) {}

  void start() override { station_.start(); }
  void stop() override { station_.stop(); }
  std::string address() const override {
    return fmt::format("udp://127.0.0.1:{}", station_.port());
  }
  DeviceResult report() const override {
    DeviceResult result = result_of(server_.device, address());
    result.bytes_in = station_.bytes_in();
    result.bytes_out = station_.bytes_out();
    return result;
  }

 private:
  Server server_;
  UdpStation station_;
};

/// An SMP server as an engine of a wire.
class Console final : public net::DeviceEngine {
 public:
  Console(smp::Device device, net::Duration write_time)
      : device(std::move(device)), answers_(write_time) {}

  void on_bytes(net::TimePoint now, ByteSpan bytes) override {
    reader_.feed(bytes);
    while (const std::optional<Bytes> packet = reader_.next()) {
      if (const std::optional<Bytes> reply = device.on_packet(*packet)) {
        answers_.push(now, packet->size(), smp::to_lines(*reply));
      }
    }
  }
  void on_lines(net::TimePoint, bool, bool) override {}
  void on_host_baud(net::TimePoint, std::uint32_t) override {}
  std::optional<net::TimePoint> next_timer() const override { return answers_.next(); }
  void on_timer(net::TimePoint now) override { answers_.pass(now); }
  Bytes take_output(net::TimePoint now) override {
    answers_.pass(now);
    Bytes out;
    while (const std::optional<Bytes> answer = answers_.take()) append(out, *answer);
    return out;
  }
  bool link_up() const override { return true; }

  smp::Device device;

 private:
  smp::LineReader reader_;
  Answers<Bytes> answers_;
};

class ConsoleDevice final : public VirtualDevice {
 public:
  ConsoleDevice(const net::asio::any_io_executor& executor, smp::Device device,
                const Options& options, std::unique_ptr<Port> port)
      : console_(std::move(device), options.write_time),
        station_(executor, console_, *options.clock, std::move(port)) {}

  void start() override { station_.start(); }
  void stop() override { station_.stop(); }
  std::string address() const override { return station_.address(); }
  DeviceResult report() const override {
    DeviceResult result = result_of(console_.device, address());
    result.bytes_in = station_.bytes_in();
    result.bytes_out = station_.bytes_out();
    return result;
  }

 private:
  Console console_;
  EngineStation station_;
};

}  // namespace

std::span<const FaultKind> smp_faults() { return smp_table; }

Result<std::unique_ptr<VirtualDevice>> make_smp(const net::asio::any_io_executor& executor,
                                                const Options& options) {
  smp::DeviceOptions device_options;
  device_options.slot_bytes = 4 << 20;
  device_options.read_image = facts_of;
  device_options.reverts = options.fault("wrong-version") != nullptr;
  device_options.never_returns = options.fault("never-back") != nullptr;
  if (options.fault("lossy") != nullptr) device_options.drop_every = 5;
  if (const Fault* fault = options.fault("corrupt")) device_options.corrupt_at = fault->byte;
  if (const Fault* fault = options.fault("power-cut")) device_options.dead_after = fault->byte;
  AIOT_TRY(smp::DeviceImage running, running_image(options.image_file));
  smp::Device device(std::move(device_options), std::move(running));

  constexpr std::string_view udp = "udp:";
  const std::string_view port = options.port.empty() ? "udp:0" : std::string_view(options.port);
  std::unique_ptr<VirtualDevice> made;
  if (port.starts_with(udp)) {
    AIOT_TRY(net::UdpSocket socket,
             UdpStation::open(executor, port.substr(udp.size()), smp::udp_port, options.index,
                              net::asio::ip::address_v4::loopback()));
    made = std::make_unique<UdpDevice>(executor, std::move(device), options, std::move(socket));
  } else if (port == "ble" || port.starts_with("ble:")) {
    return make_smp_ble(executor, options, std::move(device));
  } else {
    AIOT_TRY(std::unique_ptr<Port> wire, make_port(executor, port, options.index));
    made = std::make_unique<ConsoleDevice>(executor, std::move(device), options, std::move(wire));
  }
  return made;
}

}  // namespace aiot::sim::ota
