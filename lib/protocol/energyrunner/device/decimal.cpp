#include "protocol/energyrunner/device/decimal.hpp"

namespace aiot::energyrunner {
namespace {

/// Writes `value` in front of `end`, at least `least` digits; gives where it begins.
char* digits_before(char* end, std::uint64_t value, int least) {
  for (; value != 0 || least > 0; value /= 10, --least) {
    *--end = static_cast<char>('0' + value % 10);
  }
  return end;
}

}  // namespace

std::string_view decimal(std::uint32_t value, std::span<char, most_digits> buffer) {
  char* const end = buffer.data() + buffer.size();
  char* const begin = digits_before(end, value, 1);
  return {begin, static_cast<std::size_t>(end - begin)};
}

std::string_view three_digits(float value, std::span<char, most_digits> buffer) {
  if (value != value) return "nan";
  if (value - value != 0) return value < 0 ? "-inf" : "inf";
  const bool negative = value < 0;
  // A float has 24 bits and 1000 ten: the product is exact.
  double thousandths = static_cast<double>(negative ? -value : value) * 1000.0;
  constexpr double most = 9.0e18;
  if (thousandths > most) thousandths = most;
  auto whole = static_cast<std::uint64_t>(thousandths);
  const double rest = thousandths - static_cast<double>(whole);
  if (rest > 0.5 || (rest == 0.5 && whole % 2 == 1)) ++whole;
  char* const end = buffer.data() + buffer.size();
  char* begin = digits_before(end, whole % 1000, 3);
  *--begin = '.';
  begin = digits_before(begin, whole / 1000, 1);
  if (negative) *--begin = '-';
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace aiot::energyrunner
