#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "protocol/energyrunner/error.hpp"

/// The codec: commands of the host, lines of the device (benchmark/api/internally_implemented.h and
/// .cpp of mlcommons/tiny).
namespace aiot::energyrunner {

/// What a line of a device's says.
enum class Kind {
  text,            ///< anything else: boot messages, help
  ready,           ///< m-ready: the reply is over
  init_done,       ///< m-init-done: the device has booted
  timestamp_mode,  ///< m-timestamp-mode-performance, …-energy; `text` has the last word
  name,            ///< m-name-dut-[VENDOR]; `text` has VENDOR
  profile,         ///< m-profile-[…]
  model,           ///< m-model-[ic01]
  lap,             ///< m-lap-us-N
  expecting,       ///< m-[Expecting N bytes]
  load_done,       ///< m-load-done
  buffer,          ///< m-buffer-00-ff-…; `bytes`
  warmup_start,    ///< m-warmup-start-N
  warmup_done,     ///< m-warmup-done
  infer_start,     ///< m-infer-start-N
  infer_done,      ///< m-infer-done
  results,         ///< m-results-[0.004,0.996]; `values`
  passed_on,       ///< m-dut-passthrough(…): the interface board's own reply begins
  error,           ///< e-[…], and those that the reference firmware prints without e-
};

struct Message {
  Kind kind = Kind::text;
  std::string text;            ///< what is in the brackets; the whole line of a text or an error
  std::uint32_t number = 0;    ///< of a lap, a count
  Bytes bytes;                 ///< of a buffer line
  std::vector<double> values;  ///< of results, as printed
  /// Of an error: those that the session distinguishes.
  enum class Cause { other, not_loaded, too_large } cause = Cause::other;
};

/// More results than this are refused: far more than any model of the suite has.
constexpr std::size_t most_results = 4096;

/// Decodes one line. A message is found behind whatever stands in front of it: an echoed command,
/// noise, a board's "[dut]: ". Errc::garbled for what begins like a message and does not end so.
Result<Message> decode_line(std::string_view line);

/// Cuts what a device says into lines. Every way to end a line is taken: CR LF, LF, CR; empty lines
/// and NULs are dropped. A line ends at `most_chars` at the latest, what follows is a line again.
class LineReader {
 public:
  /// The longest line of a known firmware is a vector of 640 results.
  static constexpr std::size_t most_chars = 16 * 1024;

  void add(ByteSpan bytes);
  /// The next whole line, as it came but for its end.
  std::optional<std::string> next();
  /// The line that has begun and not ended.
  const std::string& tail() const { return tail_; }
  /// Takes what has begun for a whole line: nothing more is to come.
  void end_line();
  void clear();

 private:
  std::deque<std::string> lines_;
  std::string tail_;
};

/// EE_CMD_SIZE: so many characters a device keeps of a command, its end mark not counted.
constexpr std::size_t most_command_chars = 80;
/// EE_CMD_TERMINATOR
constexpr char command_end = '%';
/// As many bytes as fit behind "db ".
constexpr std::size_t most_chunk_bytes = (most_command_chars - 3) / 2;
/// What the reference runner sends where a board or a power monitor sits between.
constexpr std::size_t board_chunk_bytes = 26;

/// "db load 3072"; without the end mark, as all of these.
std::string load_command(std::size_t bytes);
/// "db 00ff…": at most most_chunk_bytes.
std::string chunk_command(std::span<const std::uint8_t> bytes);
/// "infer 10 0": the warm-up is always said, its default differs between firmwares.
std::string infer_command(std::uint32_t iterations, std::uint32_t warmups);

}  // namespace aiot::energyrunner
