#pragma once

#include <functional>
#include <optional>
#include <string>

#include "net/device_engine.hpp"
#include "protocol/esphome_ota/message.hpp"

namespace aiot::esphome {

struct DeviceOptions {
  std::string password;  ///< "" for none
  bool sha256 = true;    ///< of the challenge; else MD5
  bool gzip = false;     ///< takes compressed firmware, as an ESP8266 does
  bool extended = true;  ///< knows the answer 48
  std::uint8_t version = 2;
  std::size_t partition_bytes = std::size_t{2} << 20;
  std::function<Bytes(std::size_t count)> random;
  /// Faults.
  std::optional<std::uint64_t> corrupt_at;  ///< changes this byte of the upload
  std::optional<std::uint64_t> dead_after;  ///< closes the connection there, and is gone
  bool refuses_write = false;               ///< 83 at the first block
};

/// The device side, as an engine without I/O: one connection after another. When the session is
/// over it leaves closing the connection to the host.
class Device final : public net::DeviceEngine {
 public:
  explicit Device(DeviceOptions options) : options_(std::move(options)) {}

  /// The firmware of the last update that was whole, as it was sent; empty before.
  const Bytes& firmware() const { return firmware_; }
  std::uint64_t updates() const { return updates_; }

  void on_bytes(net::TimePoint now, ByteSpan bytes) override;
  void on_lines(net::TimePoint, bool, bool) override {}
  /// A new connection: a session that was under way is forgotten.
  void on_host_baud(net::TimePoint now, std::uint32_t baud_bps) override;
  std::optional<net::TimePoint> next_timer() const override { return std::nullopt; }
  void on_timer(net::TimePoint) override {}
  Bytes take_output(net::TimePoint) override { return std::exchange(output_, {}); }
  bool link_up() const override { return !dead_; }

 private:
  enum class Step { magic, features, response, type, size, md5, data, bye, over };

  std::size_t wanted() const;
  void take(ByteSpan bytes);
  void say(Reply reply) { output_.push_back(static_cast<std::uint8_t>(reply)); }
  void fail(std::uint8_t error);
  void ask_password();
  void take_data(ByteSpan bytes);

  DeviceOptions options_;
  Step step_ = Step::magic;
  Bytes input_;
  Bytes output_;
  std::string nonce_;
  bool extended_ = false;
  std::string md5_;
  std::size_t size_ = 0;
  std::size_t acknowledged_ = 0;
  Bytes data_;
  Bytes firmware_;
  std::uint64_t updates_ = 0;
  bool dead_ = false;
};

}  // namespace aiot::esphome
