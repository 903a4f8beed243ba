#pragma once

#include <initializer_list>
#include <stdexcept>
#include <vector>

#include "protocol/protocomm/security.hpp"

/// Sessions with literal numbers. The host's bytes are esp_prov's (espressif/esp-idf,
/// tools/esp_prov), the device's those of security1.c and security2.c for the same numbers.
namespace aiot::protocomm {

inline Bytes hex(std::string_view text) { return *from_hex(text); }

/// `count` bytes that count up from `first`.
inline Bytes counting(std::uint8_t first, std::size_t count) {
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}
inline Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) append(out, part);
  return out;
}

/// "Random" bytes: these, in this order. Another count than the next one's is a bug of the test.
inline Random in_order(std::vector<Bytes> values) {
  return [values = std::move(values), at = std::size_t{0}](std::size_t count) mutable {
    if (at >= values.size() || values[at].size() != count)
      throw std::logic_error("the test has no such random bytes");
    return values[at++];
  };
}

struct Vector {
  const char* name;
  Credentials credentials;
  std::vector<Bytes> host_random;
  std::vector<Bytes> device_random;
  /// Bodies from the first set of prov-config on, host and device by turns: plain and sealed.
  std::vector<std::pair<const char*, const char*>> bodies;
};

inline const std::vector<Vector>& vectors() {
  static const std::vector<Vector> all = {
      {"sec1-A",
       {1, 0, "", "abcd1234"},
       {counting(0x00, 32)},
       {counting(0x40, 32), counting(0xa0, 16)},
       {{"080262130a04686f6d65120b7365637265742d70617373",
         "a4dab882dc35e2673bf8903727ee0dfda35167ebb310cd"},
        {"08036a00", "a403ea5e"},
        {"08047200", "bd8d0aab"},
        {"08057a00", "befe00f9"},
        {"5200", "97ea"},
        {"08015a0410035000", "4a279ac7d89f0099"}}},
      // No proof; the counter wraps.
      {"sec1-B",
       {1, 0, "", ""},
       {counting(0x80, 32)},
       {counting(0xc0, 32), Bytes(16, 0xff)},
       {{"080262070a05436166c3a9", "f14442c260ddb861a8c394"},
        {"08036a00", "988691eb"},
        {"08047200", "04c7d56d"},
        {"08057a00", "50175468"}}},
      {"sec2-A",
       {2, 1, "wifiprov", "abcd1234"},
       {joined({hex("80"), counting(0x01, 31)})},
       {counting(0x10, 16), counting(0x60, 32), counting(0xd0, 8)},
       {{"080262130a04686f6d65120b7365637265742d70617373",
         "58200d2e004c93b1bff3069df8a25c7826e70032ca47eb3acd17e150da2a3972cb00c7973c010b"},
        {"08036a00", "b17d44f4e7e1ca25b5416f38afbdd90335b4a4a9"}}},
      // One nonce for all messages; the device's key and the shared secret begin with a zero.
      {"sec2-B",
       {2, 0, "testuser", "pass word"},
       {joined({hex("80"), counting(0x09, 29), hex("0164")})},
       {counting(0x20, 16), joined({hex("01"), counting(0x01, 29), hex("00d3")}),
        joined({counting(0xd0, 8), hex("00000001")})},
       {{"080262130a04686f6d65120b7365637265742d70617373",
         "af665364ea3415eb49effb0a3d97501c9b0a3080a5a844960346db2544ded563a0e8b69bfb4980"}}},
  };
  return all;
}

}  // namespace aiot::protocomm
