#include "inference/external/tflite.hpp"

#include <fmt/format.h>

#include "inference/error.hpp"
#include "inference/external/tflite_library.hpp"
#include "inference/reference/interpreter.hpp"

namespace aiot::inference {
namespace {

constexpr std::string_view next = "run the model on the reference engine";

Error refused(std::string_view what) {
  return make_error(Errc::engine_failed, fmt::format("TensorFlow Lite: {}", what),
                    std::string(next));
}

class TfliteEngine final : public Engine {
 public:
  using Interpreter = std::unique_ptr<TfLiteInterpreter, decltype(&TfLiteInterpreterDelete)>;
  using Loaded = std::unique_ptr<TfLiteModel, decltype(&TfLiteModelDelete)>;

  TfliteEngine(std::shared_ptr<const Model> model, TfliteLibrary library, Loaded loaded,
               Interpreter interpreter)
      : model_(std::move(model)),
        library_(std::move(library)),
        loaded_(std::move(loaded)),
        interpreter_(std::move(interpreter)),
        inputs_(infos_of(*model_, model_->inputs)),
        outputs_(infos_of(*model_, model_->outputs)),
        operators_(operators_of(*model_)) {}

  /// Its tensors are as long as the file's; their memory stays where it is from now on.
  Result<void> allocate() {
    if (library_.allocate(interpreter_.get()) != 0) return refused("no memory for the tensors");
    const auto* self = interpreter_.get();
    if (library_.input_count(self) != static_cast<std::int32_t>(inputs_.size()) ||
        library_.output_count(self) != static_cast<std::int32_t>(outputs_.size())) {
      return refused("another number of inputs or outputs");
    }
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const auto* tensor = library_.input(self, static_cast<std::int32_t>(i));
      AIOT_TRY(auto* data, data_of(tensor, inputs_[i].bytes));
      input_data_.emplace_back(data, inputs_[i].bytes);
    }
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      const auto* tensor = library_.output(self, static_cast<std::int32_t>(i));
      AIOT_TRY(const auto* data, data_of(tensor, outputs_[i].bytes));
      output_data_.emplace_back(data, outputs_[i].bytes);
    }
    return {};
  }

  std::string name() const override { return "tflite"; }
  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  std::span<std::uint8_t> input(std::size_t index) override { return input_data_[index]; }
  ByteSpan output(std::size_t index) const override { return output_data_[index]; }
  Result<void> invoke() override {
    if (library_.invoke(interpreter_.get()) != 0) return refused("the run failed");
    return {};
  }
  const std::vector<OperatorInfo>& operators() const override { return operators_; }
  Result<void> invoke_timed(std::span<std::chrono::nanoseconds> times) override {
    const auto before = std::chrono::steady_clock::now();
    AIOT_CHECK(invoke());
    if (!times.empty()) times[0] += std::chrono::steady_clock::now() - before;
    return {};
  }
  /// It does not tell more.
  MemoryUse memory() const override { return {0, 0, model_->file.size()}; }

 private:
  Result<std::uint8_t*> data_of(const TfLiteTensor* tensor, std::size_t bytes) const {
    auto* data = tensor == nullptr ? nullptr : library_.tensor_data(tensor);
    if (data == nullptr || library_.tensor_bytes(tensor) != bytes) {
      return refused("an input or output of another size");
    }
    return static_cast<std::uint8_t*>(data);
  }

  std::shared_ptr<const Model> model_;  // its file is read from as long as it runs
  TfliteLibrary library_;
  Loaded loaded_;
  Interpreter interpreter_;
  std::vector<TensorInfo> inputs_, outputs_;
  std::vector<OperatorInfo> operators_;
  std::vector<std::span<std::uint8_t>> input_data_;
  std::vector<ByteSpan> output_data_;
};

}  // namespace

Result<std::unique_ptr<Engine>> make_tflite_engine(std::shared_ptr<const Model> model,
                                                   const EngineOptions& options,
                                                   const std::string& library) {
  auto found = load_functions<TfliteLibrary>(library, "TensorFlow Lite", "TensorFlow Lite 2.3");
  if (!found) {
    return make_error(Errc::engine_missing, found.error().context,
                      fmt::format("build {} of TensorFlow and put it where libraries are found; "
                                  "{}",
                                  tflite_library, next));
  }
  const auto& lite = *found;
  TfliteEngine::Loaded loaded(lite.model_create(model->file.data(), model->file.size()),
                              lite.model_delete);
  if (!loaded) return refused("not a model it can read");
  const std::unique_ptr<TfLiteInterpreterOptions, decltype(&TfLiteInterpreterOptionsDelete)>
      settings(lite.options_create(), lite.options_delete);
  lite.options_set_threads(settings.get(), static_cast<std::int32_t>(options.threads));
  TfliteEngine::Interpreter interpreter(lite.create(loaded.get(), settings.get()), lite.destroy);
  if (!interpreter) return refused("an operator or option it does not have");
  auto engine = std::make_unique<TfliteEngine>(std::move(model), lite, std::move(loaded),
                                               std::move(interpreter));
  AIOT_CHECK(engine->allocate());
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace aiot::inference
