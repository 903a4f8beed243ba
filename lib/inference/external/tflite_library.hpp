#pragma once

#include <cstddef>
#include <cstdint>

#include "core/module.hpp"

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

}  // namespace aiot::inference
