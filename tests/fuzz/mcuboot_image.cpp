// An image of MCUboot: nothing that it announces reaches beyond the file.
#include <cstdlib>

#include "image/mcuboot.hpp"

using namespace aiot;
using namespace aiot::image;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<McubootImage> image = parse_mcuboot({data, size});
  if (!image) return 0;
  if (image->total_bytes > size || image->hashed_bytes > image->total_bytes) std::abort();
  std::size_t inside = 0;
  for (const McubootTlv& tlv : image->tlvs) inside += tlv.value.size();
  if (inside > size) std::abort();
  return 0;
}
