#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <semaphore>
#include <thread>

#include "job/listen/conductor.hpp"

namespace aiot::listen {
namespace {
namespace asio = net::asio;

/// Carries the user's bytes to the loop, a piece at a time: the next is fetched when the last has
/// gone out. Joins its thread when it goes.
class Sender {
 public:
  Sender(asio::io_context& loop, Conductor& conductor, const Request& request) {
    if (!request.input) return;
    thread_ = std::jthread([this, &loop, &conductor, &request](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        const std::string text = request.input(stop);
        if (text.empty()) return;
        const ByteSpan bytes = as_bytes(text);
        asio::post(loop, [this, &conductor, data = Bytes(bytes.begin(), bytes.end())]() mutable {
          conductor.send(std::move(data), [this] { sent_.release(); });
        });
        sent_.acquire();
      }
    });
  }
  ~Sender() {
    thread_.request_stop();
    sent_.release();  // the loop does not turn any more: nothing else would wake it
  }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

 private:
  std::counting_semaphore<> sent_{0};
  std::jthread thread_;
};

}  // namespace

Environment real_environment() {
  Environment environment;
  environment.clock = &net::steady_clock();
  environment.now = [] {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  };
  environment.open = [](Address address, net::OpenOptions options) {
    return net::open_link(std::move(address), std::move(options));
  };
  return environment;
}

Result<Report> run(std::span<const Address> sources, const Request& request, EventSink& sink,
                   std::stop_token stop) {
  asio::io_context loop(1);
  AIOT_TRY(const std::unique_ptr<Conductor> conductor,
           Conductor::make(loop, sources, request, real_environment(), sink));
  conductor->start();
  Sender sender(loop, *conductor, request);
  std::stop_callback on_stop(std::move(stop),
                             [&] { asio::post(loop, [&] { conductor->stop(); }); });
  while (!conductor->done()) {
    // Everything that is ready now, and only then a pause: a flood is written in large pieces.
    if (loop.poll() > 0) continue;
    conductor->pause();
    loop.run_one();
  }
  return conductor->report();
}

}  // namespace aiot::listen
