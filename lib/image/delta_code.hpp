#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "image/delta.hpp"

/// Operands of machine code that name an address: what changes when code moves.
namespace aiot::image {

inline constexpr std::size_t operand_kinds = 16;
/// Of the longest instruction, or pair, that has such an operand.
inline constexpr std::size_t operand_bytes = 8;

struct CodeOperand {
  std::uint8_t kind = 0;    ///< below operand_kinds; one decoder's own
  std::uint8_t length = 0;  ///< bytes of the instruction, at most operand_bytes
  std::uint32_t target = 0;
};

/// The instruction at `bytes`, which runs at `address`, when its operand names an address.
std::optional<CodeOperand> decode_operand(DeltaCode code, ByteSpan bytes, std::uint32_t address);

/// Lets the same instruction, moved to `address`, name `operand.target`. False, and no byte
/// changed, when it cannot reach that.
bool encode_operand(DeltaCode code, const CodeOperand& operand, std::span<std::uint8_t> bytes,
                    std::uint32_t address);

/// How far it is from `bytes`, at least one, to the next place where an instruction may begin.
std::size_t instruction_step(DeltaCode code, ByteSpan bytes, std::uint32_t address);

}  // namespace aiot::image
