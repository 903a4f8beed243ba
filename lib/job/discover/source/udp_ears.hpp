#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "job/discover/questions.hpp"
#include "job/discover/source.hpp"
#include "net/interfaces.hpp"
#include "net/udp.hpp"

namespace aiot::discover {

/// The interfaces that a request asks for.
Result<std::vector<net::Interface>> asked_interfaces(const Request& request);

/// This machine's own addresses, which servers on it may have: what is sent to a group does not
/// reach those that have not joined it. Loopback only where there is nothing else.
std::vector<net::asio::ip::address> own_addresses(std::span<const net::Interface> interfaces);

/// A datagram as decoders take it; it views the datagram.
Packet packet_of(const net::Datagram& datagram);

/// The sockets of one source. Each asks its questions and hears what comes, all until close().
/// Hold it by a shared pointer: its readers do, until the loop has let them end.
class UdpEars : public std::enable_shared_from_this<UdpEars> {
 public:
  using Hear = std::function<void(const net::Datagram&)>;
  /// What hears, and may answer: by these ears.
  using HearAndAsk = std::function<void(const net::Datagram&, UdpEars&)>;

  UdpEars(net::asio::any_io_executor executor, Hear hear)
      : UdpEars(std::move(executor),
                HearAndAsk([hear = std::move(hear)](const net::Datagram& datagram, UdpEars&) {
                  hear(datagram);
                })) {}
  UdpEars(net::asio::any_io_executor executor, HearAndAsk hear)
      : executor_(std::move(executor)), hear_(std::move(hear)) {}

  /// One more socket, with what is asked on it.
  Result<void> open(const net::UdpOptions& options, std::optional<Questions> questions = {});
  /// Joins a group with the socket that was opened last.
  void join(const net::asio::ip::address& group, unsigned interface);
  /// Lets all sockets ask and hear.
  void start();
  void close();
  /// One more question, from the socket that asks in that family; lost where there is none.
  void ask(const net::OutgoingDatagram& question);

  /// Waits for the end of the search, which may be a cancellation, and closes.
  net::Task<void> wait(SourceContext& context);

  bool empty() const { return ears_.empty(); }
  /// "; asked 200 of 254 addresses", "" when no subnet was walked.
  std::string progress() const;

 private:
  struct Ear {
    net::UdpSocket socket;
    bool v6 = false;
    std::optional<Questions> questions;
  };
  net::Task<void> run(Ear& ear);

  net::asio::any_io_executor executor_;
  HearAndAsk hear_;
  std::vector<std::unique_ptr<Ear>> ears_;
  bool closed_ = false;
};

}  // namespace aiot::discover
