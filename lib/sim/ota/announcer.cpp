#include "sim/ota/announcer.hpp"

#include "net/interfaces.hpp"

namespace aiot::sim::ota {

void Announcer::say(const dnssd::Offer& offer) {
  stop();
  if (!enabled_) return;
  const Result<std::vector<net::Interface>> interfaces = net::list_interfaces();
  const Result<dnssd::Name> host = dnssd::Name::parse(offer.label + ".local");
  if (!interfaces || !host) return;
  links_ = dnssd::Links::open(executor_, clock_, *interfaces);
  const auto station =
      dnssd::ResponderStation::make(links_, *interfaces, *host, {offer}, offer.port, clock_.now());
  if (station) links_->start(*station);
}

void Announcer::stop() {
  if (links_) links_->close();
  links_.reset();
}

}  // namespace aiot::sim::ota
