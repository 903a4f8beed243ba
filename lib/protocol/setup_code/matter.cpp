#include <algorithm>
#include <array>
#include <optional>

#include "protocol/setup_code/code.hpp"
#include "provisioning/error.hpp"

namespace aiot::setup_code {
namespace {

constexpr std::string_view base38_digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-.";
/// Version, vendor, product, flow, discovery, discriminator, passcode, padding: 88 bits.
constexpr std::size_t payload_bytes = 11;
/// What may follow the bits is TLV that no pairing needs.
constexpr std::size_t longest_matter = 512;

Error bad_matter(std::string why, std::string hint = "scan or type the code again") {
  return make_error(provisioning::Errc::bad_code, "Matter: " + std::move(why), std::move(hint));
}

/// Three bytes in five digits, two in four, one in two; the least significant first.
std::optional<Bytes> from_base38(std::string_view text) {
  Bytes out;
  while (!text.empty()) {
    const std::size_t digits = std::min<std::size_t>(text.size(), 5);
    const std::size_t bytes = digits == 5 ? 3 : digits == 4 ? 2 : digits == 2 ? 1 : 0;
    if (bytes == 0) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = digits; i-- > 0;) {
      const std::size_t digit = base38_digits.find(text[i]);
      if (digit == std::string_view::npos) return std::nullopt;
      value = value * 38 + static_cast<std::uint32_t>(digit);
    }
    if (value >> (8 * bytes) != 0) return std::nullopt;
    for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
    text.remove_prefix(digits);
  }
  return out;
}

/// The bits of the payload, the least significant of each field first.
class Bits {
 public:
  explicit Bits(ByteSpan bytes) : bytes_(bytes) {}
  std::uint32_t take(unsigned count) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < count; ++i, ++at_) {
      const std::uint32_t bit = bytes_[at_ / 8] >> at_ % 8 & 1U;
      value |= bit << i;
    }
    return value;
  }

 private:
  ByteSpan bytes_;
  std::size_t at_ = 0;
};

using Table = std::array<std::array<std::uint8_t, 10>, 10>;
/// Verhoeff's scheme: the multiplication of the dihedral group D5.
constexpr Table multiplied = {{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
                               {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
                               {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
                               {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
                               {4, 0, 1, 2, 3, 9, 5, 6, 7, 8},
                               {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
                               {6, 5, 9, 8, 7, 1, 0, 4, 3, 2},
                               {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
                               {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
                               {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}}};
/// Its permutation of a digit, once; position n has it n times.
constexpr std::array<std::uint8_t, 10> permuted = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};

bool has_valid_check_digit(std::string_view digits) {
  std::uint8_t sum = 0;
  for (std::size_t position = 0; position < digits.size(); ++position) {
    auto digit = static_cast<std::uint8_t>(digits[digits.size() - 1 - position] - '0');
    for (std::size_t i = 0; i < position % 8; ++i) digit = permuted[digit];
    sum = multiplied[sum][digit];
  }
  return sum == 0;
}

std::uint32_t number(std::string_view digits) {
  std::uint32_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<std::uint32_t>(c - '0');
  return value;
}

/// Section 5.1.7.1: no device has these.
bool is_passcode(std::uint32_t code) {
  if (code == 0 || code > 99'999'998 || code == 12'345'678 || code == 87'654'321) return false;
  return code % 11'111'111 != 0;
}

Result<Matter> parse_manual(std::string_view digits) {
  if (!has_valid_check_digit(digits)) return bad_matter("the check digit does not fit");
  const std::uint32_t first = number(digits.substr(0, 1));
  const std::uint32_t chunk = number(digits.substr(1, 5));
  const std::uint32_t upper = number(digits.substr(6, 4));
  const bool has_product = (first & 4U) != 0;
  if (first > 7 || chunk > 0xFFFF || upper > 0x1FFF) return bad_matter("a number is out of range");
  if (has_product != (digits.size() == 21)) {
    return bad_matter(has_product ? "digits are missing" : "there are too many digits");
  }
  Matter out;
  out.manual = true;
  out.discriminator = static_cast<std::uint16_t>((first & 3U) << 2 | chunk >> 14);
  out.passcode = (chunk & 0x3FFFU) | upper << 14;
  if (has_product) {
    const std::uint32_t vendor = number(digits.substr(10, 5));
    const std::uint32_t product = number(digits.substr(15, 5));
    if (vendor > 0xFFFF || product > 0xFFFF) return bad_matter("a number is out of range");
    out.vendor = static_cast<std::uint16_t>(vendor);
    out.product = static_cast<std::uint16_t>(product);
    out.flow = 2;
  }
  return out;
}

Result<Matter> parse_payload(std::string_view text) {
  // One code may hold several devices; they are set up one by one.
  if (text.find('*') != std::string_view::npos) {
    return bad_matter("the code is of several devices", "use the code of one device");
  }
  const std::optional<Bytes> bytes = from_base38(text);
  if (!bytes || bytes->size() < payload_bytes) return bad_matter("it is not whole");
  Bits bits(*bytes);
  if (bits.take(3) != 0) return bad_matter("the version is unknown");
  Matter out;
  out.vendor = static_cast<std::uint16_t>(bits.take(16));
  out.product = static_cast<std::uint16_t>(bits.take(16));
  out.flow = static_cast<std::uint8_t>(bits.take(2));
  out.discovery = static_cast<std::uint8_t>(bits.take(8));
  out.discriminator = static_cast<std::uint16_t>(bits.take(12));
  out.passcode = bits.take(27);
  if (bits.take(4) != 0) return bad_matter("the padding is not empty");
  return out;
}

}  // namespace

Result<Matter> parse_matter(std::string_view text) {
  if (text.size() > longest_matter) return bad_matter("it is too long");
  std::string digits;
  for (const char c : text) {
    if (c != '-' && c != ' ') digits += c;
  }
  Result<Matter> parsed = text.starts_with("MT:") ? parse_payload(text.substr(3))
                          : digits.size() == 11 || digits.size() == 21
                              ? parse_manual(digits)
                              : bad_matter("a code has 11 or 21 digits");
  if (parsed && !is_passcode(parsed->passcode)) return bad_matter("no device has this passcode");
  return parsed;
}

}  // namespace aiot::setup_code
