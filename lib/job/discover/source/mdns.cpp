#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <map>

#include "job/discover/mdns_observation.hpp"
#include "job/discover/mdns_types.hpp"
#include "job/discover/source.hpp"
#include "net/interfaces.hpp"
#include "protocol/dnssd/links.hpp"
#include "protocol/dnssd/querier.hpp"

namespace aiot::discover {
namespace {

using net::TimePoint;

/// What is still there is told again so often: whoever watches takes long silence for absence, and
/// a service that need not be asked for is silent.
constexpr std::chrono::seconds tell_again{60};

/// Interfaces that come and go are noticed so soon.
constexpr std::chrono::seconds look_again{2};

/// A querier on each link, and what they have found put together: a service that is heard on
/// several links is one, with all its addresses.
class MdnsStation final : public dnssd::Station {
 public:
  MdnsStation(std::shared_ptr<dnssd::Links> links, std::function<void(Observation)> report,
              TimePoint now)
      : links_(std::move(links)), report_(std::move(report)), tell_again_at_(now + tell_again) {
    for (const dnssd::LinkId link : links_->links()) {
      dnssd::QuerierOptions options;
      options.interface = link.interface;
      for (const MdnsType& type : mdns_types()) {
        options.types.emplace_back(std::string(type.type) + ".local");
      }
      queriers_.emplace(link, dnssd::Querier(std::move(options), now));
    }
  }

  void on_message(dnssd::LinkId link, const dnssd::Message& message,
                  const net::asio::ip::udp::endpoint&, TimePoint now) override {
    dnssd::Querier& querier = queriers_.at(link);
    querier.on_message(message, now);
    act(link, querier);
  }

  void on_timer(TimePoint now) override {
    for (auto& [link, querier] : queriers_) {
      if (querier.next_timer() > now) continue;
      querier.on_timer(now);
      act(link, querier);
    }
    if (tell_again_at_ > now) return;
    tell_again_at_ = now + tell_again;
    for (const auto& [key, seen] : services_) report_(observe_service(whole(seen)));
  }

  TimePoint next_timer() const override {
    TimePoint next = tell_again_at_;
    for (const auto& [link, querier] : queriers_) next = std::min(next, querier.next_timer());
    return next;
  }

  std::size_t services() const { return services_.size(); }

 private:
  using Seen = std::map<dnssd::LinkId, dnssd::Service>;

  void act(dnssd::LinkId link, dnssd::Querier& querier) {
    for (dnssd::Querier::Action& action : querier.take_actions()) {
      if (const auto* send = std::get_if<dnssd::Querier::Send>(&action)) {
        links_->send_to_group(link, send->payload, send->unicast);
      } else if (auto* changed = std::get_if<dnssd::Querier::Changed>(&action)) {
        found(link, std::move(changed->service));
      } else {
        lost(link, std::get<dnssd::Querier::Gone>(action).service);
      }
    }
  }

  void found(dnssd::LinkId link, dnssd::Service service) {
    Seen& seen = services_[service.instance.key()];
    const bool is_new = seen.empty();
    const dnssd::Service before = is_new ? dnssd::Service() : whole(seen);
    seen[link] = std::move(service);
    dnssd::Service now = whole(seen);
    if (is_new || !(now == before)) report_(observe_service(now));
  }

  void lost(dnssd::LinkId link, const dnssd::Service& service) {
    const auto seen = services_.find(service.instance.key());
    if (seen == services_.end()) return;
    seen->second.erase(link);
    if (!seen->second.empty()) return;
    services_.erase(seen);
    Observation observation = observe_service(service);
    observation.gone = true;
    report_(std::move(observation));
  }

  /// What all links together say of one service.
  static dnssd::Service whole(const Seen& seen) {
    dnssd::Service out;
    for (const auto& [link, service] : seen) {
      out.instance = service.instance;
      if (out.host.empty()) {
        out.host = service.host;
        out.port = service.port;
      }
      if (out.attributes.empty()) out.attributes = service.attributes;
      out.addresses.insert(out.addresses.end(), service.addresses.begin(), service.addresses.end());
    }
    std::sort(out.addresses.begin(), out.addresses.end());
    out.addresses.erase(std::unique(out.addresses.begin(), out.addresses.end()),
                        out.addresses.end());
    return out;
  }

  std::shared_ptr<dnssd::Links> links_;
  std::function<void(Observation)> report_;
  TimePoint tell_again_at_;
  std::map<dnssd::LinkId, dnssd::Querier> queriers_;
  std::map<std::string, Seen> services_;
};

class MdnsSource final : public Source {
 public:
  SourceInfo info() const override {
    return {"mdns", "services that devices announce with mDNS/DNS-SD, on every network interface"};
  }

  net::Task<SourceStatus> run(SourceContext& context) override {
    const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
    SourceStatus status;
    bool goes_on = true;
    while (goes_on) {
      Result<std::vector<net::Interface>> interfaces = interfaces_for(context.request);
      if (!interfaces) {
        co_return SourceStatus{SourceState::failed, interfaces.error().message(), {}};
      }
      const std::shared_ptr<dnssd::Links> links = dnssd::Links::open(executor, *interfaces);
      if (links->links().empty() && !context.request.watch) {
        co_return SourceStatus{SourceState::no_adapter, "no network interface with multicast is up",
                               "connect this machine to the devices' network"};
      }
      const auto station =
          std::make_shared<MdnsStation>(links, context.report, net::steady_clock().now());
      dnssd::Links::start(links, station, executor);
      // The sockets' readers do the work until they are stopped; a cancellation ends this wait.
      Result<bool> waited = co_await wait(context, *interfaces);
      links->close();
      status = status_of(*links, station->services());
      goes_on = waited && *waited;
      if (!waited && waited.error().condition() != Condition::cancelled) {
        co_return std::move(waited).error();
      }
    }
    co_return status;
  }

 private:
  static Result<std::vector<net::Interface>> interfaces_for(const Request& request) {
    AIOT_TRY(std::vector<net::Interface> all, net::list_interfaces());
    const std::vector<std::string>& wanted = request.interfaces;
    std::erase_if(all, [&](const net::Interface& interface) {
      return !wanted.empty() &&
             std::find(wanted.begin(), wanted.end(), interface.name) == wanted.end();
    });
    return all;
  }

  /// Until the search is over; true when it goes on with other interfaces or addresses, for which
  /// only a search without an end looks.
  static net::Task<bool> wait(SourceContext& context, const std::vector<net::Interface>& now) {
    const std::string before = addresses_of(now);
    while (context.clock.now() < context.deadline) {
      const TimePoint next =
          context.request.watch ? context.clock.now() + look_again : context.deadline;
      Result<void> slept = co_await context.clock.sleep_until(std::min(next, context.deadline));
      AIOT_CO_CHECK(std::move(slept));
      if (!context.request.watch) continue;
      const Result<std::vector<net::Interface>> again = interfaces_for(context.request);
      if (again && addresses_of(*again) != before) co_return true;
    }
    co_return false;
  }

  static std::string addresses_of(const std::vector<net::Interface>& interfaces) {
    std::string out;
    for (const net::Interface& interface : interfaces) {
      out += fmt::format("{} {}:", interface.index, interface.name);
      for (const auto& address : interface.addresses) out += " " + address.address.to_string();
    }
    return out;
  }

  static SourceStatus status_of(const dnssd::Links& links, std::size_t services) {
    SourceStatus status;
    status.detail = fmt::format("{} services on {}", services, links.text());
    if (!links.hears_groups()) {
      status.detail += "; port 5353 is held alone by another program: only answers by unicast";
      status.hint = "stop the program that does not share port 5353";
    }
    return status;
  }
};

}  // namespace

std::unique_ptr<Source> make_mdns_source() { return std::make_unique<MdnsSource>(); }

}  // namespace aiot::discover
