#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <stop_token>

#include "job/discover/search.hpp"
#include "job/discover/surroundings.hpp"

namespace aiot::discover {
namespace {

/// A source that does not end when it is told to is left behind: the search ends on time.
constexpr std::chrono::milliseconds grace{20};

}  // namespace

Result<Record> run(const Request& request, EventSink& sink, std::stop_token stop) {
  net::asio::io_context loop(1);
  AIOT_TRY(const std::unique_ptr<Search> search,
           Search::make(loop, request, make_sources(), real_surroundings(loop), net::steady_clock(),
                        sink));
  net::TimePoint end = request.watch ? net::TimePoint::max() : search->deadline() + grace;
  std::stop_callback on_stop(stop, [&] {
    net::asio::post(loop, [&] {
      search->stop();
      end = std::min(end, net::steady_clock().now() + grace);
    });
  });
  search->start();
  while (!search->done() && net::steady_clock().now() < end) loop.run_one_until(end);
  return search->result();
}

}  // namespace aiot::discover
