#include "protocol/dnssd/responder.hpp"

#include <algorithm>

namespace aiot::dnssd {

using net::TimePoint;
using namespace std::chrono_literals;

namespace {

// RFC 6762 section 10: names of hosts change sooner than those of services.
constexpr std::uint32_t host_ttl_s = 120;
constexpr std::uint32_t other_ttl_s = 4500;
constexpr auto between_announcements = 1s;  // section 8.3
/// A record is sent to the group at most so often (section 6).
constexpr auto least_interval = 1s;

/// Others may offer the same: PTR. All else is this host's alone, and voids older records.
bool is_shared(const Record& record) { return record.type == PTR; }

bool knows(const std::vector<Record>& known, const Record& record) {
  return std::any_of(known.begin(), known.end(), [&](const Record& k) {
    return k.type == record.type && k.ttl_s >= record.ttl_s / 2 && k.data == record.data &&
           k.name == record.name;
  });
}

bool contains(const std::vector<std::size_t>& list, std::size_t index) {
  return std::find(list.begin(), list.end(), index) != list.end();
}

}  // namespace

Responder::Responder(std::uint32_t seed, TimePoint now) : random_(seed), next_announcement_(now) {}

Result<Responder> Responder::make(const Name& host, const std::vector<IpAddress>& addresses,
                                  const std::vector<Offer>& offers, std::uint32_t seed,
                                  TimePoint now) {
  Responder out(seed, now);
  for (const Offer& offer : offers) {
    AIOT_TRY(const Name type, Name::parse(offer.type + ".local"));
    AIOT_TRY(Name instance, type.with(offer.label));
    out.own(enumeration_name(), PTR, other_ttl_s, Pointer{type});
    out.own(type, PTR, other_ttl_s, Pointer{instance});
    for (const std::string& subtype : offer.subtypes) {
      AIOT_TRY(const Name below, type.with("_sub"));
      AIOT_TRY(Name name, below.with(subtype));
      out.own(std::move(name), PTR, other_ttl_s, Pointer{instance});
    }
    out.own(instance, SRV, host_ttl_s, Location{0, 0, offer.port, host});
    out.own(instance, TXT, other_ttl_s, strings_of(offer.attributes));
  }
  for (const IpAddress& address : addresses) {
    if (address.is_v4()) {
      out.own(host, A, host_ttl_s, address.to_v4().to_bytes());
    } else {
      out.own(host, AAAA, host_ttl_s, address.to_v6().to_bytes());
    }
  }
  return out;
}

void Responder::own(Name name, Type type, std::uint32_t ttl_s, Data data) {
  Record record{std::move(name), type, type != PTR, ttl_s, std::move(data)};
  // Two services of one type make one row of the enumeration.
  const bool there = std::any_of(owned_.begin(), owned_.end(), [&](const Owned& o) {
    return o.record.type == type && o.record.data == record.data && o.record.name == record.name;
  });
  if (!there) owned_.push_back({std::move(record)});
}

std::vector<Record> Responder::unique() const {
  std::vector<Record> out;
  for (const Owned& owned : owned_) {
    if (!is_shared(owned.record)) out.push_back(owned.record);
  }
  return out;
}

void Responder::on_message(const Message& message, const Endpoint& from, TimePoint now) {
  if (gone_ || message.response || message.opcode != 0) return;
  // More known answers to questions of an earlier packet (section 7.2).
  if (message.questions.empty()) {
    std::erase_if(pending_, [&](const auto& row) {
      return row.second.asker == from && knows(message.answers, owned_[row.first].record);
    });
  }
  const bool legacy = from.port() != udp_port;
  std::vector<std::size_t> direct;
  for (const Question& question : message.questions) {
    for (const std::size_t index : answers_to(question)) {
      const Record& record = owned_[index].record;
      if (knows(message.answers, record)) continue;
      if (legacy || question.unicast) {
        if (!contains(direct, index)) direct.push_back(index);
        continue;
      }
      TimePoint due = now;
      if (message.truncated) {
        due += between(400ms, 500ms);
      } else if (is_shared(record)) {
        due += between(20ms, 120ms);  // others answer, too (section 6)
      }
      if (owned_[index].said) due = std::max(due, *owned_[index].said + least_interval);
      const auto [row, is_new] = pending_.try_emplace(index, Pending{due, from});
      if (!is_new) row->second.due = std::min(row->second.due, due);
    }
  }
  if (!direct.empty()) answer_one(message, direct, from);
}

std::vector<std::size_t> Responder::answers_to(const Question& question) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < owned_.size(); ++i) {
    const Record& record = owned_[i].record;
    if (question.type != ANY && question.type != record.type) continue;
    if (record.name == question.name) out.push_back(i);
  }
  return out;
}

/// What whoever got these answers will ask next (RFC 6763 section 12).
std::vector<std::size_t> Responder::additionals_of(const std::vector<std::size_t>& answers) const {
  std::vector<std::size_t> out;
  const auto add = [&](const Name& name, std::uint16_t type) {
    for (const std::size_t index : answers_to(Question{name, type, false})) {
      if (!contains(answers, index) && !contains(out, index)) out.push_back(index);
    }
  };
  for (const std::size_t index : answers) {
    const auto* pointer = std::get_if<Pointer>(&owned_[index].record.data);
    if (pointer == nullptr) continue;
    add(pointer->target, SRV);
    add(pointer->target, TXT);
  }
  std::vector<std::size_t> all = answers;
  all.insert(all.end(), out.begin(), out.end());
  for (const std::size_t index : all) {
    const auto* location = std::get_if<Location>(&owned_[index].record.data);
    if (location == nullptr) continue;
    add(location->host, A);
    add(location->host, AAAA);
  }
  return out;
}

void Responder::answer_one(const Message& query, const std::vector<std::size_t>& answers,
                           const Endpoint& to) {
  const bool legacy = to.port() != udp_port;
  Message message;
  message.response = message.authoritative = true;
  if (legacy) {
    message.id = query.id;
    message.questions = query.questions;
  }
  const auto copy = [&](std::size_t index) {
    Record record = owned_[index].record;
    if (legacy) {
      record.flush = false;
      record.ttl_s = std::min(record.ttl_s, legacy_ttl_s);
    }
    return record;
  };
  for (const std::size_t index : answers) message.answers.push_back(copy(index));
  for (const std::size_t index : additionals_of(answers)) {
    message.additionals.push_back(copy(index));
  }
  output_.push_back({encode(message), to});
}

void Responder::answer_group(const std::vector<std::size_t>& answers, TimePoint now) {
  Message message;
  message.response = message.authoritative = true;
  for (const std::size_t index : answers) {
    owned_[index].said = now;
    message.answers.push_back(owned_[index].record);
  }
  for (const std::size_t index : additionals_of(answers)) {
    message.additionals.push_back(owned_[index].record);
  }
  output_.push_back({encode(message), std::nullopt});
}

void Responder::announce(TimePoint now) {
  std::vector<std::size_t> all(owned_.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  answer_group(all, now);
  --announcements_left_;
  next_announcement_ = now + between_announcements;
}

void Responder::on_timer(TimePoint now) {
  if (gone_) return;
  if (announcements_left_ > 0 && next_announcement_ <= now) announce(now);
  std::vector<std::size_t> due;
  for (const auto& [index, pending] : pending_) {
    if (pending.due <= now) due.push_back(index);
  }
  for (const std::size_t index : due) pending_.erase(index);
  if (!due.empty()) answer_group(due, now);
}

TimePoint Responder::next_timer() const {
  if (gone_) return TimePoint::max();
  TimePoint next = announcements_left_ > 0 ? next_announcement_ : TimePoint::max();
  for (const auto& [index, pending] : pending_) next = std::min(next, pending.due);
  return next;
}

void Responder::say_goodbye() {
  if (gone_) return;
  gone_ = true;
  Message message;
  message.response = message.authoritative = true;
  for (const Owned& owned : owned_) {
    message.answers.push_back(owned.record);
    message.answers.back().ttl_s = 0;
  }
  output_.push_back({encode(message), std::nullopt});
}

net::Duration Responder::between(std::chrono::milliseconds least, std::chrono::milliseconds most) {
  return least + std::chrono::milliseconds(random_() % (most - least).count());
}

}  // namespace aiot::dnssd
