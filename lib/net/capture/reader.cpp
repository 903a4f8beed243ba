#include "net/capture/reader.hpp"

#include "net/capture/btsnoop.hpp"
#include "net/capture/pcap.hpp"
#include "net/capture/pcapng.hpp"

namespace aiot::net::capture {
namespace {

constexpr std::size_t longest_magic = 8;

template <class Format>
Result<std::unique_ptr<Reader>> open(Input input) {
  AIOT_TRY(Format reader, Format::open(std::move(input)));
  return std::unique_ptr<Reader>(std::make_unique<Format>(std::move(reader)));
}

}  // namespace

Result<std::unique_ptr<Reader>> make_reader(Input input) {
  AIOT_TRY(const ByteSpan beginning, input.peek(longest_magic));
  if (PcapReader::recognises(beginning)) return open<PcapReader>(std::move(input));
  if (PcapngReader::recognises(beginning)) return open<PcapngReader>(std::move(input));
  if (BtsnoopReader::recognises(beginning)) return open<BtsnoopReader>(std::move(input));
  return make_error(Errc::not_a_capture, {}, "pcap, pcapng and btsnoop files are read");
}

Result<std::unique_ptr<Reader>> open_capture(const std::string& path) {
  AIOT_TRY(Input input, open_input(path));
  return make_reader(std::move(input)).with(path);
}

}  // namespace aiot::net::capture
