#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "protocol/energyrunner/error.hpp"

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
  /// Of an error: which of those it is that the session tells apart.
  enum class Cause { other, not_loaded, too_large } cause = Cause::other;
};

/// More results than this are refused: far more than any model of the suite has.
constexpr std::size_t most_results = 4096;

/// Decodes one line. A message is found behind whatever stands in front of it: an echoed command,
/// noise, a board's "[dut]: ". Errc::garbled for what begins like a message and does not end so.
Result<Message> decode_line(std::string_view line);

}  // namespace aiot::energyrunner
