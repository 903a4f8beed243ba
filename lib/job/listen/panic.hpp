#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/listen.hpp"
#include "image/dwarf.hpp"

namespace aiot::listen {

/// An address that a line of a crash names.
struct Mention {
  std::uint64_t address = 0;
  std::string role;        ///< "backtrace", "abort", "stack", or a register's name: "MEPC"
  bool is_return = false;  ///< the instruction behind a call: the call is what is looked for
  friend bool operator==(const Mention&, const Mention&) = default;
};

/// Recognises what ESP-IDF and the ESP8266's SDKs print when they crash, line by line: backtraces,
/// register dumps of Xtensa and RISC-V, abort(), stack memory. Pure; at most 64 addresses a line.
/// Formats: esp-idf components/esp_system/port, Arduino core for ESP8266 core_esp8266_postmortem.
class PanicReader {
 public:
  std::vector<Mention> read(std::string_view line);

 private:
  bool in_stack_ = false;  // lines of memory follow
};

/// The source behind the addresses of a crash. One for each source of messages.
class PanicDecoder {
 public:
  /// `whole_lines`: each text is a line of its own; else they are pieces of a stream of lines.
  PanicDecoder(const image::SourceMap& map, bool whole_lines)
      : map_(map), whole_lines_(whole_lines) {}
  std::vector<CodeLocation> decode(std::string_view text);

 private:
  void decode_line(std::string_view line, std::vector<CodeLocation>& rows);

  const image::SourceMap& map_;
  bool whole_lines_;
  PanicReader reader_;
  std::string begun_;  // a line whose end has not come, at most 4 KiB
};

}  // namespace aiot::listen
