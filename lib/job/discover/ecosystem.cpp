#include "job/discover/ecosystem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace aiot::discover {
namespace {

struct Spelling {
  std::string_view other;  ///< lower case
  std::string_view usual;
};
constexpr std::array<Spelling, 27> spellings = {{
    {"alibaba", "Alibaba Tmall Genie"},
    {"alibaba tmall genie", "Alibaba Tmall Genie"},
    {"amazon", "Amazon"},
    {"apple", "Apple"},
    {"apple homekit", "Apple"},
    {"baidu", "Baidu"},
    {"bthome", "BTHome"},
    {"esphome", "ESPHome"},
    {"espressif", "Espressif"},
    {"google", "Google"},
    {"homekit", "Apple"},
    {"huawei", "Huawei"},
    {"hue", "Philips Hue"},
    {"improv", "Improv Wi-Fi"},
    {"matter", "Matter"},
    {"microsoft", "Microsoft"},
    {"mi home", "Xiaomi Mi Home"},
    {"miio", "Xiaomi Mi Home"},
    {"philips hue", "Philips Hue"},
    {"shelly", "Shelly"},
    {"thread", "Thread"},
    {"tmall", "Alibaba Tmall Genie"},
    {"tmall genie", "Alibaba Tmall Genie"},
    {"tuya", "Tuya"},
    {"xiaomi", "Xiaomi Mi Home"},
    {"xiaomi mi home", "Xiaomi Mi Home"},
    {"xiaomi mijia", "Xiaomi Mi Home"},
}};

/// Makers whose devices join their own ecosystem, by a part of their name. This is a hint: a maker
/// may have others, so any source that knows better wins.
constexpr std::array<Spelling, 15> makers = {{
    {"allterco", "Shelly"},
    {"amazon", "Amazon"},
    {"apple", "Apple"},
    {"baidu", "Baidu"},
    {"espressif", "Espressif"},
    {"google", "Google"},
    {"huawei", "Huawei"},
    {"lumi united", "Xiaomi Mi Home"},
    {"microsoft", "Microsoft"},
    {"philips lighting", "Philips Hue"},
    {"shelly", "Shelly"},
    {"signify", "Philips Hue"},
    {"tuya", "Tuya"},
    {"xiaomi", "Xiaomi Mi Home"},
    {"yeelight", "Xiaomi Mi Home"},
}};
constexpr double maker_confidence = 0.3;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Facts "ecosystem" come with their reason beside them where the source gives one.
std::string reason_in(const std::vector<Fact>& facts, const std::string& source) {
  for (const Fact& fact : facts) {
    if (fact.name == "ecosystem_reason" && fact.value.string()) return *fact.value.string();
  }
  return "told by " + source;
}

}  // namespace

std::string ecosystem_name(const std::string& name) {
  const std::string wanted = lower(name);
  const auto* known = std::find_if(spellings.begin(), spellings.end(),
                                   [&](const Spelling& s) { return s.other == wanted; });
  return known == spellings.end() ? name : std::string(known->usual);
}

std::vector<EcosystemClaim> ecosystem_claims(const std::string& source,
                                             const std::vector<Fact>& facts) {
  std::vector<EcosystemClaim> claims;
  for (const Fact& fact : facts) {
    const std::string* text = fact.value.string();
    if (text == nullptr) continue;
    if (fact.name == "ecosystem") {
      claims.push_back({ecosystem_name(*text), fact.confidence, reason_in(facts, source)});
    } else if (fact.name == "vendor") {
      const std::string vendor = lower(*text);
      const auto* maker = std::find_if(makers.begin(), makers.end(), [&](const Spelling& m) {
        return vendor.find(m.other) != std::string::npos;
      });
      if (maker == makers.end()) continue;
      claims.push_back({std::string(maker->usual), maker_confidence * fact.confidence,
                        fmt::format("its maker is {}", *text)});
    }
  }
  return claims;
}

}  // namespace aiot::discover
