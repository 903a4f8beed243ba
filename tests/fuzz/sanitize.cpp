// What a device's bytes become on a terminal: no control byte but LF and TAB, and with colour
// nothing but SGR sequences besides; UTF-8 throughout; pieces make no difference.
#include "render/sanitize.hpp"

#include <cstdlib>

#include "aiot/bytes.hpp"

using namespace aiot;
using namespace aiot::cli;

namespace {

std::string shown(render::Raw raw, std::string_view text, std::size_t border) {
  render::Sanitizer sanitizer(raw);
  std::string out;
  sanitizer.feed(text.substr(0, border), out);
  sanitizer.feed(text.substr(border), out);
  sanitizer.finish(out);
  return out;
}

/// `text` without its SGR sequences.
std::string without_colour(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '[') {
      const std::size_t end = text.find_first_not_of("0123456789;:", i + 2);
      if (end != std::string::npos && text[end] == 'm') {
        i = end;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = to_string(ByteSpan(data, size));
  const std::string none = shown(render::Raw::none, text, size / 2);
  const std::string colour = shown(render::Raw::colour, text, size / 2);
  if (none != shown(render::Raw::none, text, 0)) std::abort();
  if (colour != shown(render::Raw::colour, text, 0)) std::abort();
  if (shown(render::Raw::all, text, size / 2) != text) std::abort();
  for (const std::string& out : {none, without_colour(colour)}) {
    std::string plain = out;
    std::erase(plain, '\t');
    // Whatever is harmless stays as it is when it is escaped once more.
    if (escape_controls(plain, true) != plain) std::abort();
  }
  (void)render::is_binary(text);
  (void)render::hex_dump(text);
  return 0;
}
