#pragma once

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "seen.hpp"
#include "unit/net/real_loop.hpp"
#include "unit/net/show.hpp"

namespace aiot::discover {

/// The mdns source at work, stopped when `enough` says so, or after half a minute.
struct Listener {
  boost::asio::io_context loop;
  Request request;
  std::map<std::string, Observation> found;  // by instance
  std::set<std::string> gone;
  SourceStatus status;

  void look(const std::function<bool()>& enough) {
    SourceContext context{request, net::steady_clock(), in(std::chrono::seconds(30)),
                          [this](Observation seen) { take(std::move(seen)); }};
    const std::unique_ptr<Source> source = make_source("mdns");
    Result<SourceStatus> ended = make_error(net::Errc::script);
    bool done = false;
    boost::asio::cancellation_signal cancel;
    boost::asio::co_spawn(
        loop,
        [&]() -> boost::asio::awaitable<void> {
          co_await boost::asio::this_coro::throw_if_cancelled(false);
          ended = co_await source->run(context);
        },
        boost::asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr thrown) {
          done = true;
          if (thrown) std::rethrow_exception(thrown);
        }));
    loop.restart();
    while (!done && loop.run_one_for(std::chrono::seconds(40)) != 0) {
      if (enough()) cancel.emit(boost::asio::cancellation_type::all);
    }
    REQUIRE(ended);
    status = *ended;
    loop.restart();
    loop.run_for(std::chrono::seconds(1));  // the sockets' readers end
  }

 private:
  void take(Observation seen) {
    std::string instance;
    for (const Identity& identity : seen.identities) {
      if (identity.kind == IdentityKind::instance) instance = identity.value;
    }
    if (seen.gone) {
      gone.insert(instance);
    } else {
      found[instance] = std::move(seen);
    }
  }
};

}  // namespace aiot::discover
