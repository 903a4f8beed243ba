#include "sim/gadget/run.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "sim/error.hpp"
#include "sim/gadget/gadget.hpp"

namespace aiot::sim::gadget {
namespace {

Result<void> check(const Request& request) {
  if (request.lines_per_s.value_or(0) > Pace::max_rate) {
    return make_error(Errc::bad_rate, std::to_string(*request.lines_per_s),
                      "use up to " + std::to_string(Pace::max_rate) + " lines a second");
  }
  const bool for_chips = !request.flash_file.empty() || request.flash_size != 0 ||
                         request.baud_limit != 0 || !request.faults.empty() ||
                         request.in_application;
  if (for_chips) {
    return make_error(Errc::not_for_device, "a gadget has no flash, no boot loader and no faults",
                      "leave out what is for chips");
  }
  return {};
}

/// Within which the broker has to take the last messages.
constexpr std::chrono::seconds goodbye_time{2};

Ready ready_of(const Gadget& gadget, unsigned number, unsigned count) {
  Ready out;
  out.address = gadget.address();
  out.chip = kind;
  out.mac = gadget.identity().mac;
  out.number = number;
  out.count = count;
  out.name = gadget.identity().name;
  out.addresses = gadget.addresses();
  return out;
}

}  // namespace

Result<Report> run(const Request& request, const esp::device::Mac& first,
                   const std::function<void(const Ready&)>& ready, EventSink& sink,
                   std::stop_token stop) {
  AIOT_CHECK(check(request));
  AIOT_TRY(const std::optional<Broker> broker, broker_of(request));
  boost::asio::io_context context(1);
  std::vector<std::unique_ptr<Gadget>> gadgets;
  for (unsigned i = 0; i < request.count; ++i) {
    Options options;
    options.port = request.port;
    options.index = i;
    options.lines_per_s = request.lines_per_s.value_or(1);
    options.broker = broker;
    options.miio = gadgets.empty() || gadgets.front()->has_miio();
    Identity identity = make_identity(i + 1, next_mac(first, i));
    AIOT_TRY(auto gadget, Gadget::make(context.get_executor(), std::move(identity), options));
    gadgets.push_back(std::move(gadget));
  }
  for (unsigned i = 0; i < request.count; ++i) {
    sink.on_event(event::Started{gadgets[i]->address(), "sim"});
    ready(ready_of(*gadgets[i], i + 1, request.count));
  }
  std::optional<Error> refused;
  for (const auto& gadget : gadgets) {
    MqttService::Events events;
    events.notice = [&sink, address = gadget->address()](std::string code, std::string text) {
      sink.on_event(event::Notice{address, std::move(code), std::move(text), ""});
    };
    events.refused = [&](Error why) {
      if (!refused) refused = std::move(why);
      context.stop();
    };
    gadget->on_renamed([&sink, address = gadget->address()](const std::string& from,
                                                            const std::string& to) {
      sink.on_event(event::Notice{
          address, "gadget.renamed",
          "\"" + from + "\" is somebody else's on this network: announced as \"" + to + "\"", ""});
    });
    gadget->start(std::move(events));
  }
  const std::stop_callback on_stop(
      stop, [&] { boost::asio::post(context, [&context] { context.stop(); }); });
  context.run();
  for (const auto& gadget : gadgets) gadget->stop();
  const auto all_stopped = [&] {
    return std::all_of(gadgets.begin(), gadgets.end(),
                       [](const auto& gadget) { return gadget->stopped(); });
  };
  const auto end = std::chrono::steady_clock::now() + goodbye_time;
  context.restart();
  while (!all_stopped() && context.run_one_until(end) != 0) {
  }
  Report report;
  for (const auto& gadget : gadgets) {
    report.devices.push_back(gadget->report());
    sink.on_event(event::Finished{gadget->address(), report.devices.back()});
  }
  if (refused) return *std::move(refused);
  return report;
}

}  // namespace aiot::sim::gadget
