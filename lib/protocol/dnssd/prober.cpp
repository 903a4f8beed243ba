#include "protocol/dnssd/prober.hpp"

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
/// in a second, and then hears whether the first has taken it. Our own probe, heard back, is equal.
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

}  // namespace aiot::dnssd
