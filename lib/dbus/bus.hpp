#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

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

/// A value that is written with this signature where a variant is wanted: an object path ("o"), or
/// a number of another width than message.hpp's rules give.
Value typed(std::string_view signature, Value value);

/// A call of a method of this program's own objects. Answered once, now or later; the caller gets
/// an error when the last copy goes away without an answer.
class Incoming {
 public:
  std::string path;
  std::string interface;
  std::string method;
  Array arguments;

  /// Arguments as `signature` describes them.
  void reply(std::string_view signature = {}, const Array& values = {}) const;
  void fail(const std::string& name, const std::string& text) const;

 private:
  friend class Bus;
  struct Answer;
  std::shared_ptr<Answer> answer_;
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

  /// Calls `handler` for each call of an object at `path` or below it, from the executor, until the
  /// subscription is gone.
  Result<Subscription> serve(const std::string& path, std::function<void(Incoming)> handler);
  /// Sends a signal of one of this program's objects, its arguments as `signature` describes them.
  Result<void> emit(const Signal& signal, std::string_view signature);

 private:
  friend class Incoming;
  struct Served;
  struct Shared;
  explicit Bus(std::shared_ptr<Shared> shared);
  std::shared_ptr<Shared> shared_;
};

}  // namespace aiot::dbus
