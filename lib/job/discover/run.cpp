#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <stop_token>

#include "job/discover/capture.hpp"
#include "job/discover/network.hpp"
#include "job/discover/search.hpp"
#include "net/interfaces.hpp"

namespace aiot::discover {
namespace {

/// A source that does not end in time is left behind: the search ends on time.
constexpr std::chrono::milliseconds grace{20};
constexpr int last_turns = 1000;

/// A capture was taken elsewhere: what this machine knows of its own network says nothing of it.
Network foreign_network() {
  Network network;
  network.mac_of = [](const std::string&) { return std::string(); };
  network.is_own = [](const std::string&) { return false; };
  network.vendor_of = known_vendors();
  return network;
}

/// The names of sources choose among what is in the captures, and not among sources.
Result<Request> capture_search(const Request& request) {
  std::vector<std::string> names;
  for (const SourceInfo& info : sources()) names.push_back(info.name);
  AIOT_TRY(const std::vector<bool> known, select(names, request));
  static_cast<void>(known);
  Request search = request;
  search.only.clear();
  search.except.clear();
  return search;
}

}  // namespace

Result<Report> run(const Request& request, EventSink& sink, std::stop_token stop) {
  AIOT_CHECK(check_files(request));
  net::asio::io_context loop(1);
  Request asked = request;
  std::vector<std::unique_ptr<Source>> all;
  Network network;
  net::Clock& clock = net::steady_clock();
  if (has_captures(request)) {
    AIOT_TRY(asked, capture_search(request));
    all.push_back(make_capture_source(request));
    network = foreign_network();
  } else {
    AIOT_CHECK(check_interfaces(request, net::interface_names()));
    all = make_sources();
    network = this_network(loop, clock);
  }
  AIOT_TRY(const std::unique_ptr<Search> search,
           Search::make(loop, asked, std::move(all), std::move(network), clock, sink));
  net::TimePoint end = request.watch ? net::TimePoint::max() : search->deadline() + grace;
  std::stop_callback on_stop(stop, [&] {
    net::asio::post(loop, [&] {
      search->stop();
      end = std::min(end, clock.now() + grace);
    });
  });
  search->start();
  while (!search->done() && clock.now() < end) loop.run_one_until(end);
  // On a busy machine the time may be over before the sources had their turn to end.
  for (int i = 0; i < last_turns && !search->done() && loop.poll_one() > 0; ++i) {
  }
  return search->result();
}

}  // namespace aiot::discover
