#include <aiot/address.hpp>
#include <aiot/result.hpp>
#include <aiot/version.hpp>
#include <cstdio>

int main() {
  const auto address = aiot::parse_address("tcp://localhost:5555");
  if (!address) return 1;
  const auto wrong = aiot::parse_address("tcp://localhost:notaport");
  if (wrong || wrong.error().condition() != aiot::Condition::usage) return 1;
  std::printf("%s %s\n", aiot::version(), address->str().c_str());
}
