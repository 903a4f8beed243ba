#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <memory>

#include "aiot/bytes.hpp"
#include "net/clock.hpp"

namespace aiot::flash {

/// zlib at libdeflate's level 12, on a thread of its own while the wires are busy. What several
/// devices get is compressed once.
class Compressor {
 public:
  Compressor();
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  /// Starts on `data`, which must stay where it is and unchanged for as long as this lives.
  void prefetch(ByteSpan data);
  /// The zlib stream of `data`. The same span is compressed once.
  net::Task<std::shared_ptr<const Bytes>> get(ByteSpan data, net::Clock& clock);

 private:
  struct Entry;
  std::shared_ptr<Entry> entry(ByteSpan data);

  std::map<std::pair<const std::uint8_t*, std::size_t>, std::shared_ptr<Entry>> entries_;
  net::asio::thread_pool pool_{1};
};

/// The same at once, on this thread: for a few sectors.
Bytes compress_now(ByteSpan data);

}  // namespace aiot::flash
