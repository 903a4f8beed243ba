#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <set>

#include "job/discover/source/udp_ears.hpp"
#include "job/discover/ssdp_observation.hpp"
#include "net/http.hpp"

namespace aiot::discover {
namespace asio = net::asio;
namespace {

constexpr std::size_t most_fetches = 16;
constexpr std::size_t most_described = 4096;
constexpr std::size_t description_limit_bytes = 64 * 1024;
constexpr std::chrono::seconds fetch_time{2};
/// Devices wait up to this long at random before they answer.
constexpr int mx_s = 1;

/// What the fetches share with the source, which may be over when they end.
struct Fetching {
  std::function<void(Observation)> report;
  bool over = false;
  std::size_t under_way = 0;
  std::set<std::string> seen = {};  // device and location
};

/// The description is fetched from whoever announced it, whatever host its URL names.
net::Task<void> describe(std::shared_ptr<Fetching> fetching, asio::ip::address address,
                         Observation observation, std::string location) {
  const Result<net::HttpUrl> url = net::parse_http_url(location);
  if (!url) co_return url.error();
  net::HttpUrl target = *url;
  const net::TimePoint deadline = net::steady_clock().now() + fetch_time;
  const Result<std::string> text =
      co_await net::http_get(address, std::move(target), description_limit_bytes, deadline);
  if (!text) co_return text.error();
  const Result<ssdp::Description> description = ssdp::parse_description(*text);
  if (!description) co_return description.error();
  if (fetching->over) co_return Result<void>();
  add_description(*description, observation);
  fetching->report(std::move(observation));
  co_return Result<void>();
}

void fetch(const asio::any_io_executor& executor, const std::shared_ptr<Fetching>& fetching,
           const asio::ip::address& address, const Observation& observation,
           const ssdp::Message& message) {
  const std::string location(message.header("location"));
  if (location.empty() || fetching->under_way >= most_fetches) return;
  if (fetching->seen.size() >= most_described) return;
  const std::string key = std::string(message.udn()) + ' ' + location;
  if (!fetching->seen.insert(key).second) return;
  ++fetching->under_way;
  const auto work = [fetching, address, observation, location, key]() -> asio::awaitable<void> {
    Observation copy = observation;
    const Result<void> done =
        co_await describe(fetching, address, std::move(copy), std::string(location));
    --fetching->under_way;
    if (!done) fetching->seen.erase(key);  // with its next announcement
  };
  asio::co_spawn(executor, work, asio::detached);
}

void hear(const asio::any_io_executor& executor, const std::shared_ptr<Fetching>& fetching,
          const net::Datagram& datagram) {
  const Result<ssdp::Message> message = ssdp::parse_message(datagram.payload);
  if (!message || message->kind == ssdp::Message::Kind::search) return;
  Observation observation = observe_announcement(datagram.from.address().to_string(), *message);
  const bool there = !observation.gone;
  if (there) fetch(executor, fetching, datagram.from.address(), observation, *message);
  fetching->report(std::move(observation));
}

class SsdpSource final : public Source {
 public:
  SourceInfo info() const override {
    return {"ssdp", "UPnP devices: what they announce and what their descriptions say"};
  }

  net::Task<SourceStatus> run(SourceContext& context) override {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto interfaces = asked_interfaces(context.request);
    if (!interfaces) {
      co_return SourceStatus{SourceState::failed, interfaces.error().message(), {}};
    }
    const auto fetching = std::make_shared<Fetching>(Fetching{context.report});
    const auto ears =
        std::make_shared<UdpEars>(executor, [executor, fetching](const net::Datagram& datagram) {
          hear(executor, fetching, datagram);
        });
    SourceStatus status;
    for (const bool v6 : {false, true}) ask(*ears, *interfaces, v6, status);
    if (ears->empty()) {
      co_return SourceStatus{SourceState::no_adapter, "no network interface with multicast is up",
                             "connect this machine to the devices' network"};
    }
    ears->start();
    Result<void> ended = co_await ears->wait(context);
    fetching->over = true;
    if (!ended) co_return std::move(ended).error();
    co_return status;
  }

 private:
  /// A socket that searches, and one that hears announcements beside other programs.
  static void ask(UdpEars& ears, const std::vector<net::Interface>& interfaces, bool v6,
                  SourceStatus& status) {
    const asio::ip::address group =
        asio::ip::make_address(std::string(v6 ? ssdp::group_v6 : ssdp::group_v4));
    std::vector<const net::Interface*> on;
    for (const net::Interface& interface : interfaces) {
      const bool has =
          std::any_of(interface.addresses.begin(), interface.addresses.end(),
                      [v6](const net::InterfaceAddress& own) { return own.address.is_v6() == v6; });
      if (interface.multicast && has) on.push_back(&interface);
    }
    if (on.empty()) return;
    const std::string host = v6 ? "[FF02::C]:1900" : "239.255.255.250:1900";
    const auto make = [host](unsigned round) {
      // Root devices describe themselves; "all" finds those that announce nothing else.
      const std::string text =
          ssdp::search(host, round == 1 ? "upnp:rootdevice" : "ssdp:all", mx_s);
      const ByteSpan bytes = as_bytes(text);
      return Bytes(bytes.begin(), bytes.end());
    };
    Questions questions(make, ssdp::udp_port, net::steady_clock().now());
    for (const net::Interface* interface : on) {
      questions.add(group, interface->index);
      status.detail += (status.detail.empty() ? "on " : ", ") + interface->name;
    }
    net::UdpOptions options;
    options.v6 = v6;
    const Result<void> asked = ears.open(options, std::move(questions));
    options.port = ssdp::udp_port;
    options.share_port = true;
    const Result<void> heard = ears.open(options);
    if (heard) {
      for (const net::Interface* interface : on) ears.join(group, interface->index);
    } else if (asked) {
      status.detail += "; announcements are not heard: " + heard.error().message();
    }
  }
};

}  // namespace

std::unique_ptr<Source> make_ssdp_source() { return std::make_unique<SsdpSource>(); }

}  // namespace aiot::discover
