#pragma once

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <string>
#include <vector>

#include "job/listen/job.hpp"
#include "support/scripted_link.hpp"

/// The job on scripted links and virtual time: addresses are "tcp://NAME:1" or "serial:NAME".
class Room final : public aiot::EventSink {
 public:
  /// What the device at `address` says.
  void script(const std::string& address, aiot::net::Script script) {
    scripts_.insert_or_assign(address, std::move(script));
  }

  /// Runs the job to its end; `then` is called once it has started.
  aiot::listen::Report run(const std::vector<std::string>& addresses,
                           const aiot::listen::Request& request,
                           const std::function<void(aiot::listen::Job&)>& then = nullptr) {
    std::vector<aiot::Address> sources;
    for (const std::string& text : addresses) sources.push_back(*aiot::parse_address(text));
    aiot::listen::Environment environment;
    environment.clock = &clock;
    environment.now = [this] {
      // 2026-11-24T06:33:38Z and however long it has run.
      return aiot::listen::SystemTime(std::chrono::seconds(1795502018)) +
             std::chrono::floor<std::chrono::microseconds>(clock.elapsed());
    };
    environment.open = [this](aiot::Address address, aiot::net::OpenOptions) {
      return open(std::move(address));
    };
    auto made = aiot::listen::Job::make(loop_, sources, request, environment, *this);
    REQUIRE(made.has_value());
    job_ = *std::move(made);
    job_->start();
    if (then) then(*job_);
    const auto ran = clock.run_until(loop_, [&] { return job_->done(); });
    CHECK(ran.has_value());
    return job_->report();
  }

  void on_event(const aiot::Event& event) override {
    if (const auto* item = std::get_if<aiot::event::Item>(&event)) {
      const auto* message = item->record.get<aiot::listen::Message>();
      REQUIRE(message != nullptr);
      heard.push_back(item->device + ": " + message->payload);
      times.push_back(aiot::listen::format_time(*message->time));
    } else if (const auto* notice = std::get_if<aiot::event::Notice>(&event)) {
      notices.push_back(notice->device + ": " + notice->code);
    }
  }

  aiot::net::VirtualClock clock;
  std::vector<std::string> heard;
  std::vector<std::string> times;
  std::vector<std::string> notices;
  std::map<std::string, aiot::net::ScriptedLink*> links;

 private:
  aiot::net::Task<std::unique_ptr<aiot::net::Link>> open(aiot::Address address) {
    const auto script = scripts_.find(address.str());
    if (script == scripts_.end())
      co_return aiot::make_error(aiot::net::Errc::not_found, address.str());
    auto link = std::make_unique<aiot::net::ScriptedLink>(clock, script->second);
    links[address.str()] = link.get();
    std::unique_ptr<aiot::net::Link> out = std::move(link);
    co_return out;
  }

  boost::asio::io_context loop_{1};
  std::map<std::string, aiot::net::Script> scripts_;
  std::unique_ptr<aiot::listen::Job> job_;  // keeps the links
};
