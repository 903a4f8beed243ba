#include "image/partition_table.hpp"

using namespace aiot::image;

// A table that was read is written and read back, as CSV and in binary.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto table = parse_partition_csv(aiot::to_string(aiot::ByteSpan(data, size)));
  if (!table) return 0;
  (void)check_partition_table(*table, 4 << 20);
  (void)table->application();
  if (const auto again = parse_partition_csv(to_csv(*table))) {
    if (again->partitions.size() != table->partitions.size()) __builtin_trap();
  }
  if (const auto binary = encode_partition_table(*table)) {
    if (parse_partition_table(*binary)->partitions != table->partitions) __builtin_trap();
  }
  return 0;
}
