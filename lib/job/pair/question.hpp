#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

namespace aiot::pair {

/// Asks somebody while the loop goes on: one device of this process at a time. Without an answer
/// the question ends with this object.
class Question {
 public:
  using ReadLine = std::function<std::string(const std::function<void()>& ask, std::stop_token)>;

  Question(boost::asio::any_io_executor executor, ReadLine read_line)
      : executor_(std::move(executor)), read_line_(std::move(read_line)) {}

  /// Both are called on the executor: `ask` when no other device waits for an answer, `answer` with
  /// the line that was typed. An earlier question ends.
  void put(std::function<void()> ask, std::function<void(const std::string&)> answer);

 private:
  boost::asio::any_io_executor executor_;
  ReadLine read_line_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< of the executor's thread
  std::jthread thread_;
};

}  // namespace aiot::pair
