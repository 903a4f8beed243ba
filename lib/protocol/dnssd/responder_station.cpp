#include "protocol/dnssd/responder_station.hpp"

#include <algorithm>

namespace aiot::dnssd {

using net::TimePoint;
using namespace std::chrono_literals;

namespace {

/// One that loses so often is up against something that never yields: it slows down (RFC
/// 6762, 8.1).
constexpr unsigned many_conflicts = 15;
constexpr auto pause_after_many = 5s;

}  // namespace

Result<std::shared_ptr<ResponderStation>> ResponderStation::make(
    std::shared_ptr<Links> links, const std::vector<net::Interface>& interfaces, const Name& host,
    const std::vector<Offer>& offers, std::uint32_t seed, TimePoint now) {
  std::shared_ptr<ResponderStation> out(new ResponderStation(std::move(links)));
  out->host_ = host;
  out->offers_ = offers;
  out->seed_ = seed;
  for (const LinkId link : out->links_->links()) {
    Voice& voice = out->voices_[link];
    for (const net::Interface& interface : interfaces) {
      if (interface.index != link.interface) continue;
      for (const auto& address : interface.addresses) voice.addresses.push_back(address.address);
    }
  }
  AIOT_CHECK(out->begin(now));
  return out;
}

/// Asks on all links for the names as they are now.
Result<void> ResponderStation::begin(TimePoint now) {
  std::vector<Record> friends;
  for (auto& [link, voice] : voices_) {
    AIOT_TRY(const Responder responder,
             Responder::make(host_, voice.addresses, offers_, seed_, now));
    voice.records = responder.unique();
    friends.insert(friends.end(), voice.records.begin(), voice.records.end());
  }
  const TimePoint from = conflicts_ < many_conflicts ? now : now + pause_after_many;
  for (auto& [link, voice] : voices_) {
    voice.responder.reset();
    voice.prober.emplace(voice.records, friends, ++seed_, from);
  }
  return {};
}

void ResponderStation::rename(const std::vector<Name>& taken, TimePoint now) {
  ++conflicts_;
  for (const Name& name : taken) {
    if (name == host_) {
      std::vector<std::string> labels = host_.labels();
      labels.front() = next_host_label(labels.front());
      const std::string before = host_.text();
      host_ = Name(std::move(labels));
      told_(before, host_.text());
      continue;
    }
    for (Offer& offer : offers_) {
      const Result<Name> type = Name::parse(offer.type + ".local");
      if (!type || name.labels().empty() || !(name.parent() == *type)) continue;
      const Result<Name> instance = type->with(offer.label);
      if (!instance || !(*instance == name)) continue;
      const std::string before = offer.label;
      offer.label = next_service_label(before);
      told_(before, offer.label);
    }
  }
  // The new names are good when the old ones were: they are no longer than a label may be.
  const Result<void> begun = begin(now);
  static_cast<void>(begun);
}

bool ResponderStation::is_contested(const Voice& voice, const Message& message) const {
  if (!message.response) return false;
  std::vector<Record> ours;
  for (const auto& [link, other] : voices_) {
    ours.insert(ours.end(), other.records.begin(), other.records.end());
  }
  const auto contested = [&](const Record& record) { return conflicts(record, ours); };
  return voice.responder &&
         (std::any_of(message.answers.begin(), message.answers.end(), contested) ||
          std::any_of(message.additionals.begin(), message.additionals.end(), contested));
}

void ResponderStation::on_message(LinkId link, const Message& message,
                                  const boost::asio::ip::udp::endpoint& from, TimePoint now) {
  if (gone_) return;
  Voice& voice = voices_.at(link);
  if (voice.prober) {
    voice.prober->on_message(message, now);
    if (!voice.prober->taken().empty()) return rename(std::vector(voice.prober->taken()), now);
  } else if (is_contested(voice, message)) {
    // Section 9: both ask again; the one that defends the name keeps it.
    const Result<void> begun = begin(now);
    static_cast<void>(begun);
    return;
  } else if (voice.responder) {
    voice.responder->on_message(message, from, now);
  }
  send(link, voice);
}

void ResponderStation::on_timer(TimePoint now) {
  for (auto& [link, voice] : voices_) {
    if (voice.prober) voice.prober->on_timer(now);
    settle(link, voice, now);
    if (voice.responder) voice.responder->on_timer(now);
    send(link, voice);
  }
}

/// Nobody has objected: the names are announced.
void ResponderStation::settle(LinkId link, Voice& voice, TimePoint now) {
  if (!voice.prober || !voice.prober->is_free()) return;
  send(link, voice);
  voice.prober.reset();
  Result<Responder> responder = Responder::make(host_, voice.addresses, offers_, ++seed_, now);
  if (!responder) return;
  voice.responder.emplace(*std::move(responder));
  voice.announced = true;
}

TimePoint ResponderStation::next_timer() const {
  TimePoint next = TimePoint::max();
  for (const auto& [link, voice] : voices_) {
    if (voice.prober) next = std::min(next, voice.prober->next_timer());
    if (voice.responder) next = std::min(next, voice.responder->next_timer());
  }
  return next;
}

void ResponderStation::say_goodbye() {
  gone_ = true;
  for (auto& [link, voice] : voices_) {
    // One that asks anew has announced its names before.
    if (voice.prober && voice.announced) {
      auto responder = Responder::make(host_, voice.addresses, offers_, seed_, TimePoint());
      if (responder) voice.responder.emplace(*std::move(responder));
    }
    voice.prober.reset();
    if (voice.responder) voice.responder->say_goodbye();
    send(link, voice);
  }
}

void ResponderStation::send(LinkId link, Voice& voice) {
  if (voice.prober) {
    for (const Bytes& payload : voice.prober->take_output()) links_->send_to_group(link, payload);
  }
  if (!voice.responder) return;
  for (const Responder::Send& send : voice.responder->take_output()) {
    if (send.to) {
      links_->send_to(link, *send.to, send.payload);
    } else {
      links_->send_to_group(link, send.payload);
    }
  }
}

}  // namespace aiot::dnssd
