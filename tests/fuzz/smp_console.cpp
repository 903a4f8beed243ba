// A console that carries SMP packets in lines: in one piece and byte by byte it is the same.
#include <cstdlib>

#include "protocol/smp/packet.hpp"

using namespace aiot;
using namespace aiot::smp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  LineReader whole;
  whole.feed({data, size});
  LineReader split;
  for (std::size_t i = 0; i < size; ++i) split.feed({data + i, 1});
  for (;;) {
    const std::optional<Bytes> packet = whole.next();
    if (packet != split.next()) std::abort();
    if (!packet) return 0;
    if (packet->size() > max_packet_bytes) std::abort();
    LineReader again;
    again.feed(to_lines(*packet));
    if (again.next() != packet) std::abort();
  }
}
