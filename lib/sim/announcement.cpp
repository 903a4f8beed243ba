#include "sim/announcement.hpp"

#include "net/interfaces.hpp"

namespace aiot::sim {

void Announcement::announce(const std::string& host, const dnssd::Offer& offer) {
  withdraw();
  const Result<std::vector<net::Interface>> interfaces = net::list_interfaces();
  const Result<dnssd::Name> name = dnssd::Name::parse(host + ".local");
  if (!interfaces || !name) return;
  links_ = dnssd::Links::open(executor_, clock_, *interfaces);
  auto station =
      dnssd::ResponderStation::make(links_, *interfaces, *name, {offer}, offer.port, clock_.now());
  if (!station) return;
  station_ = *std::move(station);
  links_->start(station_);
}

void Announcement::withdraw() {
  if (station_ != nullptr) station_->say_goodbye();
  fall_silent();
}

void Announcement::fall_silent() {
  if (links_ != nullptr) links_->close();
  station_.reset();
  links_.reset();
}

}  // namespace aiot::sim
