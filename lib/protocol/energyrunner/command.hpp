#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

/// What a host writes (benchmark/api/internally_implemented.h and .cpp of mlcommons/tiny).
namespace aiot::energyrunner {

/// EE_CMD_SIZE: so many characters a device keeps of a command, its end mark not counted.
constexpr std::size_t most_command_chars = 80;
/// EE_CMD_TERMINATOR
constexpr char command_end = '%';
/// As many bytes as fit behind "db ".
constexpr std::size_t most_chunk_bytes = (most_command_chars - 3) / 2;
/// What the reference runner sends where a board or a power monitor sits between.
constexpr std::size_t board_chunk_bytes = 26;

/// "db load 3072"; without the end mark, as all of these.
std::string load_command(std::size_t bytes);
/// "db 00ff…": at most most_chunk_bytes.
std::string chunk_command(std::span<const std::uint8_t> bytes);
/// "infer 10 0": the warm-up is always said, its default differs between firmwares.
std::string infer_command(std::uint32_t iterations, std::uint32_t warmups);

}  // namespace aiot::energyrunner
