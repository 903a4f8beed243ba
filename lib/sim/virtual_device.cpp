#include "sim/virtual_device.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "sim/port.hpp"

namespace aiot::sim {

Result<Report> serve_devices(unsigned count, const std::string& chip, const MakeDevice& make,
                             const std::function<void(const Ready&)>& ready, EventSink& sink,
                             std::stop_token stop) {
  if (count == 0 || count > max_devices) {
    return make_error(Errc::bad_count, std::to_string(count),
                      "use 1 to " + std::to_string(max_devices) + " devices");
  }
  boost::asio::io_context context(1);
  std::vector<std::unique_ptr<VirtualDevice>> devices;
  for (unsigned i = 0; i < count; ++i) {
    AIOT_TRY(std::unique_ptr<VirtualDevice> made, make(context.get_executor(), i));
    devices.push_back(std::move(made));
  }
  // Each listens before its line is written: its reader connects at once.
  for (const auto& device : devices) device->start();
  for (unsigned i = 0; i < count; ++i) {
    const VirtualDevice& device = *devices[i];
    Ready out;
    out.address = device.address();
    out.chip = chip;
    out.mac = device.report().mac;
    out.number = i + 1;
    out.count = count;
    out.name = device.name();
    out.code = device.code();
    sink.on_event(event::Started{device.address(), "sim"});
    ready(out);
  }
  auto work = boost::asio::make_work_guard(context);
  const std::stop_callback on_stop(
      stop, [&] { boost::asio::post(context, [&context] { context.stop(); }); });
  context.run();
  Report report;
  for (const auto& device : devices) {
    device->stop();
    report.devices.push_back(device->report());
    sink.on_event(event::Finished{device->address(), report.devices.back()});
  }
  return report;
}

}  // namespace aiot::sim
