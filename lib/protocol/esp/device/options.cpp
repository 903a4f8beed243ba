#include "protocol/esp/device/options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "aiot/units.hpp"

namespace aiot::esp::device {
namespace {

using namespace std::chrono_literals;

constexpr ErrorRow error_rows[] = {
    {Errc::unknown_chip, "sim.unknown-device", "no such virtual device", Condition::usage},
    {Errc::unknown_profile, "sim.unknown-profile", "no such timing profile", Condition::usage},
    {Errc::bad_fault, "sim.bad-fault", "not a fault", Condition::usage},
    {Errc::bad_mac, "sim.bad-mac", "not a MAC address", Condition::usage},
    {Errc::flash_size, "sim.flash-size", "not a size a flash chip has", Condition::usage},
    {Errc::flash_file, "sim.flash-file", "the flash file cannot be used", Condition::resource},
    {Errc::flash_file_size, "sim.flash-file-size", "the flash file has another size than the flash",
     Condition::invalid_input},
};
const ErrorTable errors("esp.device", error_rows);

constexpr std::array<Profile, 2> profile_table = {{
    {.name = "default",
     .description =
         "wire paced at the baud rate, 1 ms turn-around, 0.75 ms a command, MD5 at 0.41 s/MiB, "
         "W25Q32JV flash times",
     .paced = true,
     .turn_around = 1ms,
     .packet = 1ms,
     .command = 750us,
     .md5_per_mib = 410ms,
     .page_program = 400us,
     .erase_4k = 45ms,
     .erase_32k = 120ms,
     .erase_64k = 150ms,
     .erase_chip = 10s,
     .boot = 30ms,
     .strap = 5ms,
     .stub_start = 5ms},
    {.name = "fast", .description = "nothing takes time: for tests", .paced = false, .strap = 5ms},
}};

struct Kind {
  FaultHelp help;
  FaultKind kind;
  bool standing = false;  ///< a property of the chip: without a place it holds from the start
};

constexpr std::array<Kind, 18> kinds = {{
    {{"drop",
      "the link goes away for a time (drop@4096:500ms), for good (:forever), or until the chip has "
      "started anew (:restart)"},
     FaultKind::drop},
    {{"corrupt", "a bit of what the host sends flips"}, FaultKind::corrupt},
    {{"corrupt-reply", "a bit of what the device sends flips"}, FaultKind::corrupt_reply},
    {{"lose", "bytes from the host are swallowed (lose@4096:16), or a whole request"},
     FaultKind::lose},
    {{"lose-reply", "a request is carried out, its reply is swallowed"}, FaultKind::lose_reply},
    {{"stall", "the device is busy for a time (stall@data:5s) before it goes on"},
     FaultKind::stall},
    {{"reset", "the chip restarts, as the boot pin says then"}, FaultKind::reset},
    {{"wrong-mac",
      "another board: its MAC changes, at the first reset after it was read, or where said"},
     FaultKind::wrong_mac,
     true},
    {{"write-protected",
      "sectors keep their bytes (write-protected:0x10000+0x1000), silently or with :error"},
     FaultKind::write_protected,
     true},
    {{"power-cut", "the power fails while a page is programmed: the page is left a mix"},
     FaultKind::power_cut},
    {{"no-stub", "loading into RAM is refused"}, FaultKind::no_stub, true},
    {{"no-reset", "no line and no SYNC resets the chip"}, FaultKind::no_reset, true},
    {{"secure-boot", "secure boot is on"}, FaultKind::secure_boot, true},
    {{"flash-encryption", "flash encryption is on"}, FaultKind::flash_encryption, true},
    {{"secure-download", "secure download mode: the ROM refuses most commands"},
     FaultKind::secure_download,
     true},
    {{"garbage", "noise in front of a reply"}, FaultKind::garbage},
    {{"duplicate", "a reply comes twice"}, FaultKind::duplicate},
    {{"slow", "the turn-around is 20 times as long, or as said (slow:100)"}, FaultKind::slow, true},
}};

constexpr std::array<FaultHelp, kinds.size()> help = [] {
  std::array<FaultHelp, kinds.size()> rows{};
  for (std::size_t i = 0; i < kinds.size(); ++i) rows[i] = kinds[i].help;
  return rows;
}();

constexpr std::array<FaultHelp, 10> stage_table = {{
    {"sync", "SYNC: the loader is greeted"},
    {"detect", "registers and security settings are read or written"},
    {"stub", "a stub is loaded into RAM and started"},
    {"baud", "the rate changes"},
    {"attach", "the flash chip is connected"},
    {"begin", "a write or an erase begins"},
    {"data", "a block is written"},
    {"end", "a write ends, or the application starts"},
    {"md5", "a region's MD5 is asked for"},
    {"read", "the flash is read"},
}};

constexpr std::string_view grammar =
    "NAME[@WHERE][:ARGUMENT][:always]\n"
    "WHERE is STAGE or STAGE/K, the K-th request of a stage; N, byte N of what the host sends (of "
    "what the device sends for corrupt-reply), from 0; or cmd:OP:K, the K-th request with this "
    "opcode, in hex. Without it: the first request, or from the start for what a chip simply is "
    "(secure-boot).\n"
    "A fault strikes once, with `always` each time from there on. Such as reset@data/3, "
    "stall@md5:5s, drop@4096:forever, write-protected:0x10000+0x1000:error.\n";

std::string stage_list() {
  std::string names;
  for (const FaultHelp& stage : stage_table)
    names += (names.empty() ? "" : ", ") + std::string(stage.name);
  return names;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

std::optional<std::uint64_t> number(std::string_view text, int base = 10) {
  if (text.starts_with("0x")) {
    text.remove_prefix(2);
    base = 16;
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Error bad(std::string_view text, std::string why) {
  return make_error(
      Errc::bad_fault, std::string(text) + ": " + why,
      "write NAME[@WHERE][:ARGUMENT][:always], such as reset@data/3 or stall@cmd:13:1:5s");
}

/// Reads the argument that this kind of fault takes.
Result<void> parse_argument(Fault& fault, std::string_view argument) {
  if (argument == "always") {
    fault.always = true;
    return {};
  }
  if (fault.kind == FaultKind::drop && argument == "forever") {
    fault.forever = true;
    return {};
  }
  if (fault.kind == FaultKind::drop && argument == "restart") {
    fault.restarts = true;
    return {};
  }
  if (fault.kind == FaultKind::drop || fault.kind == FaultKind::stall) {
    AIOT_TRY(const std::chrono::milliseconds time, parse_duration(argument));
    fault.time = time;
    return {};
  }
  if (fault.kind == FaultKind::lose || fault.kind == FaultKind::slow) {
    const auto amount = number(argument);
    if (!amount || *amount == 0 || *amount > 1'000'000)
      return bad(fault.text, "not a count: " + std::string(argument));
    fault.amount = *amount;
    return {};
  }
  if (fault.kind == FaultKind::write_protected) {
    if (argument == "error") {
      fault.with_error = true;
      return {};
    }
    const std::size_t plus = argument.find('+');
    AIOT_TRY(fault.range_begin, parse_size(argument.substr(0, plus)));
    fault.range_length = 1;
    if (plus != std::string_view::npos) {
      AIOT_TRY(fault.range_length, parse_size(argument.substr(plus + 1)));
    }
    if (fault.range_begin > 0xFFFFFFFF || fault.range_length > 0xFFFFFFFF)
      return bad(fault.text, "beyond any flash");
    return {};
  }
  return bad(fault.text, "takes no argument " + std::string(argument));
}

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), errors}; }

std::span<const Profile> profiles() { return profile_table; }

Result<Profile> find_profile(std::string_view name) {
  if (name.empty()) return profile_table.front();
  for (const Profile& profile : profile_table) {
    if (profile.name == name) return profile;
  }
  std::string known;
  for (const Profile& profile : profile_table)
    known += (known.empty() ? "" : ", ") + std::string(profile.name);
  return make_error(Errc::unknown_profile, std::string(name), "the profiles are: " + known);
}

std::span<const FaultHelp> fault_help() { return help; }
std::span<const FaultHelp> stages() { return stage_table; }
std::string_view fault_grammar() { return grammar; }

std::string_view stage_of(Op op) {
  switch (op) {
    case Op::sync: return "sync";
    case Op::read_reg:
    case Op::write_reg:
    case Op::get_security_info: return "detect";
    case Op::mem_begin:
    case Op::mem_data:
    case Op::mem_end: return "stub";
    case Op::change_baudrate: return "baud";
    case Op::spi_attach:
    case Op::spi_set_params: return "attach";
    case Op::flash_begin:
    case Op::flash_defl_begin:
    case Op::erase_flash:
    case Op::erase_region: return "begin";
    case Op::flash_data:
    case Op::flash_defl_data:
    case Op::flash_encrypt_data: return "data";
    case Op::flash_end:
    case Op::flash_defl_end:
    case Op::run_user_code: return "end";
    case Op::spi_flash_md5: return "md5";
    case Op::read_flash:
    case Op::read_flash_slow: return "read";
  }
  return "";
}

Result<Fault> parse_fault(std::string_view text) {
  Fault fault;
  fault.text = text;
  const std::size_t at = std::min(text.find('@'), text.find(':'));
  const std::string_view name = text.substr(0, at);
  const auto* kind = std::ranges::find(kinds, name, [](const Kind& row) { return row.help.name; });
  if (kind == kinds.end()) {
    std::vector<std::string> names;
    for (const Kind& row : kinds) names.emplace_back(row.help.name);
    const std::string near = nearest_word(name, names);
    Error error = bad(text, "no fault has this name");
    if (!near.empty()) error.hint = "did you mean " + near + "?";
    return error;
  }
  fault.kind = kind->kind;
  fault.time = fault.kind == FaultKind::stall ? 5s : 500ms;
  fault.amount = fault.kind == FaultKind::slow ? 20 : 1;
  if (fault.kind == FaultKind::write_protected) {
    fault.range_begin = 0x10000;
    fault.range_length = 0x1000;
  }
  std::vector<std::string_view> parts;
  if (at != std::string_view::npos) parts = split(text.substr(at + 1));
  std::size_t next = 0;
  if (at != std::string_view::npos && text[at] == '@') {
    const std::string_view where = parts[next++];
    if (where == "cmd") {
      const auto op = next < parts.size() ? number(parts[next++], 16) : std::nullopt;
      const auto count = next < parts.size() ? number(parts[next++]) : std::nullopt;
      if (!op || *op > 0xFF || !count || *count == 0 || *count > 0xFFFFFFFF)
        return bad(text, "cmd needs OP:K");
      fault.op = static_cast<Op>(*op);
      fault.count = static_cast<std::uint32_t>(*count);
    } else if (auto byte = number(where)) {
      fault.byte = *byte;
    } else {
      const std::size_t slash = where.find('/');
      fault.stage = where.substr(0, slash);
      const auto count = slash == std::string_view::npos ? std::optional<std::uint64_t>(1)
                                                         : number(where.substr(slash + 1));
      if (std::ranges::find(stage_table, fault.stage, &FaultHelp::name) == stage_table.end()) {
        return make_error(Errc::bad_fault, fault.text + ": no such stage",
                          "the stages are: " + stage_list());
      }
      if (!count || *count == 0 || *count > 0xFFFFFFFF) return bad(text, "not a count");
      fault.count = static_cast<std::uint32_t>(*count);
    }
  }
  const bool placed = fault.byte || fault.op || !fault.stage.empty();
  if (placed && kind->standing && fault.kind != FaultKind::wrong_mac)
    return bad(text, "holds from the start, without a place");
  for (; next < parts.size(); ++next) {
    AIOT_CHECK(parse_argument(fault, parts[next]).with("fault " + fault.text));
  }
  return fault;
}

std::optional<std::uint64_t> Faults::next_byte(std::uint64_t position) const {
  std::optional<std::uint64_t> next;
  for (const Fault& fault : faults_) {
    if (!fault.byte || fault.fired > 0 || fault.kind == FaultKind::corrupt_reply ||
        *fault.byte < position)
      continue;
    if (!next || *fault.byte < *next) next = fault.byte;
  }
  return next;
}

std::vector<Fault*> Faults::at_byte(std::uint64_t position) {
  std::vector<Fault*> struck;
  for (Fault& fault : faults_) {
    if (fault.byte != position || fault.fired > 0 || fault.kind == FaultKind::corrupt_reply)
      continue;
    ++fault.fired;
    struck.push_back(&fault);
  }
  return struck;
}

std::vector<Fault*> Faults::at_request(Op op) {
  std::vector<Fault*> struck;
  for (Fault& fault : faults_) {
    if (fault.byte) continue;
    if (fault.op ? *fault.op != op : !fault.stage.empty() && fault.stage != stage_of(op)) continue;
    if (!fault.op && fault.stage.empty()) {
      const auto* kind = std::ranges::find(kinds, fault.kind, &Kind::kind);
      if (kind->standing) continue;
      // A power cut needs a page that is being programmed.
      if (fault.kind == FaultKind::power_cut && stage_of(op) != "data") continue;
    }
    ++fault.seen;
    if (fault.always ? fault.seen < fault.count : fault.seen != fault.count) continue;
    ++fault.fired;
    struck.push_back(&fault);
  }
  return struck;
}

std::vector<Fault*> Faults::at_reply(std::uint64_t begin, std::uint64_t end) {
  std::vector<Fault*> struck;
  for (Fault& fault : faults_) {
    if (fault.kind != FaultKind::corrupt_reply || !fault.byte || fault.fired > 0) continue;
    if (*fault.byte < begin || *fault.byte >= end) continue;
    ++fault.fired;
    struck.push_back(&fault);
  }
  return struck;
}

Fault* Faults::standing(FaultKind kind) {
  for (Fault& fault : faults_) {
    if (fault.kind == kind && !fault.byte && !fault.op && fault.stage.empty()) return &fault;
  }
  return nullptr;
}

}  // namespace aiot::esp::device
