#pragma once

#include <cstdint>
#include <string>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "image/esp_chip.hpp"

/// Valid firmware for demonstrations, tests and benches: the same request gives the same bytes on
/// every machine. Nothing of it runs; every header, checksum and hash is right.
namespace aiot::sample {

/// Bytes that look like machine code to a compressor: DEFLATE makes about 2.3 of them into 1.
Bytes make_code_like(std::size_t size_bytes, std::uint64_t seed);
/// Bytes that no compressor makes smaller.
Bytes make_random(std::size_t size_bytes, std::uint64_t seed);

struct AppRequest {
  const image::EspChip* chip = nullptr;
  std::size_t size_bytes = 1 << 20;  ///< of the file, rounded up to 16; at least 8 KiB
  std::string version = "1.0.0";
  std::string project = "sample";
  std::uint64_t seed = 1;
  std::string
      text;  ///< a constant of the application, such as a line that it prints; at most 1 KiB
};
/// An application: constants and code in mapped flash, code and data in RAM, an app description.
/// image::Errc::unsupported for the ESP8266, which has no such images.
Result<Bytes> make_application(const AppRequest& request);

/// A boot loader of some 20 KiB with a boot loader description, for a flash of 4 MiB.
Result<Bytes> make_bootloader(const image::EspChip& chip, std::uint64_t seed);

/// The partitions as ESP-IDF's CSV: nvs, otadata, phy_init, factory (`app_bytes` rounded up to 64
/// KiB, at least 1 MiB) and storage (256 KiB).
std::string partitions_csv(std::size_t app_bytes);

}  // namespace aiot::sample
