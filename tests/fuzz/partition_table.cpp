#include "image/partition_table.hpp"

using namespace aiot::image;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const aiot::ByteSpan bytes(data, size);
  if (const auto table = parse_partition_table(bytes)) {
    (void)check_partition_table(*table, 4 << 20);
    (void)to_csv(*table);
    if (const auto again = encode_partition_table(*table)) {
      if (parse_partition_table(*again)->partitions != table->partitions) __builtin_trap();
    }
  }
  if (const auto table = parse_partition_csv(aiot::to_string(bytes))) {
    (void)check_partition_table(*table, 4 << 20);
  }
  return 0;
}
