#include "image/dwarf.hpp"

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdwfl.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "core/module.hpp"
#include "image/elf.hpp"
#include "image/files.hpp"
#include "image/limits.hpp"

namespace aiot::image {

/// What is used of libdw (Debian's libdw1).
struct DwarfLibrary : ModuleFunctions {
  using ModuleFunctions::ModuleFunctions;
  AIOT_FUNCTION(dwfl_begin, dwfl_begin);
  AIOT_FUNCTION(dwfl_end, dwfl_end);
  AIOT_FUNCTION(dwfl_report_begin, dwfl_report_begin);
  AIOT_FUNCTION(dwfl_report_offline, dwfl_report_offline);
  AIOT_FUNCTION(dwfl_report_end, dwfl_report_end);
  AIOT_FUNCTION(dwfl_offline_section_address, dwfl_offline_section_address);
  AIOT_FUNCTION(dwfl_addrmodule, dwfl_addrmodule);
  AIOT_FUNCTION(dwfl_module_addrdie, dwfl_module_addrdie);
  AIOT_FUNCTION(dwfl_module_nextcu, dwfl_module_nextcu);
  AIOT_FUNCTION(dwfl_module_getsrc, dwfl_module_getsrc);
  AIOT_FUNCTION(dwfl_lineinfo, dwfl_lineinfo);
  AIOT_FUNCTION(dwfl_module_addrname, dwfl_module_addrname);
  AIOT_FUNCTION(dwarf_getscopes, dwarf_getscopes);
  AIOT_FUNCTION(dwarf_getscopes_die, dwarf_getscopes_die);
  AIOT_FUNCTION(dwarf_haspc, dwarf_haspc);
  AIOT_FUNCTION(dwarf_tag, dwarf_tag);
  AIOT_FUNCTION(dwarf_diename, dwarf_diename);
  AIOT_FUNCTION(dwarf_attr, dwarf_attr);
  AIOT_FUNCTION(dwarf_attr_integrate, dwarf_attr_integrate);
  AIOT_FUNCTION(dwarf_formudata, dwarf_formudata);
  AIOT_FUNCTION(dwarf_formstring, dwarf_formstring);
  AIOT_FUNCTION(dwarf_getsrcfiles, dwarf_getsrcfiles);
  AIOT_FUNCTION(dwarf_filesrc, dwarf_filesrc);
};

namespace {

/// The file is what was named: no other is looked for, on disk or in the network.
int no_debug_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*,
                  GElf_Word, char**) {
  return -1;
}

std::string readable(const char* name) {
  if (name == nullptr) return {};
  int status = 0;
  char* plain = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string out = status == 0 && plain != nullptr ? plain : name;
  std::free(plain);
  return out;
}

}  // namespace

struct SourceMap::State {
  DwarfLibrary library;
  Elf elf;
  std::string machine;
  Dwfl_Callbacks callbacks{};
  Dwfl* session = nullptr;

  State(DwarfLibrary lib, Elf e) : library(std::move(lib)), elf(std::move(e)) {}
  ~State() {
    if (session != nullptr) library.dwfl_end(session);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Dwarf_Die* unit_of(Dwfl_Module* module, Dwarf_Addr address, Dwarf_Addr& bias) const;
  std::string name_of(Dwarf_Die& die) const;
  void add_scopes(Dwarf_Die* unit, Dwarf_Addr address, std::vector<SourceFrame>& frames) const;
};

/// The compilation unit of an address, also where the compiler wrote no table of ranges.
Dwarf_Die* SourceMap::State::unit_of(Dwfl_Module* module, Dwarf_Addr address,
                                     Dwarf_Addr& bias) const {
  if (Dwarf_Die* unit = library.dwfl_module_addrdie(module, address, &bias)) return unit;
  Dwarf_Die* unit = nullptr;
  while ((unit = library.dwfl_module_nextcu(module, unit, &bias)) != nullptr) {
    if (library.dwarf_haspc(unit, address - bias) > 0) return unit;
  }
  return nullptr;
}

std::string SourceMap::State::name_of(Dwarf_Die& die) const {
  Dwarf_Attribute memory;
  for (const unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    Dwarf_Attribute* attribute = library.dwarf_attr_integrate(&die, name, &memory);
    if (attribute != nullptr) return readable(library.dwarf_formstring(attribute));
  }
  const char* plain = library.dwarf_diename(&die);
  return plain == nullptr ? std::string() : plain;
}

/// Names `frames.front()`, which has its place already, and adds the functions that it is inlined into.
void SourceMap::State::add_scopes(Dwarf_Die* unit, Dwarf_Addr address,
                                  std::vector<SourceFrame>& frames) const {
  using Dies = std::unique_ptr<Dwarf_Die, decltype(&std::free)>;
  Dwarf_Die* found = nullptr;
  const bool any = library.dwarf_getscopes(unit, address, &found) > 0;
  const Dies innermost(found, &std::free);
  if (!any) return;
  // What encloses an inlined function there is where it was written, not where its code went.
  Dwarf_Die* scopes = nullptr;
  const int count = library.dwarf_getscopes_die(found, &scopes);
  const Dies owned(scopes, &std::free);
  Dwarf_Files* files = nullptr;
  library.dwarf_getsrcfiles(unit, &files, nullptr);
  for (int i = 0; i < count && frames.size() < limits::source_frames; ++i) {
    Dwarf_Die& scope = scopes[i];
    const int tag = library.dwarf_tag(&scope);
    if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) continue;
    frames.back().function = name_of(scope);
    if (tag == DW_TAG_subprogram) return;
    frames.back().inlined = true;
    // The caller's place is where the inlined code was called from.
    SourceFrame caller;
    Dwarf_Attribute memory;
    Dwarf_Word value = 0;
    if (library.dwarf_formudata(library.dwarf_attr(&scope, DW_AT_call_line, &memory), &value) == 0)
      caller.line = static_cast<std::uint32_t>(value);
    if (files != nullptr &&
        library.dwarf_formudata(library.dwarf_attr(&scope, DW_AT_call_file, &memory), &value) ==
            0) {
      const char* file = library.dwarf_filesrc(files, value, nullptr, nullptr);
      if (file != nullptr) caller.file = file;
    }
    frames.push_back(std::move(caller));
  }
}

SourceMap::SourceMap(std::unique_ptr<State> state) : state_(std::move(state)) {}
SourceMap::SourceMap(SourceMap&&) noexcept = default;
SourceMap& SourceMap::operator=(SourceMap&&) noexcept = default;
SourceMap::~SourceMap() = default;

Result<SourceMap> SourceMap::open(const std::string& elf_file) {
  AIOT_TRY(const Bytes bytes, read_file(elf_file));
  Result<Elf> elf = parse_elf(bytes);
  if (!elf) return std::move(elf).error().with(elf_file);
  AIOT_TRY(DwarfLibrary library,
           load_functions<DwarfLibrary>("libdw.so.1", "libdw1", "libdw1 0.180"));
  auto state = std::make_unique<State>(std::move(library), *std::move(elf));
  state->machine = elf_machine_name(state->elf.machine);
  state->callbacks.find_debuginfo = no_debug_file;
  state->callbacks.section_address = state->library.dwfl_offline_section_address;
  state->session = state->library.dwfl_begin(&state->callbacks);
  Dwfl_Module* module = nullptr;
  if (state->session != nullptr) {
    state->library.dwfl_report_begin(state->session);
    module = state->library.dwfl_report_offline(state->session, "firmware", elf_file.c_str(), -1);
    state->library.dwfl_report_end(state->session, nullptr, nullptr);
  }
  if (module == nullptr) return make_error(Errc::bad_elf, elf_file + ": libdw cannot read it");
  return SourceMap(std::move(state));
}

bool SourceMap::is_code(std::uint64_t address) const {
  constexpr std::uint32_t executable = 1;
  return std::ranges::any_of(state_->elf.segments, [address](const ElfSegment& segment) {
    return (segment.flags & executable) != 0 && address >= segment.virtual_address &&
           address - segment.virtual_address < segment.memory_bytes;
  });
}

const std::string& SourceMap::machine() const { return state_->machine; }

std::vector<SourceFrame> SourceMap::frames(std::uint64_t address) const {
  const DwarfLibrary& library = state_->library;
  Dwfl_Module* module = library.dwfl_addrmodule(state_->session, address);
  if (module == nullptr) return {};
  std::vector<SourceFrame> frames(1);
  if (Dwfl_Line* line = library.dwfl_module_getsrc(module, address)) {
    int number = 0;
    const char* file = library.dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr);
    if (file != nullptr) frames.front().file = file;
    if (number > 0) frames.front().line = static_cast<std::uint32_t>(number);
  }
  Dwarf_Addr bias = 0;
  if (Dwarf_Die* unit = state_->unit_of(module, address, bias)) {
    state_->add_scopes(unit, address - bias, frames);
  }
  if (frames.front().function.empty()) {
    frames.resize(1);
    frames.front().inlined = false;
    frames.front().function = readable(library.dwfl_module_addrname(module, address));
  }
  if (frames.front().function.empty() && frames.front().file.empty()) return {};
  return frames;
}

}  // namespace aiot::image
