#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dbus/bus.hpp"

namespace aiot::sim {

/// What a host's request to a virtual device's characteristic leads to.
enum class GattOutcome {
  done,
  refused,  ///< an ATT error
  silent,   ///< no answer
  lost,     ///< the connection is ended
};

/// The device behind a GattServer. Characteristics are named by their UUIDs of 128 bits.
class GattHandler {
 public:
  virtual ~GattHandler() = default;
  virtual GattOutcome on_write(std::string_view uuid, ByteSpan value) = 0;
  virtual Bytes on_read(std::string_view uuid) = 0;
  virtual void on_disconnect() = 0;
};

struct GattCharacteristic {
  std::string uuid;
  std::vector<std::string> flags;  ///< "read", "write", "write-without-response", "notify"
  std::string description;         ///< descriptor 2901; "" for none
};

/// A peripheral with one service on a Bluetooth controller of this machine, through BlueZ.
class GattServer {
 public:
  struct Profile {
    std::string adapter;  ///< "hci1"; "" for the first one
    std::string name;
    std::string service;
    std::vector<GattCharacteristic> characteristics;
  };

  /// Switches the controller on, registers service and advertisement, and returns when the device
  /// is on the air. `handler` outlives it. bluez::Errc, dbus::Errc.
  static Result<std::unique_ptr<GattServer>> open(const net::asio::any_io_executor& executor,
                                                  Profile profile, GattHandler& handler);
  ~GattServer();

  std::string address() const;  ///< of the controller: "AA:BB:CC:DD:EE:FF"
  /// At most mtu() - 3 bytes, and 512.
  void notify(std::string_view uuid, const Bytes& value);
  /// What ATT had agreed on at the host's last write; 23 before.
  std::size_t mtu() const;

 private:
  struct Shared;
  explicit GattServer(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  std::shared_ptr<Shared> shared_;
};

}  // namespace aiot::sim
