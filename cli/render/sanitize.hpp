#pragma once

#include <string>
#include <string_view>

namespace aiot::cli::render {

/// What of a device's control bytes may reach a terminal.
enum class Raw {
  none,    ///< nothing
  colour,  ///< SGR sequences (ECMA-48 section 8.3.117): colour and style
  all,     ///< everything, as it came
};

/// Makes a device's words safe for a terminal, piece by piece: what must not pass is written out
/// (`\x1b[2J`), as are bidirectional controls and bytes that are not UTF-8. Sequences and
/// characters may be split anywhere between pieces; at most 64 bytes are held back.
class Sanitizer {
 public:
  explicit Sanitizer(Raw raw) : raw_(raw) {}

  /// Adds what of `bytes` can be shown now to `out`. LF and TAB are kept; CR is dropped in front of
  /// LF.
  void feed(std::string_view bytes, std::string& out);
  /// The piece is a message of its own: shows what was held back, and ends any colour.
  void finish(std::string& out);

 private:
  enum class State { ground, cr, escape, sequence, utf8 };

  /// True when the byte belonged to what is held; else it is looked at again from the ground.
  bool continue_held(char c, std::string& out);
  void begin(char c, std::string& out);
  /// Shows what is held, escaped.
  void give_up(std::string& out);

  Raw raw_;
  State state_ = State::ground;
  std::string held_;
  bool coloured_ = false;
};

/// True when most of `bytes` is no text: better shown as a dump.
bool is_binary(std::string_view bytes);

/// Rows of 16 bytes: `00000000  1b 5b …  |.[…|`.
std::string hex_dump(std::string_view bytes);

}  // namespace aiot::cli::render
