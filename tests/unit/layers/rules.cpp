#include "rules.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace aiot::layers {
namespace {

using Names = std::vector<std::string_view>;

/// A room and the rooms it may include, itself aside. "protocol" and "job" stand for each folder in
/// them, "job/ota" for that one: such a folder sees its own files, never its neighbours'.
struct Arrow {
  std::string_view room;
  Names may_include;
};
const std::array<Arrow, 18> arrows = {{
    {"include", {}},
    {"core", {}},
    {"crypto", {"core"}},
    {"config", {"core"}},
    {"filter", {"core"}},
    {"image", {"core", "crypto"}},
    {"inference", {"core"}},
    {"store", {"core"}},
    {"net", {"core", "crypto"}},
    {"dbus", {"core", "net"}},
    {"mqtt", {"core", "net"}},
    {"capture", {"core", "net"}},
    {"fleet", {"core", "net"}},
    {"xml", {"core"}},
    {"provisioning", {"core"}},
    {"protocol", {"core", "crypto", "net", "xml", "provisioning"}},
    {"job",
     {"core", "crypto", "net", "dbus", "mqtt", "capture", "fleet", "protocol", "provisioning", "image", "inference", "config",
      "store", "filter"}},
    {"sim",
     {"core", "crypto", "config", "net", "dbus", "mqtt", "protocol", "provisioning", "image",
      "inference", "job/ota"}},
}};

/// A library, by how its headers begin, and where it may be named (prefixes of paths).
struct Library {
  std::string_view header;
  Names places;
};
const std::array<Library, 24> libraries = {{
    {"boost/system/", {"lib/", "cli/"}},
    {"boost/asio",
     {"lib/net/", "lib/dbus/", "lib/mqtt/", "lib/fleet/", "lib/protocol/", "lib/job/", "lib/sim/"}},
    {"boost/json", {"lib/image/", "lib/protocol/", "lib/job/", "lib/sim/", "cli/"}},
    {"boost/beast", {"lib/net/http"}},
    {"boost/", {}},
    {"fmt/",
     {"lib/core/", "lib/crypto/", "lib/config/", "lib/image/", "lib/inference/", "lib/store/",
      "lib/net/", "lib/dbus/", "lib/mqtt/", "lib/capture/", "lib/provisioning/", "lib/protocol/", "lib/job/", "lib/sim/", "lib/filter/", "cli/"}},
    {"openssl/", {"lib/crypto/", "lib/net/tls"}},
    {"yaml-cpp/", {"lib/config/"}},
    {"CLI/", {"cli/"}},
    {"libdeflate.h", {"lib/image/", "lib/protocol/", "lib/job/", "lib/sim/"}},
    {"zlib.h", {"lib/protocol/", "lib/sim/"}},
    {"lzma.h", {"lib/image/delta_coding"}},
    {"zstd.h", {"lib/image/delta_coding"}},
    {"sqlite3.h", {"lib/store/"}},
    {"expat.h", {"lib/xml/"}},
    {"re2/", {"lib/filter/"}},
    {"systemd/", {"lib/dbus/"}},
    {"libudev.h", {"lib/net/udev"}},
    {"mosquitto.h", {}},
    {"elfutils/", {"lib/image/dwarf"}},
    {"xnnpack.h", {"lib/inference/external/"}},
    {"pthreadpool.h", {"lib/inference/external/"}},
    {"nlohmann/", {}},
    {"doctest/", {}},
}};

bool begins_with_any(std::string_view text, std::span<const std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view p) { return text.starts_with(p); });
}

std::string_view first_part(std::string_view path) { return path.substr(0, path.find('/')); }

/// "protocol/esp" of "protocol/esp/codec.hpp", "net" of "net/link.hpp".
std::string_view folder_of_room(std::string_view path) {
  const auto room = first_part(path);
  if (room != "protocol" && room != "job") return room;
  const auto end = path.find('/', room.size() + 1);
  return path.substr(0, end);
}

std::string library_violation(std::string_view file, std::string_view header) {
  for (const auto& library : libraries) {
    if (!header.starts_with(library.header)) continue;
    if (begins_with_any(file, library.places)) return {};
    return "this library is not for this room";
  }
  return {};  // the standard library and the operating system
}

}  // namespace

std::vector<std::string> includes_of(std::string_view source) {
  std::vector<std::string> found;
  while (!source.empty()) {
    const auto end = source.find('\n');
    auto line = source.substr(0, end);
    source.remove_prefix(end == std::string_view::npos ? source.size() : end + 1);
    const auto skip_blanks = [&] {
      line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    };
    skip_blanks();
    if (!line.starts_with('#')) continue;
    line.remove_prefix(1);
    skip_blanks();
    if (!line.starts_with("include")) continue;
    line.remove_prefix(7);
    skip_blanks();
    if (line.empty() || (line.front() != '<' && line.front() != '"')) continue;
    const auto close = line.find(line.front() == '<' ? '>' : '"', 1);
    if (close != std::string_view::npos) found.emplace_back(line.substr(0, close + 1));
  }
  return found;
}

std::string violation(std::string_view file, std::string_view include) {
  const auto header = include.substr(1, include.size() - 2);
  if (include.front() == '<') {
    if (header.starts_with("aiot/")) return "a header of this project is included with quotes";
    return library_violation(file, header);
  }
  if (header.starts_with("aiot/")) return {};
  if (header.find("..") != std::string_view::npos) return "a path is written from the root of lib";
  if (file.starts_with("cli/")) {
    const auto is_room = [&](const Arrow& a) { return a.room == first_part(header); };
    if (std::none_of(arrows.begin(), arrows.end(), is_room)) return {};  // its own folders
    return "the command line uses public headers only";
  }
  if (!file.starts_with("lib/")) return {};
  const auto inside = file.substr(4);
  const auto from = first_part(inside);
  const auto* arrow =
      std::find_if(arrows.begin(), arrows.end(), [&](const Arrow& a) { return a.room == from; });
  if (arrow == arrows.end()) return "a room the table of arrows does not know";
  if (from == "include") return "a public header includes public headers only";
  if (header.find('/') == std::string_view::npos) return "a path is written from the root of lib";
  if (folder_of_room(header) == folder_of_room(inside)) return {};
  const auto& may = arrow->may_include;
  const auto names = [&](std::string_view one) {
    return std::find(may.begin(), may.end(), one) != may.end();
  };
  if (names(first_part(header)) || names(folder_of_room(header))) return {};
  return "no arrow leads from this room to that one";
}

}  // namespace aiot::layers
