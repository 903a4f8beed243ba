#include "protocol/dnssd/querier.hpp"

#include <algorithm>

namespace aiot::dnssd {

using net::TimePoint;
using std::chrono::seconds;

namespace {

/// A name with more records of one type than this is a flood's, or nobody's.
constexpr std::size_t most_of_a_name = 1024;
constexpr seconds last_second{1};

TimePoint share_of_life(const Cache::Entry& entry, int percent) {
  return entry.received + net::Duration(seconds(entry.record.ttl_s)) / 100 * percent;
}

}  // namespace

bool Cache::put(const Record& record, TimePoint now) {
  const auto found = entries_.find(Key(record.name.key(), record.type));
  if (found == entries_.end() && record.ttl_s == 0) return false;
  if (found == entries_.end() && count_ >= most_records) return false;
  std::vector<Entry>& same_name =
      found != entries_.end() ? found->second : entries_[Key(record.name.key(), record.type)];
  if (record.flush) {
    for (Entry& entry : same_name) {
      // What came in the last second belongs to the same announcement.
      if (now - entry.received <= last_second) continue;
      entry.expires = std::min(entry.expires, now + last_second);
      next_expiry_ = std::min(next_expiry_, entry.expires);
    }
  }
  const auto same = std::find_if(same_name.begin(), same_name.end(), [&](const Entry& entry) {
    return entry.record.data == record.data;
  });
  if (record.ttl_s == 0) {
    if (same != same_name.end()) {
      same->expires = std::min(same->expires, now + last_second);
      next_expiry_ = std::min(next_expiry_, same->expires);
    }
    return false;
  }
  const TimePoint expires = now + seconds(record.ttl_s);
  next_expiry_ = std::min(next_expiry_, expires);
  if (same != same_name.end()) {
    *same = Entry{record, now, expires};
    return false;
  }
  if (count_ >= most_records || same_name.size() >= most_of_a_name) return false;
  same_name.push_back(Entry{record, now, expires});
  ++count_;
  return true;
}

std::vector<Record> Cache::expire(TimePoint now) {
  std::vector<Record> out;
  if (now < next_expiry_) return out;
  next_expiry_ = TimePoint::max();
  for (auto row = entries_.begin(); row != entries_.end();) {
    std::vector<Entry>& entries = row->second;
    for (const Entry& entry : entries) {
      if (entry.expires <= now) {
        out.push_back(entry.record);
      } else {
        next_expiry_ = std::min(next_expiry_, entry.expires);
      }
    }
    std::erase_if(entries, [now](const Entry& entry) { return entry.expires <= now; });
    row = entries.empty() ? entries_.erase(row) : std::next(row);
  }
  count_ -= out.size();
  return out;
}

const std::vector<Cache::Entry>& Cache::find(const Name& name, std::uint16_t type) const {
  static const std::vector<Entry> none;
  const auto found = entries_.find(Key(name.key(), type));
  return found == entries_.end() ? none : found->second;
}

bool Cache::is_fresh(const Name& name, std::uint16_t type, TimePoint now) const {
  const std::vector<Entry>& entries = find(name, type);
  return std::any_of(entries.begin(), entries.end(), [now](const Entry& entry) {
    return now < share_of_life(entry, 80) && now < entry.expires;
  });
}

TimePoint Cache::next_refresh(const Name& name, std::uint16_t type, TimePoint now) const {
  TimePoint out = TimePoint::max();
  for (const Entry& entry : find(name, type)) {
    for (const int percent : {80, 85, 90, 95}) {
      const TimePoint when = share_of_life(entry, percent);
      if (when > now && when < entry.expires) {
        out = std::min(out, when);
        break;
      }
    }
  }
  return out;
}

using net::TimePoint;
using namespace std::chrono_literals;

namespace {

/// What a flood of made-up names may cost; a large hall stays far below.
constexpr std::size_t most_questions = 4096;
constexpr std::size_t most_types = 256;
constexpr std::size_t most_instances = 4096;
/// Questions that come up together leave together.
constexpr auto gather = 10ms;
constexpr net::Duration longest_interval = 1h;
/// A question without an answer is given up after so many times, a browsing one never.
constexpr unsigned most_times = 5;
/// What fits in an Ethernet frame behind the headers of IPv6 and UDP, with some to spare.
constexpr std::size_t packet_bytes = 1400;
/// An answer sent to a port of ours is good for at most 10 s (RFC 6762 section 6.7). Nobody takes
/// so short a rest of the record's life for knowing it.

/// The cache is for services and where they are, not for all that is said on the link.
bool is_of_use(const Record& record) {
  if (const auto* pointer = std::get_if<Pointer>(&record.data)) {
    return record.name == enumeration_name() || is_instance(pointer->target);
  }
  return !std::holds_alternative<Opaque>(record.data);
}

std::string key_of(const Name& name, std::uint16_t type) {
  return name.key() + std::to_string(type);
}

/// On the wire before names are compressed, so at most.
std::size_t size_of(const Question& question) { return question.name.wire_bytes() + 4; }
std::size_t size_of(const Record& record) {
  return record.name.wire_bytes() + 10 + std::get<Pointer>(record.data).target.wire_bytes();
}

std::vector<std::vector<Question>> in_packets(const std::vector<Question>& questions) {
  std::vector<std::vector<Question>> out;
  std::size_t bytes = packet_bytes;
  for (const Question& question : questions) {
    bytes += size_of(question);
    if (bytes > packet_bytes) {
      out.emplace_back();
      bytes = header_bytes + size_of(question);
    }
    out.back().push_back(question);
  }
  return out;
}

}  // namespace

Querier::Querier(QuerierOptions options, TimePoint now) : options_(std::move(options)) {
  ask(enumeration_name(), PTR, true, now - gather);
  for (const Name& type : options_.types) ask(type, PTR, true, now - gather);
}

void Querier::ask(const Name& name, std::uint16_t type, bool browse, TimePoint now) {
  const std::string key = key_of(name, type);
  if (asked_.contains(key) || asked_.size() >= most_questions) return;
  if (browse && ++browsed_ > most_types) return;
  asked_.emplace(key, Asked{Question{name, type, false}, browse, 0, now + gather});
}

void Querier::on_message(const Message& message, TimePoint now, const IpAddress& sender) {
  if (!message.response || message.opcode != 0 || message.rcode != 0) return;
  for (const auto* section : {&message.answers, &message.additionals}) {
    for (const Record& record : *section) {
      if (!is_of_use(record) || !cache_.put(record, now)) continue;
      note(record);
      follow(record, now);
    }
  }
  locate(message, sender);
  update(now);
}

/// Remembers who says where an instance is, and which addresses the sender gives itself.
void Querier::locate(const Message& message, const IpAddress& sender) {
  if (sender.is_unspecified()) return;
  for (const auto* section : {&message.answers, &message.additionals}) {
    for (const Record& record : *section) {
      if (record.ttl_s == 0 || (record.type != SRV && record.type != TXT)) continue;
      const auto found = known_.find(record.name.key());
      if (found == known_.end()) continue;
      Known& known = found->second;
      const auto* location = std::get_if<Location>(&record.data);
      std::vector<IpAddress> own;
      if (location != nullptr) own = addresses_in(message, location->host, options_.interface);
      const bool is_own = std::ranges::find(own, sender) != own.end();
      // What another host passes on says nothing of the sender of what came first.
      if (!is_own && !known.sender.is_unspecified()) continue;
      if (is_own) known.own_addresses = std::move(own);
      known.sender = sender;
      touched_.insert(found->first);
    }
  }
}

/// Marks the instances that a record speaks of.
void Querier::note(const Record& record) {
  if (const auto* pointer = std::get_if<Pointer>(&record.data)) {
    touched_.insert(pointer->target.key());
  } else if (record.type == SRV || record.type == TXT) {
    touched_.insert(record.name.key());
  } else if (const auto host = hosts_.find(record.name.key()); host != hosts_.end()) {
    touched_.insert(host->second.begin(), host->second.end());
  }
}

/// A new record may name a type or an instance that was not known.
void Querier::follow(const Record& record, TimePoint now) {
  const auto* pointer = std::get_if<Pointer>(&record.data);
  if (pointer != nullptr && record.name == enumeration_name()) {
    if (is_type(pointer->target)) ask(pointer->target, PTR, true, now);
    return;
  }
  if (pointer == nullptr && record.type != SRV && record.type != TXT) return;
  const Name& instance = pointer != nullptr ? pointer->target : record.name;
  if (!is_instance(instance)) return;
  ask(instance.parent(), PTR, true, now);
  const std::string key = instance.key();
  if (known_.size() >= most_instances && !known_.contains(key)) return;
  Known& known = known_[key];
  // The first spelling is kept: others may write the name's letters in another case.
  if (known.service.instance.empty()) known.service.instance = instance;
  // A PTR of a subtype (RFC 6763 section 7.1) leads here as well, and says nothing of its end.
  if (pointer != nullptr && record.name == instance.parent()) known.pointed_to = true;
  if (const auto* location = std::get_if<Location>(&record.data)) {
    if (!known.host.empty() && known.host.key() != location->host.key()) {
      leave_host(known.host, key);
    }
    known.host = location->host;
    hosts_[location->host.key()].insert(key);
  }
}

/// Reports what has changed of the instances that were touched, and asks for what they lack.
void Querier::update(TimePoint now) {
  for (const std::string& key : std::exchange(touched_, {})) {
    const auto found = known_.find(key);
    if (found == known_.end()) continue;
    Known& known = found->second;
    if (!is_alive(known)) {
      if (known.told) actions_.emplace_back(Gone{known.service});
      forget(known);
      known_.erase(found);
      continue;
    }
    Service service = look_up(known);
    if (!known.told || !(service == known.service)) {
      known.told = true;
      const Name host = known.service.host;
      known.service = std::move(service);
      if (known.service.host.key() != host.key()) ask_no_more(host);
      actions_.emplace_back(Changed{known.service});
    }
    ask_for_the_rest(known, now);
  }
}

/// Nothing is asked any more of a service that has gone, nor of its host when it was the last
/// there.
void Querier::forget(const Known& known) {
  const Name& instance = known.service.instance;
  for (const std::uint16_t type : {SRV, TXT}) asked_.erase(key_of(instance, type));
  leave_host(known.host, instance.key());
}

void Querier::leave_host(const Name& host, const std::string& instance) {
  const auto found = hosts_.find(host.key());
  if (found == hosts_.end()) return;
  found->second.erase(instance);
  if (!found->second.empty()) return;
  hosts_.erase(found);
  ask_no_more(host);
}

void Querier::ask_no_more(const Name& host) {
  if (hosts_.contains(host.key())) return;
  for (const std::uint16_t type : {A, AAAA}) asked_.erase(key_of(host, type));
}

bool Querier::is_alive(const Known& known) const {
  const Name& instance = known.service.instance;
  if (!known.pointed_to) return !cache_.find(instance, SRV).empty();
  const auto& pointers = cache_.find(instance.parent(), PTR);
  return std::any_of(pointers.begin(), pointers.end(), [&](const Cache::Entry& entry) {
    const auto* pointer = std::get_if<Pointer>(&entry.record.data);
    return pointer != nullptr && pointer->target == instance;
  });
}

Service Querier::look_up(const Known& known) const {
  const Name& instance = known.service.instance;
  Service out;
  out.instance = instance;
  out.sender = known.sender;
  // A change of SRV or TXT leaves the old record a second: the latest one counts.
  const auto& locations = cache_.find(instance, SRV);
  if (!locations.empty()) {
    const auto& location = std::get<Location>(locations.back().record.data);
    out.host = location.host;
    out.port = location.port;
  }
  const auto& texts = cache_.find(instance, TXT);
  if (!texts.empty()) out.attributes = attributes_of(std::get<Strings>(texts.back().record.data));
  if (out.host.empty()) return out;
  if (!known.own_addresses.empty()) {
    out.addresses = known.own_addresses;
    return out;
  }
  for (const std::uint16_t type : {A, AAAA}) {
    for (const Cache::Entry& entry : cache_.find(out.host, type)) {
      out.addresses.push_back(*address_of(entry.record, options_.interface));
    }
  }
  std::sort(out.addresses.begin(), out.addresses.end());
  return out;
}

void Querier::ask_for_the_rest(const Known& known, TimePoint now) {
  const Name& instance = known.service.instance;
  for (const std::uint16_t type : {SRV, TXT}) ask(instance, type, false, now);
  if (known.service.host.empty()) return;
  for (const std::uint16_t type : {A, AAAA}) ask(known.service.host, type, false, now);
}

void Querier::on_timer(TimePoint now) {
  for (const Record& record : cache_.expire(now)) note(record);
  update(now);
  std::vector<Question> unicast;
  std::vector<Question> multicast;
  for (auto& [key, asked] : asked_) {
    if (asked.next > now) continue;
    const Question& question = asked.question;
    if (!asked.browse && cache_.is_fresh(question.name, question.type, now)) {
      asked.times = 1;
      asked.next = cache_.next_refresh(question.name, question.type, now);
      continue;
    }
    (asked.times == 0 ? unicast : multicast).push_back(question);
    ++asked.times;
    asked.next = next_time(asked, now);
  }
  send_unicast(unicast);
  send_multicast(multicast, now);
}

TimePoint Querier::next_time(const Asked& asked, TimePoint now) const {
  const Question& question = asked.question;
  const TimePoint refresh = cache_.next_refresh(question.name, question.type, now);
  if (!asked.browse && asked.times >= most_times) return refresh;
  // 200 ms, 1 s, 2 s, 4 s, …
  const unsigned doublings = std::min(asked.times < 2 ? 0U : asked.times - 2, 12U);
  const net::Duration interval =
      asked.times < 2 ? net::Duration(200ms) : net::Duration(1s) * (1U << doublings);
  return std::min(refresh, now + std::min(interval, longest_interval));
}

TimePoint Querier::next_timer() const {
  TimePoint out = cache_.next_expiry();
  for (const auto& [key, asked] : asked_) out = std::min(out, asked.next);
  return out;
}

void Querier::send_unicast(const std::vector<Question>& questions) {
  for (const std::vector<Question>& part : in_packets(questions)) {
    Message message;
    message.questions = part;
    for (Question& question : message.questions) question.unicast = true;
    actions_.emplace_back(Send{encode(message), true});
  }
}

void Querier::send_multicast(const std::vector<Question>& questions, TimePoint now) {
  for (const std::vector<Question>& part : in_packets(questions)) {
    Message message;
    message.questions = part;
    std::size_t bytes = header_bytes;
    for (const Question& question : part) bytes += size_of(question);
    for (Record& record : known_answers(part, now)) {
      const std::size_t more = size_of(record);
      if (bytes + more > packet_bytes) {
        // The rest follows in packets of its own (RFC 6762 section 7.2).
        message.truncated = true;
        actions_.emplace_back(Send{encode(message), false});
        message = Message();
        bytes = header_bytes;
      }
      bytes += more;
      message.answers.push_back(std::move(record));
    }
    actions_.emplace_back(Send{encode(message), false});
  }
}

/// What need not be answered: records with more than half of their lives left (section 7.1).
std::vector<Record> Querier::known_answers(const std::vector<Question>& questions,
                                           TimePoint now) const {
  std::vector<Record> out;
  for (const Question& question : questions) {
    if (question.type != PTR) continue;
    for (const Cache::Entry& entry : cache_.find(question.name, PTR)) {
      const auto left = std::chrono::duration_cast<std::chrono::seconds>(entry.expires - now);
      if (entry.record.ttl_s <= legacy_ttl_s || left.count() <= entry.record.ttl_s / 2) continue;
      out.push_back(entry.record);
      out.back().ttl_s = static_cast<std::uint32_t>(left.count());
    }
  }
  return out;
}

}  // namespace aiot::dnssd
