#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "aiot/result.hpp"

namespace aiot::image {

/// A place in a program's source. Text comes from the file.
struct SourceFrame {
  std::string function;  ///< demangled, "" when not known
  std::string file;      ///< as the compiler was given it, "" when not known
  std::uint32_t line = 0;
  bool inlined = false;  ///< this function's code was put into the next frame's
};

/// Finds the source behind the addresses of a program: DWARF 2 to 5 and the symbol table, by
/// elfutils' libdw, which is opened when the first program is.
class SourceMap {
 public:
  /// Errc::unreadable, Errc::not_an_image, Errc::bad_elf, Errc::too_large; Condition::resource
  /// without the library.
  static Result<SourceMap> open(const std::string& elf_file);

  /// True for an address in one of the program's executable segments.
  bool is_code(std::uint64_t address) const;
  /// The frames of one address, the innermost inlined function first; empty when nothing is known.
  /// At most 64.
  std::vector<SourceFrame> frames(std::uint64_t address) const;
  /// "xtensa", "riscv", …: the machine the program is for.
  const std::string& machine() const;

  SourceMap(SourceMap&&) noexcept;
  SourceMap& operator=(SourceMap&&) noexcept;
  ~SourceMap();

 private:
  struct State;
  explicit SourceMap(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace aiot::image
