#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "aiot/bytes.hpp"
#include "protocol/smp/packet.hpp"

namespace aiot::smp {

/// What a slot of a virtual device holds.
struct DeviceImage {
  Bytes bytes;          ///< empty: nothing
  std::string version;  ///< "" when the bytes are no image
  Bytes hash;
  bool pending = false;
  bool confirmed = false;
  bool permanent = false;
};

/// Reads version and hash of an image; nullopt when the bytes are none. Passed in, as this room
/// knows no formats.
struct ImageFacts {
  std::string version;
  Bytes hash;
};
using ReadImage = std::function<std::optional<ImageFacts>(ByteSpan)>;

struct DeviceOptions {
  std::size_t slot_bytes = 1 << 20;
  std::size_t buffer_bytes = 2048;  ///< of a packet, as it reports them
  unsigned buffers = 2;
  bool knows_limits = true;  ///< false: as MCUboot's serial recovery, it has no parameters
  ReadImage read_image;
  // Faults.
  std::optional<std::uint64_t> dead_after;  ///< answers no more after this byte of an upload
  std::optional<std::uint64_t> corrupt_at;  ///< flips a bit of this byte of an upload
  unsigned drop_every = 0;                  ///< loses each nth packet, 0 for none
  bool reverts = false;        ///< boots the old image although the new one was to be tested
  bool never_returns = false;  ///< is silent after a reset
};

/// An SMP server with two slots and a boot loader that swaps them, as Zephyr with MCUboot. An
/// engine without I/O: packets go in, the answer comes out.
class Device {
 public:
  Device(DeviceOptions options, DeviceImage running);

  /// The answer to one packet; nullopt for none.
  std::optional<Bytes> on_packet(ByteSpan packet);

  const DeviceImage& running() const { return slots_[0]; }
  const DeviceImage& other() const { return slots_[1]; }
  std::uint64_t commands() const { return commands_; }
  /// How often it has booted since it was made.
  unsigned boots() const { return boots_; }

 private:
  Object answer(const Packet& request);
  Object os(const Packet& request);
  Object image(const Packet& request);
  Object stat(const Packet& request) const;
  Object file(const Packet& request);
  Object shell(const Packet& request) const;
  Object upload(const Object& body);
  Object set_state(const Object& body);
  Object states() const;
  void boot();

  DeviceOptions options_;
  std::array<DeviceImage, 2> slots_;
  std::uint64_t upload_size_ = 0;
  Bytes upload_sha_;
  bool testing_ = false;  ///< the running image is on probation
  bool resetting_ = false;
  bool dead_ = false;
  std::uint64_t commands_ = 0;
  std::uint64_t packets_ = 0;
  std::map<std::string, Bytes> files_;
  unsigned boots_ = 0;
};

}  // namespace aiot::smp
