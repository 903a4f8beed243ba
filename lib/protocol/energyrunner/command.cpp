#include "protocol/energyrunner/command.hpp"

#include "aiot/bytes.hpp"

namespace aiot::energyrunner {

std::string load_command(std::size_t bytes) { return "db load " + std::to_string(bytes); }

std::string chunk_command(std::span<const std::uint8_t> bytes) { return "db " + to_hex(bytes); }

std::string infer_command(std::uint32_t iterations, std::uint32_t warmups) {
  return "infer " + std::to_string(iterations) + " " + std::to_string(warmups);
}

}  // namespace aiot::energyrunner
