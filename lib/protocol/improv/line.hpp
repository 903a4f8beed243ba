#pragma once

#include <deque>

#include "net/link.hpp"
#include "protocol/improv/message.hpp"

namespace aiot::improv {

/// What carries commands to a device and brings its reports. net::Errc::timed_out at a deadline,
/// link_lost, cancelled.
class Line {
 public:
  virtual ~Line() = default;
  virtual net::Clock& clock() = 0;
  /// A serial port and BLE have different commands, and scan results of different form.
  virtual bool is_ble() const = 0;
  virtual bool saw_other_version() const { return false; }
  /// The device shows which one it is when it is asked (Command::identify).
  virtual bool can_identify() const { return false; }
  virtual net::Task<void> send(Command command, Bytes data, net::TimePoint deadline) = 0;
  /// Makes the device report its state.
  virtual net::Task<void> ask_state(net::TimePoint deadline) = 0;
  virtual net::Task<Report> receive(net::TimePoint deadline) = 0;
};

/// Frames on a link. `link` outlives it.
class SerialLine final : public Line {
 public:
  explicit SerialLine(net::Link& link) : link_(link) {}

  net::Clock& clock() override { return link_.clock(); }
  bool is_ble() const override { return false; }
  bool saw_other_version() const override { return reader_.saw_other_version(); }
  net::Task<void> send(Command command, Bytes data, net::TimePoint deadline) override;
  net::Task<void> ask_state(net::TimePoint deadline) override;
  net::Task<Report> receive(net::TimePoint deadline) override;

 private:
  net::Link& link_;
  FrameReader reader_;
};

/// The characteristics of one connected device, named by their UUIDs of 128 bits. Errors as those
/// of a net::Link.
class Characteristics {
 public:
  struct Notification {
    std::string uuid;
    Bytes value;
  };

  virtual ~Characteristics() = default;
  virtual net::Clock& clock() = 0;
  virtual net::Task<Bytes> read(std::string uuid, net::TimePoint deadline) = 0;
  /// With a response.
  virtual net::Task<void> write(std::string uuid, Bytes value, net::TimePoint deadline) = 0;
  virtual net::Task<void> subscribe(std::string uuid, net::TimePoint deadline) = 0;
  /// The next notification of those that were subscribed to, in their order.
  virtual net::Task<Notification> next(net::TimePoint deadline) = 0;
};

/// `gatt` outlives it.
class BleLine final : public Line {
 public:
  explicit BleLine(Characteristics& gatt) : gatt_(gatt) {}
  /// Subscribes to what the device reports; before all else.
  net::Task<void> open(net::TimePoint deadline);
  /// Of the device; those that it does not tell are 0.
  std::uint8_t capabilities() const { return capabilities_; }

  net::Clock& clock() override { return gatt_.clock(); }
  bool is_ble() const override { return true; }
  bool can_identify() const override { return (capabilities_ & improv::can_identify) != 0; }
  net::Task<void> send(Command command, Bytes data, net::TimePoint deadline) override;
  net::Task<void> ask_state(net::TimePoint deadline) override;
  net::Task<Report> receive(net::TimePoint deadline) override;

 private:
  Characteristics& gatt_;
  std::uint8_t capabilities_ = 0;
  std::deque<Report> read_;  ///< what was asked for by reading
};

}  // namespace aiot::improv
