#include "job/discover/source/udp_ears.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace aiot::discover {
namespace asio = net::asio;

Result<std::vector<net::Interface>> asked_interfaces(const Request& request) {
  AIOT_TRY(std::vector<net::Interface> all, net::list_interfaces());
  const std::vector<std::string>& wanted = request.interfaces;
  std::erase_if(all, [&](const net::Interface& interface) {
    return !wanted.empty() &&
           std::find(wanted.begin(), wanted.end(), interface.name) == wanted.end();
  });
  return all;
}

std::vector<asio::ip::address> own_addresses(std::span<const net::Interface> interfaces) {
  const bool connected = std::any_of(interfaces.begin(), interfaces.end(),
                                     [](const net::Interface& i) { return !i.loopback; });
  std::vector<asio::ip::address> out;
  for (const net::Interface& interface : interfaces) {
    if (interface.loopback && connected) continue;
    for (const net::InterfaceAddress& own : interface.addresses) out.push_back(own.address);
  }
  return out;
}

Packet packet_of(const net::Datagram& datagram) {
  Packet out;
  out.from_address = datagram.from.address().to_string();
  out.from_port = datagram.from.port();
  out.to_address = datagram.to.address().to_string();
  out.to_port = datagram.to.port();
  out.payload = datagram.payload;
  return out;
}

Result<void> UdpEars::open(const net::UdpOptions& options, std::optional<Questions> questions) {
  AIOT_TRY(net::UdpSocket socket, net::UdpSocket::open(executor_, options));
  ears_.push_back(std::make_unique<Ear>(Ear{std::move(socket), options.v6, std::move(questions)}));
  return {};
}

void UdpEars::join(const asio::ip::address& group, unsigned interface) {
  // An interface without this family has none of its devices either.
  const Result<void> joined = ears_.back()->socket.join(group, interface);
  static_cast<void>(joined);
}

void UdpEars::start() {
  for (const auto& ear : ears_) {
    const auto work = [self = shared_from_this(), raw = ear.get()]() -> asio::awaitable<void> {
      const Result<void> ended = co_await self->run(*raw);
      static_cast<void>(ended);  // closed
    };
    asio::co_spawn(executor_, work, asio::detached);
  }
}

net::Task<void> UdpEars::run(Ear& ear) {
  net::Clock& clock = net::steady_clock();
  while (!closed_) {
    net::TimePoint next = net::TimePoint::max();
    if (ear.questions) {
      for (const net::OutgoingDatagram& question : ear.questions->take(clock.now())) {
        // Whoever cannot be reached will not answer.
        const Result<void> sent =
            ear.socket.send(question.to, question.payload, question.interface);
        static_cast<void>(sent);
      }
      next = ear.questions->next();
    }
    Result<net::Datagram> got = co_await ear.socket.receive(next);
    if (closed_) break;
    if (got) {
      hear_(*got, *this);
    } else if (got.error().code != net::Errc::timed_out) {
      co_return std::move(got).error();
    }
  }
  co_return Result<void>();
}

void UdpEars::close() {
  closed_ = true;
  for (const auto& ear : ears_) ear->socket.close();
}

void UdpEars::ask(const net::OutgoingDatagram& question) {
  for (const auto& ear : ears_) {
    if (closed_ || !ear->questions || ear->v6 != question.to.address().is_v6()) continue;
    const Result<void> sent = ear->socket.send(question.to, question.payload, question.interface);
    static_cast<void>(sent);
    return;
  }
}

net::Task<void> UdpEars::wait(SourceContext& context) {
  Result<void> waited = co_await context.clock.sleep_until(context.deadline);
  close();
  if (!waited && waited.error().condition() != Condition::cancelled)
    co_return std::move(waited).error();
  co_return Result<void>();
}

std::string UdpEars::progress() const {
  std::uint64_t asked = 0;
  std::uint64_t all = 0;
  for (const auto& ear : ears_) {
    if (!ear->questions) continue;
    asked += ear->questions->asked();
    all += ear->questions->addresses();
  }
  return all == 0 ? "" : fmt::format("; asked {} of {} addresses", asked, all);
}

}  // namespace aiot::discover
