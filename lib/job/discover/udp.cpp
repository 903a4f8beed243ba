#include "job/discover/udp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/this_coro.hpp>

#include "job/discover/error.hpp"
#include "protocol/coap/message.hpp"

namespace aiot::discover {
namespace asio = net::asio;

namespace {

/// 65,534 addresses are already half a minute's walk.
constexpr unsigned short shortest_prefix = 16;

Error bad_subnet(const std::string& text) {
  return make_error(Errc::bad_subnet, text, "write it as 192.168.1.0/24, from /16 to /32");
}

}  // namespace

Result<Subnet> Subnet::parse(const std::string& text) {
  boost::system::error_code error;
  const bool whole = text.find('/') != std::string::npos;
  const asio::ip::network_v4 network = asio::ip::make_network_v4(whole ? text : text + "/32", error);
  if (error || network.prefix_length() < shortest_prefix) return bad_subnet(text);
  Subnet out;
  out.first_ = network.network().to_uint();
  out.size_ = 1U << (32 - network.prefix_length());
  if (network.prefix_length() < 31) {
    // The first names the network, the last is its broadcast address.
    ++out.first_;
    out.size_ -= 2;
  }
  return out;
}

Result<std::vector<Subnet>> parse_subnets(std::span<const std::string> texts) {
  std::vector<Subnet> out;
  for (const std::string& text : texts) {
    AIOT_TRY(Subnet subnet, Subnet::parse(text));
    out.push_back(subnet);
  }
  return out;
}

namespace {

using namespace std::chrono_literals;

/// Rounds come so long after the one before; from then on each minute.
net::Duration pause_after(unsigned round) {
  switch (round % 3) {
    case 0: return 500ms;
    case 1: return 1s;
    default: return 1min;
  }
}

/// The second pass begins so long after the first, when that has ended by then.
constexpr net::Duration second_pass = 1s;
constexpr net::Duration later_passes = 1min;

}  // namespace

void Questions::add(const net::asio::ip::address& to, unsigned interface) {
  hosts_.push_back({to, interface});
}

void Questions::add(const Subnet& subnet) {
  subnets_.push_back(subnet);
  addresses_ += subnet.size();
}

net::TimePoint Questions::next() const {
  net::TimePoint out = net::TimePoint::max();
  if (!hosts_.empty()) out = std::min(out, rounds_at_);
  if (!subnets_.empty()) out = std::min(out, walk_at_);
  return out;
}

std::vector<net::OutgoingDatagram> Questions::take(net::TimePoint now) {
  std::vector<net::OutgoingDatagram> out;
  if (!hosts_.empty() && rounds_at_ <= now) take_round(now, out);
  if (!subnets_.empty() && walk_at_ <= now) take_steps(now, out);
  return out;
}

void Questions::take_round(net::TimePoint now, std::vector<net::OutgoingDatagram>& out) {
  const Bytes payload = make_(round_);
  for (const Host& host : hosts_) out.push_back({{host.address, port_}, payload, host.interface});
  rounds_at_ = now + pause_after(round_);
  ++round_;
}

void Questions::take_steps(net::TimePoint now, std::vector<net::OutgoingDatagram>& out) {
  const Bytes payload = make_(pass_);
  for (std::size_t i = 0; i < step; ++i) {
    const Subnet& subnet = subnets_[subnet_];
    out.push_back({{subnet.at(index_), port_}, payload, 0});
    if (pass_ == 0) ++asked_;
    if (++index_ < subnet.size()) continue;
    index_ = 0;
    if (++subnet_ < subnets_.size()) continue;
    subnet_ = 0;
    walk_at_ = std::max(now + pace, begin_ + (pass_ % 2 == 0 ? second_pass : later_passes));
    begin_ = walk_at_;
    ++pass_;
    return;
  }
  walk_at_ = now + pace;
}

Result<std::vector<net::Interface>> asked_interfaces(const Request& request) {
  AIOT_TRY(std::vector<net::Interface> all, net::list_interfaces());
  const std::vector<std::string>& wanted = request.interfaces;
  std::erase_if(all, [&](const net::Interface& interface) {
    return !wanted.empty() &&
           std::find(wanted.begin(), wanted.end(), interface.name) == wanted.end();
  });
  return all;
}

/// This machine's own addresses, which servers on it may have: what is sent to a group does not
/// reach those that have not joined it. Loopback only where there is nothing else.
static std::vector<asio::ip::address> own_addresses(std::span<const net::Interface> interfaces) {
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

void add_sender(const Packet& packet, Observation& out) {
  out.identities.push_back({IdentityKind::address, packet.from_address});
  if (!packet.from_mac.empty()) out.identities.push_back({IdentityKind::mac, packet.from_mac});
  out.ips.push_back(packet.from_address);
}

namespace {

constexpr std::size_t most_fetches = 16;
constexpr std::size_t most_documents = 4096;
constexpr int most_failures = 3;
constexpr std::chrono::minutes pause_after_failure{1};

bool has_family(const net::Interface& interface, bool v6) {
  return std::any_of(interface.addresses.begin(), interface.addresses.end(),
                     [v6](const net::InterfaceAddress& own) { return own.address.is_v6() == v6; });
}

/// The questions of one search, each from its socket, and the reading of what comes.
class Searcher final : public net::DatagramEngine {
 public:
  Searcher(std::shared_ptr<UdpSearch> search, UdpProtocol::Handler handler)
      : search_(std::move(search)), handler_(std::move(handler)) {}

  void add(Questions questions, std::size_t socket) {
    questions_.push_back({std::move(questions), socket});
  }
  void on_datagram(net::TimePoint, const net::Datagram& datagram) override { handler_(datagram); }
  std::optional<net::TimePoint> next_timer() const override {
    net::TimePoint next = net::TimePoint::max();
    for (const Asked& asked : questions_) next = std::min(next, asked.questions.next());
    return next;
  }
  void on_timer(net::TimePoint now) override {
    for (Asked& asked : questions_) {
      for (net::OutgoingDatagram& question : asked.questions.take(now)) {
        question.socket = asked.socket;
        search_->outgoing.push_back(std::move(question));
      }
    }
  }
  std::optional<net::OutgoingDatagram> take_output() override {
    if (search_->outgoing.empty()) return std::nullopt;
    net::OutgoingDatagram out = std::move(search_->outgoing.front());
    search_->outgoing.pop_front();
    return out;
  }
  /// "; asked 200 of 254 addresses", "" when no subnet was walked.
  std::string progress() const {
    std::uint64_t asked = 0;
    std::uint64_t all = 0;
    for (const Asked& one : questions_) {
      asked += one.questions.asked();
      all += one.questions.addresses();
    }
    return all == 0 ? "" : fmt::format("; asked {} of {} addresses", asked, all);
  }

 private:
  struct Asked {
    Questions questions;
    std::size_t socket;
  };
  std::shared_ptr<UdpSearch> search_;
  UdpProtocol::Handler handler_;
  std::vector<Asked> questions_;
};

class UdpSource final : public Source {
 public:
  UdpSource(UdpProtocol protocol, Decoder decode) : protocol_(std::move(protocol)) {
    for (const std::string_view group : protocol_.wire.groups) {
      groups_.push_back(asio::ip::make_address(std::string(group)));
    }
    if (protocol_.handler) return;
    protocol_.handler = [decode](std::shared_ptr<UdpSearch> search) -> UdpProtocol::Handler {
      return [search, decode](const net::Datagram& datagram) {
        for (Observation& seen : decode(packet_of(datagram))) search->report(std::move(seen));
      };
    };
  }

  SourceInfo info() const override {
    return {std::string(protocol_.wire.name), std::string(protocol_.description)};
  }

  net::Task<SourceStatus> run(SourceContext& context) override {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto interfaces = asked_interfaces(context.request);
    auto subnets = parse_subnets(context.request.subnets);
    if (!interfaces || !subnets) {
      const Error& error = interfaces ? subnets.error() : interfaces.error();
      co_return SourceStatus{SourceState::failed, error.message(), error.hint};
    }
    interfaces_ = *std::move(interfaces);
    if (protocol_.ask_subnets) subnets_ = *std::move(subnets);
    const std::shared_ptr<UdpSearch> search(
        new UdpSearch{executor, context.clock, context.deadline, context.report});
    const auto searcher = std::make_shared<Searcher>(search, protocol_.handler(search));
    const auto driver = std::make_shared<net::DatagramDriver>(executor, context.clock, searcher);
    SourceStatus status = open(*driver, *searcher, context.clock.now());
    if (driver->empty()) co_return status;
    driver->start();
    Result<void> waited = co_await context.clock.sleep_until(context.deadline);
    search->over = true;
    driver->close();
    if (!waited && waited.error().condition() != Condition::cancelled) {
      co_return std::move(waited).error();
    }
    status.detail = on() + searcher->progress() + status.detail;
    co_return status;
  }

 private:
  /// Without any socket, the status says why.
  SourceStatus open(net::DatagramDriver& driver, Searcher& searcher, net::TimePoint now) {
    SourceStatus status{SourceState::no_adapter, "no network interface is up",
                        "connect this machine to the devices' network"};
    std::optional<Error> failure;
    if (protocol_.socket_per_address) {
      ask_from_each_address(driver, searcher, now, failure);
    } else {
      for (const bool v6 : {false, true}) ask(driver, searcher, v6, now, failure);
    }
    if (failure) status = {SourceState::failed, failure->message(), failure->hint};
    if (driver.empty()) return status;
    status = {};
    if (protocol_.listen == UdpProtocol::Listen::no) return status;
    if (const std::optional<Error> deaf = listen(driver)) {
      status.detail = "; announcements are not received: " + deaf->message();
      status.hint = deaf->hint;
    }
    return status;
  }

  void ask(net::DatagramDriver& driver, Searcher& searcher, bool v6, net::TimePoint now,
           std::optional<Error>& failure) {
    Questions questions(protocol_.question({{}, v6}), protocol_.wire.ports.front(), now);
    for (const net::Interface& interface : interfaces_) {
      if (interface.multicast && has_family(interface, v6)) {
        for (const asio::ip::address& group : groups_) {
          if (group.is_v6() != v6) continue;
          questions.add(group, interface.index);
          add_name(interface.name);
        }
      }
      for (const net::InterfaceAddress& own : interface.addresses) {
        if (v6 || !protocol_.ask_broadcast || !own.broadcast) continue;
        questions.add(*own.broadcast, interface.index);
        questions.add(asio::ip::address_v4::broadcast(), interface.index);
        add_name(interface.name);
      }
    }
    if (protocol_.ask_own_addresses) {
      for (const asio::ip::address& own : own_addresses(interfaces_)) {
        if (own.is_v6() == v6 && (v6_is_spoken() || !v6)) questions.add(own);
      }
    }
    if (!v6) {
      for (const Subnet& subnet : subnets_) questions.add(subnet);
    }
    if (questions.next() == net::TimePoint::max()) return;
    net::UdpOptions options;
    options.v6 = v6;
    options.broadcast = protocol_.ask_broadcast;
    add(driver, searcher, options, std::move(questions), failure);
  }

  /// The first walks the subnets.
  void ask_from_each_address(net::DatagramDriver& driver, Searcher& searcher, net::TimePoint now,
                             std::optional<Error>& failure) {
    for (const net::Interface& interface : interfaces_) {
      for (const net::InterfaceAddress& own : interface.addresses) {
        if (!own.broadcast) continue;
        Questions questions(protocol_.question({own.address, false}), protocol_.wire.ports.front(),
                            now);
        questions.add(*own.broadcast, interface.index);
        for (const Subnet& subnet : std::exchange(subnets_, {})) questions.add(subnet);
        net::UdpOptions options;
        options.broadcast = true;
        add(driver, searcher, options, std::move(questions), failure);
        add_name(interface.name);
      }
    }
  }

  static void add(net::DatagramDriver& driver, Searcher& searcher, const net::UdpOptions& options,
                  Questions questions, std::optional<Error>& failure) {
    const Result<std::size_t> socket = driver.open(options);
    if (socket) {
      searcher.add(std::move(questions), *socket);
    } else {
      failure = socket.error();
    }
  }

  /// Receives announcements. Returns what kept it from some of them.
  std::optional<Error> listen(net::DatagramDriver& driver) const {
    std::optional<Error> failure;
    net::UdpOptions options;
    options.share_port = true;
    const auto open = [&](bool v6) {
      options.v6 = v6;
      const auto socket = driver.open(options, net::DatagramDriver::Use::receive);
      if (!socket) {
        failure = socket.error();
        return;
      }
      for (const asio::ip::address& group : groups_) {
        const bool wanted = options.bind.is_unspecified() || options.bind == group;
        if (wanted && group.is_v6() == v6) join(driver, *socket, group);
      }
    };
    if (protocol_.listen == UdpProtocol::Listen::ports) {
      for (const std::uint16_t port : protocol_.wire.ports) {
        options.port = port;
        open(false);
        if (v6_is_spoken() && any_has_v6()) open(true);
      }
      return failure;
    }
    // Bound to what announcements are sent to, and to nothing else: a server of this machine keeps
    // what is sent to it.
    options.port = protocol_.wire.ports.front();
    for (const asio::ip::address& to : announced_to()) {
      options.bind = to;
      open(to.is_v6());
    }
    return failure;
  }

  std::set<asio::ip::address> announced_to() const {
    std::set<asio::ip::address> out(groups_.begin(), groups_.end());
    out.insert(asio::ip::address_v4::broadcast());
    for (const net::Interface& interface : interfaces_) {
      for (const net::InterfaceAddress& own : interface.addresses) {
        if (own.broadcast) out.insert(*own.broadcast);
      }
    }
    return out;
  }

  void join(net::DatagramDriver& driver, std::size_t socket, const asio::ip::address& group) const {
    for (const net::Interface& interface : interfaces_) {
      if (!interface.multicast || !has_family(interface, group.is_v6())) continue;
      const Result<void> joined = driver.join(socket, group, interface.index);
      static_cast<void>(joined);  // an interface that went down meanwhile
    }
  }

  bool v6_is_spoken() const {
    return std::any_of(groups_.begin(), groups_.end(),
                       [](const asio::ip::address& group) { return group.is_v6(); });
  }
  bool any_has_v6() const {
    return std::any_of(interfaces_.begin(), interfaces_.end(), [](const net::Interface& interface) {
      return interface.multicast && has_family(interface, true);
    });
  }

  void add_name(const std::string& interface) {
    if (std::find(names_.begin(), names_.end(), interface) == names_.end()) {
      names_.push_back(interface);
    }
  }
  std::string on() const {
    return names_.empty() ? "" : fmt::format("on {}", fmt::join(names_, ", "));
  }

  UdpProtocol protocol_;
  std::vector<asio::ip::address> groups_;
  std::vector<net::Interface> interfaces_;
  std::vector<Subnet> subnets_;
  std::vector<std::string> names_;  ///< of the interfaces that are asked on
};

}  // namespace

std::unique_ptr<Source> make_udp_source(UdpProtocol protocol, Decoder decode) {
  return std::make_unique<UdpSource>(std::move(protocol), decode);
}

bool Fetches::begin(const std::string& key, net::TimePoint now) {
  if (under_way_ >= most_fetches) return false;
  const auto found = known_.find(key);
  if (found == known_.end() && known_.size() >= most_documents) return false;
  Fetch& fetch = found != known_.end() ? found->second : known_[key];
  if (fetch.under_way || now < fetch.not_before) return false;
  fetch.under_way = true;
  ++under_way_;
  return true;
}

void Fetches::ended(const std::string& key, bool well, net::TimePoint now) {
  Fetch& fetch = known_[key];
  fetch.under_way = false;
  --under_way_;
  const bool last = well || ++fetch.failures >= most_failures;
  fetch.not_before = last ? net::TimePoint::max() : now + pause_after_failure;
}

std::optional<net::OutgoingDatagram> acknowledgement_of(const net::Datagram& datagram,
                                                        ByteSpan token) {
  const Result<coap::MessageView> message = coap::decode(datagram.payload);
  if (!message || message->type != coap::Type::confirmable) return std::nullopt;
  if (!coap::is_response(message->code) || !std::ranges::equal(message->token, token)) {
    return std::nullopt;
  }
  coap::Message reply;
  reply.type = coap::Type::acknowledgement;
  reply.id = message->id;
  return net::OutgoingDatagram{datagram.from, coap::encode(reply), 0};
}

}  // namespace aiot::discover
