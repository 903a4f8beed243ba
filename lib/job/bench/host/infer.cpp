#include <fmt/format.h>

#include <algorithm>

#include "crypto/digest.hpp"
#include "job/bench/host/error.hpp"
#include "job/bench/host/machine.hpp"
#include "job/bench/host/model.hpp"

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

TensorContent content_of(const inference::TensorInfo& tensor, ByteSpan bytes) {
  return {tensor.name, std::string(name_of(tensor.type)), tensor.shape, tensor.bytes,
          to_hex(crypto::sha256(bytes))};
}

}  // namespace

Result<Inference> infer(const InferRequest& request) {
  AIOT_TRY(const NamedModel model, find_model(request.model));
  AIOT_TRY(const Pin pin, Pin::to(request.setup.cpus));
  AIOT_TRY(const EngineFactory engines, engine_factory(request.setup, model.model));
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
  done.result = {model.name, model.sha256, engine->name(), {}, {}};
  for (std::size_t i = 0; i < engine->inputs().size(); ++i) {
    done.result.inputs.push_back(content_of(engine->inputs()[i], request.inputs[i]));
  }
  for (std::size_t i = 0; i < engine->outputs().size(); ++i) {
    const ByteSpan bytes = engine->output(i);
    done.result.outputs.push_back(content_of(engine->outputs()[i], bytes));
    done.outputs.emplace_back(bytes.begin(), bytes.end());
  }
  return done;
}

}  // namespace aiot::bench
