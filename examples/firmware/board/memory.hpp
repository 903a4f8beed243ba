#pragma once

#include <cstddef>

/// What the board has; mps2-an386.ld lays it out.
namespace board {

constexpr std::size_t code_bytes = 4U << 20, data_bytes = 4U << 20;
/// Of them, for what is there with every network: instructions; variables and the stack.
constexpr std::size_t code_for_program = 128U << 10, data_for_program = 128U << 10;

}  // namespace board
