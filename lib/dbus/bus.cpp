#include "dbus/bus.hpp"

#include <fcntl.h>
#include <poll.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "dbus/message.hpp"
#include "net/clock.hpp"

namespace aiot::dbus {
namespace {

constexpr const char* system_bus = "unix:path=/run/dbus/system_bus_socket";
/// A bus that never falls silent must not keep everybody else from running.
constexpr int max_streak = 64;

std::string system_address() {
  const char* set = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");
  return set != nullptr && *set != '\0' ? set : system_bus;
}

std::string text(const char* value) { return value == nullptr ? std::string() : value; }

Error connection_error(int number, const std::string& address) {
  const std::string context = address + ": " + std::generic_category().message(number);
  if (number == EACCES || number == EPERM) return make_error(Errc::denied, context);
  return make_error(Errc::no_bus, context, "start the system bus: systemctl start dbus");
}

/// The slot of a call or a match, given back when it is no longer wanted.
class Slot {
 public:
  explicit Slot(const Library& library) : library_(library) {}
  ~Slot() { library_.slot_unref(slot_); }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  sd_bus_slot** place() { return &slot_; }

 private:
  const Library& library_;
  sd_bus_slot* slot_ = nullptr;
};

using Reply = Result<Array>;

/// A call under way.
struct Pending {
  explicit Pending(const Library& functions) : library(functions), slot(functions) {}
  const Library& library;
  Slot slot;
  Reply reply = make_error(Errc::no_bus, "the bus is gone");
  std::function<void()> done;
};

Reply reply_of(const Library& library, sd_bus_message* message) {
  if (const sd_bus_error* error = library.message_error(message))
    return error_of(text(error->name), text(error->message));
  return read_arguments(library, message);
}

int on_reply(sd_bus_message* message, void* data, sd_bus_error*) {
  auto* pending = static_cast<Pending*>(data);
  pending->reply = reply_of(pending->library, message);
  if (const auto done = std::exchange(pending->done, nullptr)) done();
  return 0;
}

struct Match {
  Match(const Library& functions, std::function<void(const Signal&)> its_handler)
      : library(functions), handler(std::move(its_handler)), slot(functions) {}
  const Library& library;
  std::function<void(const Signal&)> handler;
  Slot slot;
};

int on_signal(sd_bus_message* message, void* data, sd_bus_error*) {
  const auto* match = static_cast<const Match*>(data);
  Result<Array> arguments = read_arguments(match->library, message);
  if (!arguments) return 0;  // a sender that breaks its own description is not worth ending for
  const Signal signal{text(match->library.message_path(message)),
                      text(match->library.message_interface(message)),
                      text(match->library.message_member(message)), *std::move(arguments)};
  match->handler(signal);
  return 0;
}

/// The bus lets this program listen, or the handler gets nothing; there is nobody to report to.
int on_match_added(sd_bus_message*, void*, sd_bus_error*) { return 0; }

}  // namespace

struct Bus::Shared : std::enable_shared_from_this<Shared> {
  Shared(const net::asio::any_io_executor& executor, const Library& functions)
      : library(functions), descriptor(executor), timer(executor) {}
  ~Shared() { library.close_unref(bus); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  /// Lets the bus read, write and call back until it has nothing to do, then waits.
  void pump() {
    if (closed) return;
    for (int i = 0; i < max_streak; ++i) {
      const int worked = library.process(bus, nullptr);
      if (worked < 0) return;  // gone: the calls under way were answered so
      if (worked == 0) return wait();
    }
    pump_soon();
  }

  void pump_soon() {
    net::asio::post(descriptor.get_executor(), [self = shared_from_this()] { self->pump(); });
  }

  void wait() {
    const int events = library.get_events(bus);
    if (events < 0) return;
    if ((events & POLLIN) != 0) wait_for(net::asio::posix::descriptor_base::wait_read, reading);
    if ((events & POLLOUT) != 0) wait_for(net::asio::posix::descriptor_base::wait_write, writing);
    std::uint64_t until_us = 0;
    if (library.get_timeout(bus, &until_us) < 0 || until_us == UINT64_MAX) return;
    // Both count CLOCK_MONOTONIC.
    timer.expires_at(net::TimePoint(std::chrono::microseconds(until_us)));
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->pump();
    });
  }

  void wait_for(net::asio::posix::descriptor_base::wait_type what, bool& waiting) {
    if (std::exchange(waiting, true)) return;
    descriptor.async_wait(
        what, [self = shared_from_this(), &waiting](const boost::system::error_code& error) {
          waiting = false;
          if (!error) self->pump();
        });
  }

  const Library& library;
  net::asio::posix::stream_descriptor descriptor;
  net::asio::steady_timer timer;
  sd_bus* bus = nullptr;
  bool reading = false;
  bool writing = false;
  bool closed = false;
};

/// A call that waits for its answer.
struct Incoming::Answer {
  Answer(std::shared_ptr<Bus::Shared> its_bus, sd_bus_message* its_call)
      : bus(std::move(its_bus)), call(bus->library.message_ref(its_call)) {}
  ~Answer() {
    if (!given) fail("org.freedesktop.DBus.Error.Failed", "not answered");
    bus->library.message_unref(call);
  }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  void send(sd_bus_message* message) {
    given = true;
    bus->library.send(bus->bus, message, nullptr);
    bus->library.message_unref(message);
    bus->pump_soon();
  }
  void fail(const std::string& name, const std::string& text) {
    if (given) return;
    const sd_bus_error error{name.c_str(), text.c_str(), 0};
    sd_bus_message* message = nullptr;
    if (bus->library.message_new_error(call, &message, &error) >= 0) send(message);
  }

  std::shared_ptr<Bus::Shared> bus;
  sd_bus_message* call;
  bool given = false;
};

void Incoming::reply(std::string_view signature, const Array& values) const {
  if (answer_->given) return;
  const Library& library = answer_->bus->library;
  sd_bus_message* message = nullptr;
  if (library.message_new_return(answer_->call, &message) < 0) return;
  const Result<void> filled = append_arguments(library, message, signature, values);
  if (filled) return answer_->send(message);
  library.message_unref(message);
  fail("org.freedesktop.DBus.Error.Failed", filled.error().message());
}

void Incoming::fail(const std::string& name, const std::string& text) const {
  answer_->fail(name, text);
}

/// Objects of this program, and their handlers.
struct Bus::Served : std::enable_shared_from_this<Bus::Served> {
  Served(const std::shared_ptr<Shared>& its_bus, std::function<void(Incoming)> its_handler)
      : bus(its_bus), handler(std::move(its_handler)), slot(its_bus->library) {}

  static int on_call(sd_bus_message* message, void* data, sd_bus_error*) {
    const std::shared_ptr<Served> self = static_cast<Served*>(data)->shared_from_this();
    const std::shared_ptr<Shared> bus = self->bus.lock();
    if (!bus) return 0;
    Incoming call;
    call.interface = text(bus->library.message_interface(message));
    // sd-bus itself answers for what all objects have.
    if (call.interface == "org.freedesktop.DBus.Peer" ||
        call.interface == "org.freedesktop.DBus.Introspectable")
      return 0;
    call.path = text(bus->library.message_path(message));
    call.method = text(bus->library.message_member(message));
    call.answer_ = std::make_shared<Incoming::Answer>(bus, message);
    Result<Array> arguments = read_arguments(bus->library, message);
    if (!arguments) {
      call.fail("org.freedesktop.DBus.Error.InvalidArgs", arguments.error().message());
      return 1;
    }
    call.arguments = *std::move(arguments);
    self->handler(std::move(call));
    return 1;
  }

  std::weak_ptr<Shared> bus;
  std::function<void(Incoming)> handler;
  Slot slot;
};

Call::Call(std::string its_destination, std::string its_path, std::string its_interface,
           std::string its_method, std::string its_signature, Array its_arguments)
    : destination(std::move(its_destination)),
      path(std::move(its_path)),
      interface(std::move(its_interface)),
      method(std::move(its_method)),
      signature(std::move(its_signature)),
      arguments(std::move(its_arguments)) {}

Bus::Bus(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
Bus::Bus(Bus&&) noexcept = default;
Bus& Bus::operator=(Bus&&) noexcept = default;
Bus::~Bus() {
  if (!shared_) return;
  shared_->closed = true;
  boost::system::error_code ignored;
  shared_->descriptor.cancel(ignored);
  shared_->timer.cancel();
}

Result<Bus> Bus::open(const net::asio::any_io_executor& executor, const std::string& address) {
  AIOT_TRY(const Library* library, Library::get());
  auto shared = std::make_shared<Shared>(executor, *library);
  const std::string where = address.empty() ? system_address() : address;
  int failed = library->bus_new(&shared->bus);
  if (failed >= 0) failed = library->set_address(shared->bus, where.c_str());
  if (failed >= 0) failed = library->set_client(shared->bus, 1);
  if (failed >= 0) failed = library->start(shared->bus);
  if (failed < 0) return connection_error(-failed, where);
  // The bus closes its own when the other end is gone, while ours may still be waited for.
  const int fd = ::fcntl(library->get_fd(shared->bus), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return connection_error(errno, where);
  shared->descriptor.assign(fd);
  shared->pump_soon();
  return Bus(std::move(shared));
}

net::Task<Array> Bus::call(Call call, net::TimePoint deadline) {
  const std::shared_ptr<Shared> shared = shared_;
  const Library& library = shared->library;
  sd_bus_message* raw = nullptr;
  const int made =
      library.message_new_call(shared->bus, &raw, call.destination.c_str(), call.path.c_str(),
                               call.interface.c_str(), call.method.c_str());
  const std::shared_ptr<sd_bus_message> message(raw, library.message_unref);
  if (made < 0) co_return make_error(Errc::no_bus, call.method);
  library.message_auto_start(raw, 0);
  AIOT_CO_CHECK(append_arguments(library, raw, call.signature, call.arguments).with(call.method));
  auto pending = std::make_shared<Pending>(library);
  auto start = [shared, pending, message](auto handler) {
    auto held = std::make_shared<decltype(handler)>(std::move(handler));
    pending->done = [held] { (*held)(); };
    const int sent = shared->library.call_async(shared->bus, pending->slot.place(), message.get(),
                                                on_reply, pending.get(), UINT64_MAX);
    if (sent < 0) return std::exchange(pending->done, nullptr)();
    shared->pump_soon();
  };
  auto stop = [] {};  // what still comes finds its slot gone
  auto replied = co_await net::by_deadline<>(deadline, start, stop);
  if (!replied) co_return std::move(replied).error().with(call.method);
  co_return std::move(pending->reply).with(call.method);
}

net::Task<Value> Bus::get(std::string destination, std::string path, std::string interface,
                          std::string property, net::TimePoint deadline) {
  Array arguments{std::move(interface), std::move(property)};
  Call call(std::move(destination), std::move(path), "org.freedesktop.DBus.Properties", "Get", "ss",
            std::move(arguments));
  AIOT_CO_TRY(Array reply, co_await this->call(std::move(call), deadline));
  if (reply.empty()) co_return make_error(Errc::bad_message, "Get");
  co_return std::move(reply.front());
}

Result<Bus::Subscription> Bus::subscribe(const std::string& rule,
                                         std::function<void(const Signal&)> handler) {
  const Library& library = shared_->library;
  auto match = std::make_shared<Match>(library, std::move(handler));
  const int added = library.add_match_async(shared_->bus, match->slot.place(), rule.c_str(),
                                            on_signal, on_match_added, match.get());
  if (added < 0) return make_error(Errc::bad_message, rule);
  shared_->pump_soon();
  // The slot is the bus's: it must not outlive it.
  return Subscription(match.get(), [match, bus = shared_](void*) mutable { match.reset(); });
}

Result<Bus::Subscription> Bus::serve(const std::string& path,
                                     std::function<void(Incoming)> handler) {
  auto served = std::make_shared<Served>(shared_, std::move(handler));
  const int added = shared_->library.add_fallback(shared_->bus, served->slot.place(), path.c_str(),
                                                  Served::on_call, served.get());
  if (added < 0) return make_error(Errc::bad_message, path);
  return Subscription(served.get(), [served, bus = shared_](void*) mutable { served.reset(); });
}

Result<void> Bus::emit(const Signal& signal, std::string_view signature) {
  const Library& library = shared_->library;
  sd_bus_message* raw = nullptr;
  const int made = library.message_new_signal(shared_->bus, &raw, signal.path.c_str(),
                                              signal.interface.c_str(), signal.member.c_str());
  const std::shared_ptr<sd_bus_message> message(raw, library.message_unref);
  if (made < 0) return make_error(Errc::no_bus, signal.member);
  AIOT_CHECK(append_arguments(library, raw, signature, signal.arguments).with(signal.member));
  if (library.send(shared_->bus, raw, nullptr) < 0) return make_error(Errc::no_bus, signal.member);
  shared_->pump_soon();
  return {};
}

}  // namespace aiot::dbus
