#include "protocol/dnssd/responder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace aiot::dnssd {
namespace {

using namespace std::chrono_literals;

constexpr auto between_probes = 250ms;
constexpr auto after_lost_tie = 1s;

/// A record as ties are settled by (RFC 6762, 8.2): class, which is the same for all, type, and
/// the data as it is on the wire, names not compressed.
using Rank = std::pair<std::uint16_t, Bytes>;
Rank rank_of(const Record& record) {
  Message one;
  one.answers.push_back({Name(), record.type, false, 0, record.data});
  const Bytes wire = encode(one);
  // Behind the header: the root's name, type, class, time to live and length.
  constexpr std::size_t before_data = header_bytes + 1 + 2 + 2 + 4 + 2;
  const auto data = ByteSpan(wire).subspan(std::min(before_data, wire.size()));
  return {record.type, Bytes(data.begin(), data.end())};
}

std::vector<Rank> ranks_of(std::span<const Record> records, const Name& name) {
  std::vector<Rank> out;
  for (const Record& record : records) {
    if (record.name == name) out.push_back(rank_of(record));
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// `base`, cut so that `tail` fits behind it.
std::string with_tail(std::string base, const std::string& tail) {
  if (base.size() + tail.size() > longest_label) {
    std::size_t end = longest_label - tail.size();
    // Not within a character of UTF-8.
    while (end > 0 && (static_cast<unsigned char>(base[end]) & 0xC0U) == 0x80U) --end;
    base.resize(end);
  }
  return base + tail;
}

/// The number in `digits`, 0 when it is none that counts names.
unsigned counted(std::string_view digits) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && number >= 2 && number < 100000 ? number : 0;
}

}  // namespace

bool conflicts(const Record& theirs, std::span<const Record> ours) {
  if (theirs.ttl_s == 0 || theirs.type == NSEC || theirs.type == PTR) return false;
  bool same_name = false;
  for (const Record& own : ours) {
    if (!(own.name == theirs.name)) continue;
    same_name = true;
    // As on the wire: an empty TXT record is one with an empty string.
    if (own.type == theirs.type && rank_of(own) == rank_of(theirs)) return false;
  }
  return same_name;
}

std::string next_service_label(const std::string& label) {
  const auto open = label.rfind(" (");
  if (open != std::string::npos && label.ends_with(')')) {
    const std::string_view digits = std::string_view(label).substr(open + 2);
    if (const unsigned number = counted(digits.substr(0, digits.size() - 1))) {
      return with_tail(label.substr(0, open), fmt::format(" ({})", number + 1));
    }
  }
  return with_tail(label, " (2)");
}

std::string next_host_label(const std::string& label) {
  const auto dash = label.rfind('-');
  if (dash != std::string::npos) {
    if (const unsigned number = counted(std::string_view(label).substr(dash + 1))) {
      return with_tail(label.substr(0, dash), fmt::format("-{}", number + 1));
    }
  }
  return with_tail(label, "-2");
}

Prober::Prober(std::vector<Record> records, std::vector<Record> friends, std::uint32_t seed,
               net::TimePoint begin)
    : records_(std::move(records)), all_(std::move(friends)) {
  std::minstd_rand random(seed);
  next_ = begin + std::chrono::milliseconds(random() % 250);
  all_.insert(all_.end(), records_.begin(), records_.end());
  for (const Record& record : records_) {
    if (std::find(names_.begin(), names_.end(), record.name) == names_.end()) {
      names_.push_back(record.name);
    }
  }
}

void Prober::probe() {
  Message message;
  for (const Name& name : names_) message.questions.push_back({name, ANY, true});
  message.authorities = records_;
  // What is not claimed yet voids nothing.
  for (Record& record : message.authorities) record.flush = false;
  output_.push_back(encode(message));
}

void Prober::on_timer(net::TimePoint now) {
  if (is_free() || next_ > now) return;
  if (++probes_ <= 3) probe();
  next_ = is_free() ? net::TimePoint::max() : now + between_probes;
}

void Prober::on_message(const Message& message, net::TimePoint now) {
  if (is_free() || message.opcode != 0) return;
  if (!message.response) return settle_tie(message, now);
  for (const auto* section : {&message.answers, &message.additionals}) {
    for (const Record& record : *section) {
      if (!conflicts(record, all_)) continue;
      if (std::find(taken_.begin(), taken_.end(), record.name) == taken_.end()) {
        taken_.push_back(record.name);
      }
    }
  }
}

/// Of two that ask for one name at once the one with the later data goes on; the other asks again
/// in a second, and then learns whether the first has taken it. Our own probe, heard back, is
/// equal.
void Prober::settle_tie(const Message& query, net::TimePoint now) {
  if (query.authorities.empty() || probes_ == 0) return;
  for (const Name& name : names_) {
    const std::vector<Rank> theirs = ranks_of(query.authorities, name);
    if (theirs.empty() || theirs <= ranks_of(records_, name)) continue;
    probes_ = 0;
    next_ = now + after_lost_tie;
    return;
  }
}

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

/// What a querier with these answers asks next (RFC 6763 section 12).
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
