#include "job/pair/question.hpp"

#include <boost/asio/post.hpp>
#include <chrono>
#include <mutex>

namespace aiot::pair {
namespace {

using namespace std::chrono_literals;

constexpr auto turn_again = 100ms;

/// One terminal, one question at a time.
std::timed_mutex terminal;

}  // namespace

void Question::put(std::function<void()> ask, std::function<void(const std::string&)> answer) {
  thread_ = {};
  const std::weak_ptr<bool> alive = alive_;
  const auto on_loop = [alive, executor = executor_](auto work) {
    boost::asio::post(executor, [alive, work = std::move(work)] {
      if (!alive.expired()) work();
    });
  };
  thread_ = std::jthread([on_loop, read_line = read_line_, ask = std::move(ask),
                          answer = std::move(answer)](const std::stop_token& stop) {
    std::unique_lock turn(terminal, std::defer_lock);
    while (!turn.try_lock_for(turn_again)) {
      if (stop.stop_requested()) return;
    }
    const std::string line = read_line([&] { on_loop(ask); }, stop);
    if (stop.stop_requested()) return;
    on_loop([answer, line] { answer(line); });
  });
}

}  // namespace aiot::pair
