#include "command/bench.hpp"

#include "command/commands.hpp"

namespace aiot::cli::command {

Command bench() {
  Command c;
  c.name = "bench";
  c.summary = "benchmark neural network models: speed, accuracy, memory, energy";
  c.description =
      "`bench run` measures a TensorFlow Lite model on this machine: latency, operators, memory, "
      "accuracy. `bench device` measures microcontrollers that speak MLPerf Tiny's protocol.";
  c.commands = {
      bench_run(),
      bench_device(),
  };
  c.examples = {{"bench run", "The four MLPerf Tiny models, built in"},
                {"bench run model.tflite --report report.html", "One model, with a page of plots"},
                {"bench device /dev/ttyACM0 --model kws.tflite",
                 "A board, and its results compared with the model's"}};
  return c;
}

}  // namespace aiot::cli::command
