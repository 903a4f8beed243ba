#pragma once

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include "protocol/improv/session.hpp"
#include "support/virtual_clock.hpp"
#include "unit/net/show.hpp"

namespace aiot::improv {

/// Keeps what a session reports.
struct KeptFlow final : provisioning::Flow {
  std::string stages;
  std::string words;
  void reached(provisioning::Stage stage) override {
    if (!stages.empty()) stages += ' ';
    stages += pair::stage_names[static_cast<std::size_t>(stage)];
  }
  void log(std::string text) override { words += text + "\n"; }
};

/// One device that is provisioned on virtual time.
struct Talk {
  boost::asio::io_context context;
  net::VirtualClock clock;
  KeptFlow flow;
  provisioning::WifiCredentials wifi{"home", "secret-pass", "", false};
  pair::PairResult result;
  std::string url;    ///< that the device told of its own
  std::string words;  ///< of the error

  /// "ok", or the error's code.
  std::string run(Line& line) {
    Result<void> done = clock.run(context, [&]() -> net::Task<void> {
      Session session(line);
      Result<void> outcome = co_await provision(session, wifi, flow, result);
      url = session.url();
      co_return outcome;
    });
    if (done) return "ok";
    words = done.error().message() + done.error().hint + flow.words;
    return done.error().stable_code();
  }
  std::string run(net::Link& link) {
    SerialLine line(link);
    return run(line);
  }
};

}  // namespace aiot::improv
