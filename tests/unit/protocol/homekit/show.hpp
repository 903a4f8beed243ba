#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "protocol/homekit/keys.hpp"
#include "provisioning/flow.hpp"
#include "vectors.hpp"

/// A failed CHECK(result) shows the error's text.
template <class T>
struct doctest::StringMaker<aiot::Result<T>> {
  static doctest::String convert(const aiot::Result<T>& result) {
    return result ? "a value" : ("error: " + result.error().message()).c_str();
  }
};

namespace aiot::homekit {

inline Bytes hex(std::string_view text) { return *from_hex(text); }

/// `count` bytes that count up from `first`.
inline Bytes counting(std::uint8_t first, std::size_t count = 32) {
  Bytes out;
  while (out.size() < count) out.push_back(static_cast<std::uint8_t>(first + out.size()));
  return out;
}

/// A message as HTTP carries it.
inline Bytes with_head(const std::string& head, std::string_view message_hex) {
  const Bytes message = hex(message_hex);
  const std::string text = head + "Content-Type: application/pairing+tlv8\r\nContent-Length: " +
                           std::to_string(message.size()) + "\r\n\r\n";
  Bytes out(text.begin(), text.end());
  append(out, message);
  return out;
}
inline Bytes post(const std::string& path, std::string_view message_hex) {
  return with_head("POST " + path + " HTTP/1.1\r\nHost: lamp:1\r\n", message_hex);
}
inline Bytes ok(std::string_view message_hex) {
  return with_head("HTTP/1.1 200 OK\r\n", message_hex);
}

inline Identity controller_identity() {
  return {std::string(vectors::controller_id), counting(0x00)};
}

struct Stages final : provisioning::Flow {
  std::vector<provisioning::Stage> reached_stages;
  void reached(provisioning::Stage stage) override { reached_stages.push_back(stage); }
  void log(std::string) override {}
};

}  // namespace aiot::homekit
