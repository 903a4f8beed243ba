#include "protocol/smp/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "crypto/digest.hpp"
#include "protocol/smp/cbor.hpp"
#include "protocol/smp/error.hpp"

namespace aiot::smp {
namespace {

/// Commands of the groups os and image.
enum OsCommand : std::uint8_t { os_echo = 0, os_reset = 5, os_parameters = 6 };
enum ImageCommand : std::uint8_t { image_state = 0, image_upload = 1, image_erase = 5 };

constexpr unsigned most_in_flight = 8;
/// Silences in a row, without a byte more in the slot.
constexpr int most_stalls = 5;

/// Errors of the group image: Zephyr, img_mgmt_client_err_codes.h, `img_mgmt_err_code_t`.
std::optional<Errc> image_errc(std::uint64_t rc) {
  switch (rc) {
    case 8: return Errc::unknown_image;
    case 21:
    case 22:
    case 23:
    case 33: return Errc::image_refused;
    case 27: return Errc::not_newer;
    case 30: return Errc::no_space;
    default: return std::nullopt;
  }
}

/// What the codes of MCUmgr itself mean: mgmt_defines.h, `mcumgr_err_t`.
std::string_view reason(std::uint64_t rc) {
  constexpr std::array<std::string_view, 16> reasons = {
      "",         "unknown error", "out of memory", "invalid value", "timeout",
      "no entry", "bad state",     "too large",     "not supported", "corrupt",
      "busy",     "access denied", "too old",       "too new",       "user interface",
      ""};
  return rc < reasons.size() ? reasons[rc] : std::string_view();
}

/// The error in an answer, if it is one.
Result<void> check_reply(const Packet& reply) {
  constexpr std::uint64_t not_supported = 8;
  Errc code = Errc::refused;
  std::string detail;
  if (const Value* value = reply.body.find("err"); value != nullptr && value->object() != nullptr) {
    const Object& error = *value->object();
    const std::uint64_t group = number_of(error, "group").value_or(0);
    const std::uint64_t rc = number_of(error, "rc").value_or(0);
    if (rc == 0) return {};
    detail = fmt::format("error {} of group {}", rc, group);
    if (group == static_cast<std::uint64_t>(Group::image)) {
      code = image_errc(rc).value_or(Errc::refused);
    }
  } else {
    const Value* rc_value = reply.body.find("rc");
    if (rc_value == nullptr) return {};
    const std::uint64_t rc = number_of(reply.body, "rc").value_or(1);
    if (rc == 0) return {};
    if (rc == not_supported) code = Errc::unsupported;
    const std::string_view known = reason(rc);
    detail = known.empty() ? fmt::format("error {}", rc) : fmt::format("error {}, {}", rc, known);
  }
  Error error = make_error(code, std::move(detail));
  if (std::string said = text_of(reply.body, "rsn"); !said.empty()) {
    error = std::move(error).with_peer_text(said.substr(0, 200));
  }
  return error;
}

Result<std::vector<ImageSlot>> slots_of(const Object& body) {
  constexpr std::size_t most_slots = 64;
  const Value* list = body.find("images");
  if (list == nullptr || list->array() == nullptr || list->array()->size() > most_slots) {
    return make_error(Errc::bad_reply, "no list of images");
  }
  std::vector<ImageSlot> slots;
  for (const Value& value : *list->array()) {
    const Object* entry = value.object();
    if (entry == nullptr) return make_error(Errc::bad_reply, "an image that is no map");
    ImageSlot slot;
    slot.image = static_cast<unsigned>(number_of(*entry, "image").value_or(0));
    slot.slot = static_cast<unsigned>(number_of(*entry, "slot").value_or(0));
    slot.version = text_of(*entry, "version");
    if (const Bytes* hash = bytes_of(*entry, "hash")) slot.hash = *hash;
    slot.bootable = flag_of(*entry, "bootable");
    slot.pending = flag_of(*entry, "pending");
    slot.confirmed = flag_of(*entry, "confirmed");
    slot.active = flag_of(*entry, "active");
    slot.permanent = flag_of(*entry, "permanent");
    slots.push_back(std::move(slot));
  }
  return slots;
}

}  // namespace

net::Task<void> Session::send(Op op, Group group, std::uint8_t command, const Object& body,
                              std::uint8_t sequence) {
  const Bytes packet = encode({version_, op, group, sequence, command, body});
  co_return co_await transport_.send(packet, transport_.clock().now() + transport_.patience());
}

net::Task<Packet> Session::receive(Op op, Group group, std::uint8_t command,
                                   net::TimePoint deadline) {
  const Op expected = op == Op::read ? Op::read_reply : Op::write_reply;
  for (;;) {
    AIOT_CO_TRY(const Bytes bytes, co_await transport_.receive(deadline));
    Result<Packet> packet = decode(bytes);
    if (!packet) co_return std::move(packet).error();
    // Anything else is late, or for somebody else on the console.
    if (packet->op != expected || packet->group != group || packet->command != command) continue;
    co_return std::move(*packet);
  }
}

net::Task<Object> Session::request(Op op, Group group, std::uint8_t command, Object body,
                                   net::Duration patience) {
  patience = std::max(patience, transport_.patience());
  for (int attempt = 1;; ++attempt) {
    const std::uint8_t sequence = next_sequence();
    AIOT_CO_CHECK(co_await send(op, group, command, body, sequence));
    const net::TimePoint deadline = transport_.clock().now() + patience;
    for (;;) {
      Result<Packet> reply = co_await receive(op, group, command, deadline);
      if (!reply && reply.error().code != net::Errc::timed_out) co_return std::move(reply).error();
      if (!reply) break;
      if (reply->sequence != sequence) continue;
      AIOT_CO_CHECK(check_reply(*reply));
      co_return std::move(reply->body);
    }
    if (attempt == attempts) {
      co_return make_error(Errc::no_reply, fmt::format("{} requests", attempts));
    }
  }
}

net::Task<std::string> Session::echo(std::string said) {
  Object body{{"d", std::move(said)}};
  AIOT_CO_TRY(const Object reply, co_await request(Op::write, Group::os, os_echo, std::move(body)));
  co_return text_of(reply, "r");
}

net::Task<void> Session::learn_limits() {
  packet_bytes_ = transport_.least_packet_bytes();
  in_flight_ = 1;
  Object body;
  Result<Object> reply = co_await request(Op::read, Group::os, os_parameters, std::move(body));
  if (!reply) {
    const bool unknown = reply.error().code == Errc::unsupported;
    if (unknown || reply.error().code == Errc::refused) co_return Result<void>();
    co_return std::move(reply).error();
  }
  const std::uint64_t size = number_of(*reply, "buf_size").value_or(0);
  const std::uint64_t count = number_of(*reply, "buf_count").value_or(1);
  if (size < 64) co_return make_error(Errc::packet_too_small, fmt::format("{} B", size));
  packet_bytes_ =
      static_cast<std::size_t>(std::min<std::uint64_t>(size, transport_.most_packet_bytes()));
  AIOT_CO_CHECK(co_await try_long_packet());
  // Packets that are shorter than the buffers share them.
  const std::uint64_t room =
      std::min<std::uint64_t>(size, 65536) * std::min<std::uint64_t>(count, 64);
  in_flight_ =
      static_cast<unsigned>(std::clamp<std::uint64_t>(room / packet_bytes_, 1, most_in_flight));
  co_return Result<void>();
}

/// Whether the server puts the pieces of a packet together; it does not report it.
net::Task<void> Session::try_long_packet() {
  const std::size_t whole = transport_.most_whole_bytes();
  if (packet_bytes_ <= whole) co_return Result<void>();
  constexpr std::size_t around = 16;  // an answer's header, its map, and the head of its text
  if (packet_bytes_ > whole + around) {
    Object body{{"d", std::string(std::min(packet_bytes_ - around, whole), '-')}};
    Result<Object> reply = co_await request(Op::write, Group::os, os_echo, std::move(body));
    // An error is an answer, too.
    const bool answered =
        reply || reply.error().code == Errc::unsupported || reply.error().code == Errc::refused;
    if (answered) co_return Result<void>();
    if (reply.error().code != Errc::no_reply) co_return std::move(reply).error();
  }
  packet_bytes_ = whole;
  co_return Result<void>();
}

net::Task<std::vector<ImageSlot>> Session::images() {
  Object body;
  AIOT_CO_TRY(const Object reply,
              co_await request(Op::read, Group::image, image_state, std::move(body)));
  co_return slots_of(reply);
}

net::Task<std::vector<ImageSlot>> Session::test(ByteSpan hash) {
  Object body{{"hash", Bytes(hash.begin(), hash.end())}, {"confirm", false}};
  AIOT_CO_TRY(const Object reply,
              co_await request(Op::write, Group::image, image_state, std::move(body)));
  co_return slots_of(reply);
}

net::Task<std::vector<ImageSlot>> Session::confirm(ByteSpan hash) {
  Object body;
  if (!hash.empty()) body.set("hash", Bytes(hash.begin(), hash.end()));
  body.set("confirm", true);
  AIOT_CO_TRY(const Object reply,
              co_await request(Op::write, Group::image, image_state, std::move(body)));
  co_return slots_of(reply);
}

net::Task<void> Session::erase(unsigned slot) {
  Object body{{"slot", slot}};
  AIOT_CO_TRY(const Object reply, co_await request(Op::write, Group::image, image_erase,
                                                   std::move(body), erase_patience));
  co_return Result<void>();
}

net::Task<void> Session::reset() {
  Object body;
  Result<Object> reply = co_await request(Op::write, Group::os, os_reset, std::move(body));
  // It may be gone, and the link with it, before its answer is here.
  const bool is_gone = !reply && (reply.error().code == Errc::no_reply ||
                                  reply.error().code == net::Errc::link_lost);
  if (!reply && !is_gone) co_return std::move(reply).error();
  co_return Result<void>();
}

/// An upload under way: chunks go out in order; the server's `off` says what it wants next.
struct Session::Upload {
  ByteSpan image;
  unsigned number = 0;
  Bytes sha;
  std::uint64_t next = 0;                                ///< of the chunk to be sent
  std::uint64_t received = 0;                            ///< that the server has
  bool begun = false;                                    ///< it has answered the first chunk
  std::map<std::uint8_t, std::uint64_t> in_flight = {};  ///< sequence, and where its chunk ends
  int stalls = 0;
};

net::Task<void> Session::send_chunk(Upload& upload) {
  // The room that the rest of the packet leaves: `data`'s head is at most 3 bytes and counted as 1.
  Object body;
  if (upload.next == 0) {
    if (upload.number != 0) body.set("image", upload.number);
    body.set("len", upload.image.size());
  }
  body.set("off", upload.next);
  if (upload.next == 0) body.set("sha", upload.sha);
  body.set("data", Bytes());
  const std::size_t overhead =
      encode({version_, Op::write, Group::image, 0, image_upload, body}).size() + 2;
  if (packet_bytes_ <= overhead + 32) {
    co_return make_error(Errc::packet_too_small, fmt::format("{} B", packet_bytes_));
  }
  const std::uint64_t size = std::min<std::uint64_t>((packet_bytes_ - overhead) / 8 * 8,
                                                     upload.image.size() - upload.next);
  const ByteSpan chunk = upload.image.subspan(upload.next, size);
  body.set("data", Bytes(chunk.begin(), chunk.end()));
  const std::uint8_t sequence = next_sequence();
  upload.next += size;
  upload.in_flight[sequence] = upload.next;
  co_return co_await send(Op::write, Group::image, image_upload, body, sequence);
}

Result<void> Session::on_chunk_reply(Upload& upload, const Packet& reply) {
  const auto sent = upload.in_flight.find(reply.sequence);
  if (sent == upload.in_flight.end()) return {};  // of a chunk that was given up
  AIOT_CHECK(check_reply(reply));
  const std::optional<std::uint64_t> wanted = number_of(reply.body, "off");
  if (!wanted || *wanted > upload.image.size()) {
    return make_error(Errc::bad_reply, "an offset outside the image");
  }
  if (reply.body.find("match") != nullptr && !flag_of(reply.body, "match")) {
    return make_error(Errc::hash_mismatch, "after the upload");
  }
  const std::uint64_t expected = sent->second;
  upload.in_flight.erase(sent);
  if (*wanted > upload.received) upload.stalls = 0;
  upload.received = *wanted;
  if (*wanted != expected) {  // it has more, from before, or it lacks a chunk
    if (*wanted < expected && ++upload.stalls > most_stalls) {
      return make_error(Errc::upload_stalled, fmt::format("at byte {}", *wanted));
    }
    upload.next = *wanted;
    upload.in_flight.clear();
  }
  upload.begun = true;
  return {};
}

net::Task<void> Session::upload(ByteSpan image, unsigned number, OnProgress progress) {
  if (packet_bytes_ == 0) {
    AIOT_CO_CHECK(co_await learn_limits());
  }
  const crypto::Sha256 sha = crypto::sha256(image);
  Upload upload{image, number, Bytes(sha.begin(), sha.end())};
  while (upload.received < image.size()) {
    // The first chunk alone: the server may have a part of the image, and erases its slot now.
    const std::size_t window = upload.begun && upload.received > 0 ? in_flight_ : 1;
    while (upload.in_flight.size() < window && upload.next < image.size()) {
      AIOT_CO_CHECK(co_await send_chunk(upload));
    }
    const net::TimePoint deadline =
        transport_.clock().now() + (upload.received == 0 ? erase_patience : transport_.patience());
    Result<Packet> reply = co_await receive(Op::write, Group::image, image_upload, deadline);
    if (reply) {
      AIOT_CO_CHECK(on_chunk_reply(upload, *reply));
      if (progress) progress(upload.received, image.size());
    } else if (reply.error().code != net::Errc::timed_out) {
      co_return std::move(reply).error();
    } else {
      if (!upload.begun && upload.stalls + 1 >= attempts) {
        co_return make_error(Errc::no_reply, fmt::format("{} requests", attempts));
      }
      if (++upload.stalls > most_stalls) {
        co_return make_error(Errc::upload_stalled, fmt::format("at byte {}", upload.received));
      }
      upload.next = upload.received;
      upload.in_flight.clear();
    }
  }
  co_return Result<void>();
}

}  // namespace aiot::smp
