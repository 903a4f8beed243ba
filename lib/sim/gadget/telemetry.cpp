#include "sim/gadget/telemetry.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aiot::sim::gadget {

using mqtt::Publication;

Telemetry::Telemetry(const Identity& identity, Options options, net::TimePoint now)
    : identity_(identity),
      options_(std::move(options)),
      base_(fmt::format("{}/{}", options_.prefix, identity_.serial)),
      next_reading_(now),
      flood_(options_.flood_per_s, now) {}

/// At least once: whoever comes later has to know.
Publication Telemetry::state(std::string word) const {
  return {base_ + "/state", std::move(word), 1, true};
}

void Telemetry::on_message(std::string_view topic, std::string_view payload, net::TimePoint now) {
  if (topic == rate_topic()) set_rate(flood_, payload, now);
}

std::vector<Publication> Telemetry::greet(net::TimePoint now) {
  flood_.restart(now);
  std::string info =
      fmt::format(R"({{"name":"{}","mac":"{}","serial":"{}","model":"{}","firmware":"{}"}})",
                  identity_.name, identity_.mac, identity_.serial, model, firmware);
  return {online(), {base_ + "/info", std::move(info), 1, true}};
}

std::optional<Publication> Telemetry::reading(net::TimePoint now) {
  if (now < next_reading_) return std::nullopt;
  next_reading_ += options_.interval;
  if (next_reading_ <= now) next_reading_ = now + options_.interval;
  return Publication{base_ + "/temperature", options_.temperature()};
}

Publication Telemetry::next_of_flood() {
  return {base_ + "/flood", fmt::format("message {}", ++flood_number_)};
}

net::TimePoint Telemetry::next_timer() const {
  const auto flood = flood_.next();
  return flood ? std::min(*flood, next_reading_) : next_reading_;
}

}  // namespace aiot::sim::gadget
