#include <fmt/format.h>

#include <algorithm>

#include "crypto/digest.hpp"
#include "job/bench/error.hpp"
#include "job/bench/pin.hpp"
#include "job/bench/subject.hpp"

namespace aiot::bench {
namespace {

std::string described(const inference::TensorInfo& tensor) {
  return fmt::format("{} of {}, {} bytes", shape_text(tensor.shape), name_of(tensor.type),
                     tensor.bytes);
}

std::string all_described(const std::vector<inference::TensorInfo>& tensors) {
  std::vector<std::string> texts;
  for (const auto& tensor : tensors) texts.push_back(described(tensor));
  return fmt::format("{}", fmt::join(texts, "; "));
}

Array tensor_fields(const std::vector<inference::TensorInfo>& tensors,
                    const std::function<ByteSpan(std::size_t)>& bytes) {
  Array out;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& tensor = tensors[i];
    out.emplace_back(Object({{"name", tensor.name},
                             {"type", name_of(tensor.type)},
                             {"shape", Array(tensor.shape.begin(), tensor.shape.end())},
                             {"bytes", tensor.bytes},
                             {"sha256", to_hex(crypto::sha256(bytes(i)))}}));
  }
  return out;
}

}  // namespace

Result<Inference> infer(const InferRequest& request) {
  AIOT_TRY(const Subject subject, find_subject(request.model));
  AIOT_TRY(const Pin pin, Pin::to(request.setup.cpus));
  AIOT_TRY(const EngineFactory engines, engine_factory(request.setup, subject.model));
  AIOT_TRY(const EnginePointer engine, engines());
  if (request.inputs.size() != engine->inputs().size()) {
    return make_error(
        Errc::wrong_size,
        fmt::format("{} inputs for a model of {}", request.inputs.size(), engine->inputs().size()),
        fmt::format("it takes {}", all_described(engine->inputs())));
  }
  for (std::size_t i = 0; i < request.inputs.size(); ++i) {
    const Bytes& bytes = request.inputs[i];
    const inference::TensorInfo& expected = engine->inputs()[i];
    if (bytes.size() != expected.bytes) {
      return make_error(Errc::wrong_size, fmt::format("{} bytes for input {}", bytes.size(), i),
                        fmt::format("it takes {}", described(expected)));
    }
    std::copy(bytes.begin(), bytes.end(), engine->input(i).begin());
  }
  AIOT_CHECK(engine->invoke());
  Inference done;
  for (std::size_t i = 0; i < engine->outputs().size(); ++i) {
    const ByteSpan bytes = engine->output(i);
    done.outputs.emplace_back(bytes.begin(), bytes.end());
  }
  done.record = {
      "aiot.bench.infer/1",
      Object(
          {{"name", subject.name},
           {"sha256", subject.sha256},
           {"engine", engine->name()},
           {"inputs", tensor_fields(engine->inputs(),
                                    [&](std::size_t i) -> ByteSpan { return request.inputs[i]; })},
           {"outputs", tensor_fields(engine->outputs(), [&](std::size_t i) -> ByteSpan {
              return done.outputs[i];
            })}})};
  return done;
}

}  // namespace aiot::bench
