#include "protocol/mesh/bearer.hpp"

#include <algorithm>

namespace aiot::mesh {
namespace {

/// The lowest two bits of the first byte behind link and transaction (5.3.1).
enum Format : std::uint8_t { start = 0, acknowledgement = 1, continuation = 2, control = 3 };
enum Opcode : std::uint8_t { link_open = 0, link_acknowledgement = 1, link_close = 2 };

constexpr std::size_t header_bytes = 6;  // link, transaction, format
/// What an AD structure of 31 bytes leaves for a PDU.
constexpr std::size_t first_segment_bytes = 20;
constexpr std::size_t other_segment_bytes = 23;

void append_be16(Bytes& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

std::size_t segment_count(std::size_t pdu_bytes) {
  if (pdu_bytes <= first_segment_bytes) return 1;
  return 1 + (pdu_bytes - first_segment_bytes + other_segment_bytes - 1) / other_segment_bytes;
}

/// How many bytes of a PDU its segment `index` has.
std::size_t segment_bytes(std::size_t pdu_bytes, std::size_t index) {
  if (index == 0) return std::min(pdu_bytes, first_segment_bytes);
  const std::size_t before = first_segment_bytes + (index - 1) * other_segment_bytes;
  return std::min(pdu_bytes - before, other_segment_bytes);
}

}  // namespace

Bytes unprovisioned_beacon(const Key& uuid, std::uint16_t oob_information) {
  Bytes out{0x00};
  append(out, uuid);
  append_be16(out, oob_information);
  return out;
}

std::uint8_t frame_check(ByteSpan pdu) {
  constexpr std::uint8_t polynomial = 0xE0;  // x^8 + x^2 + x + 1, lowest bit first
  std::uint8_t check = 0xFF;
  for (const std::uint8_t byte : pdu) {
    check = static_cast<std::uint8_t>(check ^ byte);
    for (int bit = 0; bit < 8; ++bit) {
      const bool odd = (check & 1U) != 0;
      check = static_cast<std::uint8_t>((check >> 1) ^ (odd ? polynomial : 0));
    }
  }
  return static_cast<std::uint8_t>(~check);
}

void Bearer::put(std::uint8_t transaction, std::uint8_t control_byte, ByteSpan rest) {
  Bytes packet;
  append(packet, *link_);
  packet.push_back(transaction);
  packet.push_back(control_byte);
  append(packet, rest);
  packets_.push_back(std::move(packet));
}

void Bearer::on_packet(net::TimePoint now, ByteSpan packet) {
  if (packet.size() < header_bytes) return;
  LinkId link{};
  std::copy_n(packet.begin(), link.size(), link.begin());
  const std::uint8_t transaction = packet[4];
  const auto format = static_cast<Format>(packet[5] & 3U);
  const auto number = static_cast<std::uint8_t>(packet[5] >> 2);
  const ByteSpan rest = packet.subspan(header_bytes);
  if (format == control) return on_control(now, number, rest, link);
  if (link != link_) return;
  idle_end_ = now + idle_time;
  switch (format) {
    case start: on_start(transaction, number, rest); break;
    case continuation: on_continuation(transaction, number, rest); break;
    case acknowledgement:
      if (outgoing_.empty() || outgoing_.front().transaction != transaction) break;
      outgoing_.pop_front();
      repeat_at_.reset();
      if (!outgoing_.empty()) transmit(now);
      break;
    case control: break;
  }
}

void Bearer::on_control(net::TimePoint now, std::uint8_t opcode, ByteSpan parameters,
                        const LinkId& link) {
  if (opcode == link_open && std::ranges::equal(parameters, uuid_)) {
    if (link_ && link_ != link) return;  // another provisioner has it
    if (!link_) {
      const Key uuid = uuid_;
      *this = Bearer(uuid);
      link_ = link;
      idle_end_ = now + idle_time;
    }
    put(0, link_acknowledgement << 2 | control, {});
  } else if (opcode == link_close && link == link_) {
    link_.reset();
    outgoing_.clear();
    incoming_.reset();
    repeat_at_.reset();
    packets_.clear();
  }
}

void Bearer::on_start(std::uint8_t transaction, std::uint8_t last, ByteSpan rest) {
  if (rest.size() < 3) return;
  if (received_ == transaction) return acknowledge(transaction);
  const std::size_t length = load_be16(rest.data());
  if (length == 0 || length > longest_pdu || segment_count(length) != std::size_t{last} + 1) return;
  const ByteSpan data = rest.subspan(3);
  if (data.size() != segment_bytes(length, 0)) return;
  const bool another = !incoming_ || incoming_->transaction != transaction;
  if (another) incoming_ = Incoming{transaction, 0, {}, 0};
  incoming_->segments.resize(std::size_t{last} + 1);
  incoming_->check = rest[2];
  incoming_->length = length;
  incoming_->segments[0] = Bytes(data.begin(), data.end());
  finish();
}

void Bearer::on_continuation(std::uint8_t transaction, std::uint8_t index, ByteSpan rest) {
  if (received_ == transaction) return acknowledge(transaction);
  // What comes before its start is repeated with that.
  if (!incoming_ || incoming_->transaction != transaction || index == 0 ||
      index >= incoming_->segments.size() ||
      rest.size() != segment_bytes(incoming_->length, index)) {
    return;
  }
  incoming_->segments[index] = Bytes(rest.begin(), rest.end());
  finish();
}

void Bearer::finish() {
  Bytes pdu;
  for (const auto& segment : incoming_->segments) {
    if (!segment) return;
    append(pdu, *segment);
  }
  const Incoming done = *std::move(incoming_);
  incoming_.reset();
  if (frame_check(pdu) != done.check) return;  // it will come again
  received_ = done.transaction;
  acknowledge(done.transaction);
  pdus_.push_back(std::move(pdu));
}

void Bearer::acknowledge(std::uint8_t transaction) { put(transaction, acknowledgement, {}); }

void Bearer::send(net::TimePoint now, Bytes pdu) {
  if (!link_) return;
  outgoing_.push_back({next_transaction_, std::move(pdu), {}});
  // 80 to FF, and around (5.2.1).
  next_transaction_ = static_cast<std::uint8_t>((next_transaction_ + 1) | 0x80);
  if (outgoing_.size() == 1) transmit(now);
}

void Bearer::transmit(net::TimePoint now) {
  Outgoing& out = outgoing_.front();
  if (!out.end) out.end = now + transaction_time;
  const std::size_t count = segment_count(out.pdu.size());
  Bytes first;
  append_be16(first, static_cast<std::uint16_t>(out.pdu.size()));
  first.push_back(frame_check(out.pdu));
  ByteSpan left(out.pdu);
  for (std::size_t index = 0; index < count; ++index) {
    const ByteSpan part = left.first(segment_bytes(out.pdu.size(), index));
    left = left.subspan(part.size());
    if (index == 0) {
      append(first, part);
      put(out.transaction, static_cast<std::uint8_t>((count - 1) << 2 | start), first);
    } else {
      put(out.transaction, static_cast<std::uint8_t>(index << 2 | continuation), part);
    }
  }
  repeat_at_ = now + repeat;
}

std::optional<net::TimePoint> Bearer::next_timer() const {
  if (!link_) return std::nullopt;
  return std::min(idle_end_, repeat_at_.value_or(idle_end_));
}

void Bearer::on_timer(net::TimePoint now) {
  if (!link_) return;
  const bool unheard = !outgoing_.empty() && outgoing_.front().end && now >= *outgoing_.front().end;
  if (unheard || now >= idle_end_) return close(Reason::timeout);
  if (repeat_at_ && now >= *repeat_at_) {
    // Not behind what has not been on the air yet.
    if (packets_.empty()) transmit(now);
    repeat_at_ = now + repeat;
  }
}

void Bearer::close(Reason reason) {
  if (!link_) return;
  packets_.clear();
  const auto byte = static_cast<std::uint8_t>(reason);
  put(0, link_close << 2 | control, ByteSpan(&byte, 1));
  link_.reset();
  outgoing_.clear();
  incoming_.reset();
  repeat_at_.reset();
}

std::optional<Bytes> Bearer::take_packet() {
  if (packets_.empty()) return std::nullopt;
  Bytes out = std::move(packets_.front());
  packets_.pop_front();
  return out;
}

std::optional<Bytes> Bearer::take_pdu() {
  if (pdus_.empty()) return std::nullopt;
  Bytes out = std::move(pdus_.front());
  pdus_.pop_front();
  return out;
}

}  // namespace aiot::mesh
