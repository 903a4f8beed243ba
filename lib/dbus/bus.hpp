#pragma once

#include <functional>
#include <memory>
#include <string>

#include "aiot/value.hpp"
#include "net/clock.hpp"

namespace aiot::dbus {

/// A method of an object on the bus, with its arguments as message.hpp takes them.
struct Call {
  std::string destination;  ///< "org.bluez"
  std::string path;
  std::string interface;
  std::string method;
  std::string signature;
  Array arguments;

  Call(std::string its_destination, std::string its_path, std::string its_interface,
       std::string its_method, std::string its_signature = {}, Array its_arguments = {});
};

/// What an object says to all.
struct Signal {
  std::string path;
  std::string interface;
  std::string member;
  Array arguments;
};

/// A connection to a message bus, on the executor's thread. Services are not started by asking:
/// one that does not run is Errc::no_service at once.
class Bus {
 public:
  /// `address` as the D-Bus specification writes it ("unix:path=/run/dbus/system_bus_socket");
  /// "": the system bus of this machine. dbus::Errc::no_bus, denied; core::Errc::no_module.
  static Result<Bus> open(const net::asio::any_io_executor& executor, const std::string& address);
  Bus(Bus&&) noexcept;
  Bus& operator=(Bus&&) noexcept;
  ~Bus();

  /// The reply's arguments. dbus::Errc, Errc::timed_out, Errc::cancelled.
  net::Task<Array> call(Call call, net::TimePoint deadline);
  /// org.freedesktop.DBus.Properties.Get.
  net::Task<Value> get(std::string destination, std::string path, std::string interface,
                  std::string property, net::TimePoint deadline);

  /// Ends what it stands for with its last copy.
  using Subscription = std::shared_ptr<void>;
  /// Calls `handler` for each signal that `rule` fits (D-Bus specification, "Match Rules":
  /// "type='signal',sender='org.bluez'"), from the executor, until the subscription is gone.
  Result<Subscription> subscribe(const std::string& rule,
                                 std::function<void(const Signal&)> handler);

 private:
  struct Shared;
  explicit Bus(std::shared_ptr<Shared> shared);
  std::shared_ptr<Shared> shared_;
};

}  // namespace aiot::dbus
