#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/link.hpp"
#include "protocol/energyrunner/message.hpp"

namespace aiot::energyrunner {

struct ConnectOptions {
  /// Rates that are tried in turn, again and again; empty: the one the link was opened at.
  std::vector<std::uint32_t> bauds_bps;
  /// How long the device may take to be there: boards restart when their port is opened.
  net::Duration patience = std::chrono::seconds(20);

  ConnectOptions() = default;
};

/// What a device says of itself.
struct Greeting {
  std::string name;          ///< its vendor's word
  std::string profile;       ///< "ULPMark for tinyML Firmware V0.0.1"
  std::string model;         ///< "ic01"; "" when it does not tell
  bool energy_mode = false;  ///< marks by a pin, not by laps
  bool through_board = false;
  std::uint32_t baud_bps = 0;  ///< that it answered at, 0 on a link without one
};

/// How an upload went.
struct Upload {
  unsigned attempts = 0;        ///< 1: at once
  std::size_t commands = 0;     ///< of the attempt that succeeded
  bool proved = false;          ///< read back, and the same bytes
  std::vector<Error> repaired;  ///< what ended the attempts before

  Upload() = default;
};

struct InferRequest {
  std::uint32_t iterations = 1;
  std::uint32_t warmups = 0;
  net::Duration patience = std::chrono::seconds(60);  ///< for the whole reply

  InferRequest() = default;
  InferRequest(std::uint32_t n, std::uint32_t w, net::Duration wait)
      : iterations(n), warmups(w), patience(wait) {}
};

/// What came of an `infer`.
struct Inference {
  /// Of the device's clock, microseconds: second lap less first, however often it went round once.
  std::optional<std::uint32_t> device_us;
  /// The same two lines as they arrived here.
  net::TimePoint begin;
  net::TimePoint end;
  std::vector<double> results;
  bool results_repeated = false;  ///< the line was damaged, and was asked for again

  Inference() = default;
};

/// The host's side of a conversation with one device under test. One operation at a time; any may
/// be cancelled. A damaged line or a lost one is repaired by asking again where that is possible, a
/// bounded number of times; Errc says what was not.
class Session {
 public:
  explicit Session(net::Link& link) : link_(link) {}

  /// Finds the device whatever else is on the line, and asks for its name and model.
  /// Errc::no_answer, not_a_device.
  net::Task<Greeting> connect(ConnectOptions options);

  /// Loads an input; `prove` reads it back and compares. Starts again after silence, damage, or
  /// bytes that differ, three times in all. Errc::too_large, upload_failed, upload_mismatch.
  net::Task<Upload> upload(ByteSpan input, bool prove);
  /// What the device's buffer holds: as many bytes as the last upload announced.
  net::Task<Bytes> read_back(std::size_t bytes);

  /// Runs the model on what was loaded. Errc::no_answer, not_loaded, restarted, incomplete.
  net::Task<Inference> infer(InferRequest request);

  /// Reads the device's clock; Errc::incomplete in energy mode, where there is none to read.
  net::Task<std::uint32_t> timestamp();

  /// Makes sure that the device listens, whatever was cut short before.
  net::Task<void> resync();

  const Greeting& greeting() const { return greeting_; }

 private:
  struct Heard {
    Message message;
    net::TimePoint at;
  };
  struct Reply {
    std::vector<Heard> heard;
    std::optional<Error> damage;  ///< the first line that was garbled

    Reply() = default;
    const Heard* find(Kind kind) const;
  };

  /// Sends a command and gathers the reply up to m-ready. `silence`: at most so long without a
  /// byte; `patience`: for all of it. Errc::no_answer.
  net::Task<Reply> exchange(std::string command, net::Duration silence, net::Duration patience);
  /// The same with the usual times, for a short reply.
  net::Task<Reply> ask(std::string command);
  net::Task<Reply> collect(net::Duration silence, net::Duration patience);
  net::Task<void> send(std::string command);
  /// Drops what still arrives, until nothing does for a moment.
  net::Task<void> quiet();

  net::Task<bool> greet();
  net::Task<void> ask_profile();
  net::Task<void> ask_mode();
  net::Task<void> try_upload(ByteSpan input, bool prove, Upload& upload);
  net::Task<std::vector<double>> repeat_results();

  /// Time that so many characters take on the wire, where its rate is known.
  net::Duration wire_time(std::size_t chars) const;
  std::size_t chunk_bytes() const;

  net::Link& link_;
  LineReader lines_;
  Greeting greeting_;
  std::uint32_t baud_bps_ = 0;
  bool through_board_ = false;
};

/// True for what another try may mend: damage, silence, a device that has started again.
bool may_be_mended(const Error& error);

}  // namespace aiot::energyrunner
