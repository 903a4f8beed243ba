#include "net/script.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace aiot::net {
namespace {

Bytes literal(std::string_view hex) {
  std::optional<Bytes> bytes = from_hex(hex);
  if (!bytes) {
    std::fprintf(stderr, "a script holds bad hex: %.*s\n", static_cast<int>(hex.size()),
                 hex.data());
    std::abort();
  }
  return *std::move(bytes);
}

}  // namespace

Script& Script::expect(Bytes bytes, std::string label) {
  steps_.emplace_back(Expect{std::move(bytes), std::move(label)});
  return *this;
}
Script& Script::expect(std::string_view hex, std::string label) {
  return expect(literal(hex), std::move(label));
}
Script& Script::reply(Bytes bytes, std::string label) {
  steps_.emplace_back(Reply{std::move(bytes), std::move(label)});
  return *this;
}
Script& Script::reply(std::string_view hex, std::string label) {
  return reply(literal(hex), std::move(label));
}
Script& Script::after(Duration time) {
  steps_.emplace_back(After{time});
  return *this;
}
Script& Script::expect_baud(std::uint32_t baud_bps) {
  steps_.emplace_back(ExpectBaud{baud_bps});
  return *this;
}
Script& Script::expect_lines() {
  steps_.emplace_back(ExpectLines{});
  return *this;
}
Script& Script::drop() {
  steps_.emplace_back(Drop{});
  return *this;
}
Script& Script::silence() {
  steps_.emplace_back(Silence{});
  return *this;
}

std::vector<Script::Faulty> Script::with_each_fault() const {
  std::vector<Faulty> out;
  int number = 0;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const auto* reply = std::get_if<Reply>(&steps_[i]);
    if (!reply) continue;
    const std::string name =
        fmt::format("reply {}{}", ++number, reply->label.empty() ? "" : " (" + reply->label + ")");
    Script before;
    before.steps_.assign(steps_.begin(), steps_.begin() + static_cast<std::ptrdiff_t>(i));

    Script silent = before;
    silent.silence();
    out.push_back({"silence instead of " + name, std::move(silent)});
    if (reply->bytes.size() > 1) {
      Script cut = before;
      const auto half = reply->bytes.begin() + static_cast<std::ptrdiff_t>(reply->bytes.size() / 2);
      cut.reply(Bytes(reply->bytes.begin(), half)).silence();
      out.push_back({"half of " + name, std::move(cut)});
    }
    Script dropped = std::move(before);
    dropped.drop();
    out.push_back({"the link lost instead of " + name, std::move(dropped)});
  }
  return out;
}

}  // namespace aiot::net
