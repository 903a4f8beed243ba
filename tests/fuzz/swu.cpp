// An update archive of SWUpdate: no file that it announces reaches beyond it.
#include <cstdlib>

#include "image/swu.hpp"

using namespace aiot;
using namespace aiot::image;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<SwuArchive> archive = parse_swu({data, size});
  if (!archive) return 0;
  if (!is_swu({data, size}) || archive->total_bytes > size) std::abort();
  for (const SwuFile& file : archive->files) {
    if (file.offset > size || file.size_bytes > size - file.offset) std::abort();
  }
  return 0;
}
