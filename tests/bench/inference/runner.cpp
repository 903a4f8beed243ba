#include "runner.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <sstream>

namespace aiot::bench {
namespace {

class EngineRunner final : public Runner {
 public:
  explicit EngineRunner(std::unique_ptr<inference::Engine> engine) : engine_(std::move(engine)) {}

  std::vector<double> run(unsigned times) override {
    std::vector<double> all;
    for (unsigned i = 0; i < times; ++i) {
      const auto start = std::chrono::steady_clock::now();
      if (!engine_->invoke()) std::abort();
      const std::chrono::duration<double, std::micro> time =
          std::chrono::steady_clock::now() - start;
      all.push_back(time.count());
    }
    return all;
  }
  Bytes output(ByteSpan input) override {
    std::ranges::copy(input, engine_->input(0).begin());
    if (!engine_->invoke()) std::abort();
    const auto bytes = engine_->output(0);
    return {bytes.begin(), bytes.end()};
  }

 private:
  std::unique_ptr<inference::Engine> engine_;
};

/// A program that answers a line with a line.
class NodeRunner final : public Runner {
 public:
  explicit NodeRunner(const std::string& model) {
    std::array<int, 2> to{};
    std::array<int, 2> from{};
    if (pipe(to.data()) != 0 || pipe(from.data()) != 0) return;
    child_ = fork();
    if (child_ == 0) {
      dup2(to[0], STDIN_FILENO);
      dup2(from[1], STDOUT_FILENO);
      for (const int fd : {to[0], to[1], from[0], from[1]}) close(fd);
      execlp("node", "node", AIOT_SOURCE_DIR "/tests/bench/inference/tfjs_tflite.cjs",
             model.c_str(), nullptr);
      _exit(127);
    }
    close(to[0]);
    close(from[1]);
    to_ = fdopen(to[1], "w");
    from_ = fdopen(from[0], "r");
  }
  ~NodeRunner() override {
    if (to_ != nullptr) std::fclose(to_);
    if (from_ != nullptr) std::fclose(from_);
    if (child_ > 0) waitpid(child_, nullptr, 0);
  }
  NodeRunner(const NodeRunner&) = delete;
  NodeRunner& operator=(const NodeRunner&) = delete;

  std::string answer() {
    std::string line;
    for (int c = std::fgetc(from_); c != EOF && c != '\n'; c = std::fgetc(from_)) {
      line.push_back(static_cast<char>(c));
    }
    return line;
  }
  std::string ask(const std::string& line) {
    std::fputs((line + "\n").c_str(), to_);
    std::fflush(to_);
    return answer();
  }
  std::vector<double> run(unsigned times) override {
    std::istringstream words(ask("run " + std::to_string(times)));
    std::vector<double> all;
    for (double time = 0; words >> time;) all.push_back(time);
    return all;
  }
  Bytes output(ByteSpan input) override {
    return from_hex(ask("output " + to_hex(input))).value_or(Bytes());
  }

 private:
  pid_t child_ = -1;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
};

}  // namespace

std::unique_ptr<Runner> engine_runner(std::unique_ptr<inference::Engine> engine) {
  return std::make_unique<EngineRunner>(std::move(engine));
}

std::unique_ptr<Runner> node_runner(const std::string& model_path) {
  auto runner = std::make_unique<NodeRunner>(model_path);
  const auto answer = runner->answer();
  if (answer == "ready") return runner;
  std::printf("tfjs-tflite is left out: %s\n",
              answer.empty() ? "node is not installed" : answer.c_str());
  return nullptr;
}

}  // namespace aiot::bench
