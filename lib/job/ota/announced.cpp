#include "job/ota/announced.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "aiot/units.hpp"
#include "job/ota/error.hpp"
#include "net/interfaces.hpp"
#include "net/resolve.hpp"
#include "protocol/dnssd/search.hpp"

namespace aiot::ota {
namespace {

using namespace std::chrono_literals;

constexpr auto resolve_time = 5s;
/// Until a device that took an image has left: it still answers for the old one.
constexpr auto restart_time = 1s;
constexpr auto look_interval = 200ms;

std::string attribute_of(const dnssd::Service& service, std::string_view key) {
  const auto found = std::ranges::find(service.attributes, key, &dnssd::Attribute::key);
  return found == service.attributes.end() ? std::string() : found->value.value_or("");
}

}  // namespace

/// Keeps what the services at the device's address announce. Virtual devices share one: there, the
/// service with the device's port is its own.
class Announcements::Browser final : public dnssd::Search {
 public:
  Browser(std::shared_ptr<dnssd::Links> links, const dnssd::Name& type, dnssd::IpAddress at,
          std::uint16_t port, net::TimePoint now)
      : Search(std::move(links), {type}, now), type_(type), at_(std::move(at)), port_(port) {}

  std::optional<Announcement> heard() const {
    const auto own = std::ranges::find(known_, port_, &Known::port);
    if (own != known_.end()) return own->announcement;
    return known_.size() == 1 ? std::optional(known_.front().announcement) : std::nullopt;
  }

 private:
  struct Known {
    std::string label;
    std::uint16_t port = 0;
    Announcement announcement;
  };

  void found(dnssd::LinkId, dnssd::Service service) override {
    constexpr std::size_t most_known = 256;
    // Attributes come with the record that has none, too.
    const bool is_whole = service.port != 0 && !service.attributes.empty();
    if (!is_whole || !(service.instance.parent() == type_) ||
        std::ranges::find(service.addresses, at_) == service.addresses.end()) {
      return;
    }
    Known one{service.label(),
              service.port,
              {attribute_of(service, "version"), attribute_of(service, "project_version")}};
    const auto old = std::ranges::find(known_, one.label, &Known::label);
    if (old != known_.end()) {
      *old = std::move(one);
    } else if (known_.size() < most_known) {
      known_.push_back(std::move(one));
    }
  }

  dnssd::Name type_;
  dnssd::IpAddress at_;
  std::uint16_t port_;
  std::vector<Known> known_;
};

net::Task<Announcements> Announcements::begin(fleet::DeviceRun& run, std::string type) {
  Announcements out;
  const Address& address = run.address();
  const Result<dnssd::Name> name = dnssd::Name::parse(type + ".local");
  const Result<std::vector<net::Interface>> interfaces = net::list_interfaces();
  if (!name || !interfaces) co_return std::move(out);
  Result<net::asio::ip::address> at =
      co_await net::resolve(address.host, run.clock().now() + resolve_time);
  if (!at && at.error().condition() == Condition::cancelled) co_return std::move(at).error();
  if (!at) co_return std::move(out);
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  out.links_ = dnssd::Links::open(executor, run.clock(), *interfaces);
  out.browser_ = std::make_shared<Browser>(out.links_, *name, *at, address.port, run.clock().now());
  out.links_->start(out.browser_);
  co_return std::move(out);
}

Announcements& Announcements::operator=(Announcements&& other) noexcept {
  std::swap(links_, other.links_);
  std::swap(browser_, other.browser_);
  return *this;
}

Announcements::~Announcements() {
  if (links_) links_->close();
}

std::optional<Announcement> Announcements::heard() const {
  return browser_ ? browser_->heard() : std::nullopt;
}

net::Task<void> await_announcement(fleet::DeviceRun& run, PushResult& result,
                                   const PushImage& image, const PushRequest& request,
                                   std::string type, std::optional<Announcement> before) {
  if (!before) co_return Result<void>();
  result.version_before = before->version;
  const net::TimePoint deadline = run.clock().now() + request.boot_time;
  AIOT_CO_CHECK(co_await run.clock().sleep_until(
      std::min<net::TimePoint>(deadline, run.clock().now() + restart_time)));
  AIOT_CO_TRY(const Announcements after, co_await Announcements::begin(run, std::move(type)));
  std::optional<Announcement> now = after.heard();
  while (!now && run.clock().now() < deadline) {
    AIOT_CO_CHECK(co_await run.clock().sleep_for(look_interval));
    now = after.heard();
  }
  if (!now) {
    co_return make_error(Errc::not_back,
                         fmt::format("no announcement for {}", format_duration(request.boot_time)),
                         "check the device: power, Wi-Fi, its log");
  }
  result.version_after = now->version;
  const bool is_image =
      !image.version.empty() && (now->version == image.version || now->project == image.version);
  const bool is_other = now->version != before->version || now->project != before->project;
  if (is_image || is_other) {
    result.booted = result.confirmed = true;
    result.unconfirmed.clear();
  } else if (now->version.empty()) {
    result.unconfirmed = "the device took the image and is back; it announces no version";
  } else {
    result.unconfirmed = "the device is back, and announces the same version as before";
  }
  co_return Result<void>();
}

}  // namespace aiot::ota
