#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/smp/packet.hpp"
#include "protocol/smp/transport.hpp"

namespace aiot::smp {

/// An image in a slot, as the server reports it.
struct ImageSlot {
  unsigned image = 0;
  unsigned slot = 0;
  std::string version;
  Bytes hash;  ///< SHA-256 of header, payload and protected TLVs
  bool bootable = false;
  bool pending = false;    ///< boots at the next reset
  bool confirmed = false;  ///< stays; else the one before comes back at the reset after
  bool active = false;     ///< runs now
  bool permanent = false;
};

/// `done` of `total` bytes are in the slot.
using OnProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// A host's conversation with one SMP server. One request at a time, but for uploads, which keep
/// several in flight. A request that is not answered is sent again, three times in all: those that
/// change something give the same answer twice.
class Session {
 public:
  explicit Session(Transport& transport) : transport_(transport) {}

  /// Any request; the answer's map. It may take `patience`, if that is longer than the transport's.
  /// Errc::no_reply, unsupported, refused, bad_reply.
  net::Task<Object> request(Op op, Group group, std::uint8_t command, Object body,
                            net::Duration patience = {});

  net::Task<std::string> echo(std::string text);
  /// Asks how large and how many the server's buffers are. A server that does not know (MCUboot's
  /// serial recovery) is used with packets of the transport's least size, one at a time.
  net::Task<void> learn_limits();
  std::size_t packet_bytes() const { return packet_bytes_; }
  unsigned in_flight() const { return in_flight_; }

  net::Task<std::vector<ImageSlot>> images();
  /// Sends an image to the slot that does not run. Goes on where an earlier upload of the same
  /// bytes has ended. Errc::no_space, image_refused, upload_stalled, hash_mismatch.
  net::Task<void> upload(ByteSpan image, unsigned number, OnProgress progress);
  /// Boots the image once, at the next reset. Errc::unknown_image.
  net::Task<std::vector<ImageSlot>> test(ByteSpan hash);
  /// Keeps the image of this hash; empty: the one that runs.
  net::Task<std::vector<ImageSlot>> confirm(ByteSpan hash);
  net::Task<void> erase(unsigned slot);
  /// The answer comes before the reset; a server that resets without one counts as reset.
  net::Task<void> reset();

  /// Erasing a slot keeps some parts busy this long.
  static constexpr std::chrono::seconds erase_patience{40};
  static constexpr int attempts = 3;

 private:
  struct Upload;

  std::uint8_t next_sequence() { return sequence_++; }
  net::Task<void> send(Op op, Group group, std::uint8_t command, const Object& body,
                       std::uint8_t sequence);
  net::Task<Packet> receive(Op op, Group group, std::uint8_t command, net::TimePoint deadline);
  net::Task<void> try_long_packet();
  net::Task<void> send_chunk(Upload& upload);
  Result<void> on_chunk_reply(Upload& upload, const Packet& reply);

  Transport& transport_;
  std::uint8_t sequence_ = 0;
  unsigned version_ = 1;
  std::size_t packet_bytes_ = 0;  ///< 0: not asked yet
  unsigned in_flight_ = 1;
};

}  // namespace aiot::smp
