#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

#include "core/module.hpp"
#include "inference/error.hpp"
#include "inference/external/external.hpp"
#include "inference/reference/interpreter.hpp"

// What is used of TensorFlow Lite's C API (tensorflow/lite/c/c_api.h and c_api_types.h, stable
// since TensorFlow 2.3). Its header is in no package of Debian 12. The names are the library's.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" {
struct TfLiteModel;
struct TfLiteInterpreterOptions;
struct TfLiteInterpreter;
struct TfLiteTensor;
/// TfLiteStatus: 0 is success.
TfLiteModel* TfLiteModelCreate(const void* data, std::size_t bytes);
void TfLiteModelDelete(TfLiteModel* model);
TfLiteInterpreterOptions* TfLiteInterpreterOptionsCreate();
void TfLiteInterpreterOptionsDelete(TfLiteInterpreterOptions* options);
void TfLiteInterpreterOptionsSetNumThreads(TfLiteInterpreterOptions* options, std::int32_t threads);
TfLiteInterpreter* TfLiteInterpreterCreate(const TfLiteModel* model,
                                           const TfLiteInterpreterOptions* options);
void TfLiteInterpreterDelete(TfLiteInterpreter* interpreter);
int TfLiteInterpreterAllocateTensors(TfLiteInterpreter* interpreter);
int TfLiteInterpreterInvoke(TfLiteInterpreter* interpreter);
std::int32_t TfLiteInterpreterGetInputTensorCount(const TfLiteInterpreter* interpreter);
TfLiteTensor* TfLiteInterpreterGetInputTensor(const TfLiteInterpreter* interpreter,
                                              std::int32_t index);
std::int32_t TfLiteInterpreterGetOutputTensorCount(const TfLiteInterpreter* interpreter);
const TfLiteTensor* TfLiteInterpreterGetOutputTensor(const TfLiteInterpreter* interpreter,
                                                     std::int32_t index);
std::size_t TfLiteTensorByteSize(const TfLiteTensor* tensor);
void* TfLiteTensorData(const TfLiteTensor* tensor);
}
// NOLINTEND(readability-identifier-naming)

namespace aiot::inference {
namespace {

struct TfliteLibrary : ModuleFunctions {
  using ModuleFunctions::ModuleFunctions;
  AIOT_FUNCTION(model_create, TfLiteModelCreate);
  AIOT_FUNCTION(model_delete, TfLiteModelDelete);
  AIOT_FUNCTION(options_create, TfLiteInterpreterOptionsCreate);
  AIOT_FUNCTION(options_delete, TfLiteInterpreterOptionsDelete);
  AIOT_FUNCTION(options_set_threads, TfLiteInterpreterOptionsSetNumThreads);
  AIOT_FUNCTION(create, TfLiteInterpreterCreate);
  AIOT_FUNCTION(destroy, TfLiteInterpreterDelete);
  AIOT_FUNCTION(allocate, TfLiteInterpreterAllocateTensors);
  AIOT_FUNCTION(invoke, TfLiteInterpreterInvoke);
  AIOT_FUNCTION(input_count, TfLiteInterpreterGetInputTensorCount);
  AIOT_FUNCTION(input, TfLiteInterpreterGetInputTensor);
  AIOT_FUNCTION(output_count, TfLiteInterpreterGetOutputTensorCount);
  AIOT_FUNCTION(output, TfLiteInterpreterGetOutputTensor);
  AIOT_FUNCTION(tensor_bytes, TfLiteTensorByteSize);
  AIOT_FUNCTION(tensor_data, TfLiteTensorData);
};

constexpr std::string_view next = "run the model on the reference engine";

Error refused(std::string_view what) {
  return make_error(Errc::engine_failed, fmt::format("TensorFlow Lite: {}", what),
                    std::string(next));
}

class TfliteEngine final : public ModelEngine {
 public:
  using Interpreter = std::unique_ptr<TfLiteInterpreter, decltype(&TfLiteInterpreterDelete)>;
  using Loaded = std::unique_ptr<TfLiteModel, decltype(&TfLiteModelDelete)>;

  TfliteEngine(std::shared_ptr<const Model> model, TfliteLibrary library, Loaded loaded,
               Interpreter interpreter)
      : ModelEngine(std::move(model)),
        library_(std::move(library)),
        loaded_(std::move(loaded)),
        interpreter_(std::move(interpreter)) {}

  /// Its tensors are as long as the file's; their memory stays where it is from now on.
  Result<void> allocate() {
    if (library_.allocate(interpreter_.get()) != 0) return refused("no memory for the tensors");
    const auto* self = interpreter_.get();
    if (library_.input_count(self) != static_cast<std::int32_t>(inputs().size()) ||
        library_.output_count(self) != static_cast<std::int32_t>(outputs().size())) {
      return refused("another number of inputs or outputs");
    }
    places_.read.resize(model().tensors.size());
    places_.write.resize(model().tensors.size());
    for (std::size_t i = 0; i < inputs().size(); ++i) {
      const auto* tensor = library_.input(self, static_cast<std::int32_t>(i));
      const auto index = static_cast<std::size_t>(model().inputs[i]);
      AIOT_TRY(places_.write[index], data_of(tensor, inputs()[i].bytes));
      places_.read[index] = places_.write[index];
    }
    for (std::size_t i = 0; i < outputs().size(); ++i) {
      const auto* tensor = library_.output(self, static_cast<std::int32_t>(i));
      AIOT_TRY(places_.read[static_cast<std::size_t>(model().outputs[i])],
               data_of(tensor, outputs()[i].bytes));
    }
    return {};
  }

  std::string name() const override { return "tflite"; }
  Result<void> invoke() override {
    if (library_.invoke(interpreter_.get()) != 0) return refused("the run failed");
    return {};
  }
  Result<void> invoke_timed(std::span<std::chrono::nanoseconds> times) override {
    const auto before = std::chrono::steady_clock::now();
    AIOT_CHECK(invoke());
    if (!times.empty()) times[0] += std::chrono::steady_clock::now() - before;
    return {};
  }
  /// Its C interface reports nothing more.
  MemoryUse memory() const override { return {0, 0, model().file.size()}; }

 private:
  Result<std::uint8_t*> data_of(const TfLiteTensor* tensor, std::size_t bytes) const {
    auto* data = tensor == nullptr ? nullptr : library_.tensor_data(tensor);
    if (data == nullptr || library_.tensor_bytes(tensor) != bytes) {
      return refused("an input or output of another size");
    }
    return static_cast<std::uint8_t*>(data);
  }

  TfliteLibrary library_;
  Loaded loaded_;
  Interpreter interpreter_;
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
