#include "inference/tiny/task.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace aiot::inference::tiny {
namespace {

constexpr std::array<Task, 7> table = {{
    {"ic01", "ic", "image classification", Input::unsigned_bytes, false, Metric::top1, 0.85, 3072,
     200},
    {"ic02", "ic2", "image classification, larger", Input::unsigned_bytes, false, Metric::top1,
     0.91, 0, 200},
    {"kws01", "kws", "keyword spotting", Input::stored, false, Metric::top1, 0.90, 490, 1000},
    {"vww01", "vww", "visual wake words", Input::unsigned_bytes, false, Metric::top1, 0.80, 27648,
     1000},
    {"ad01", "ad", "anomaly detection", Input::floats, true, Metric::auc, 0.85, 640, 248},
    {"sww01", "sww", "streaming wake word", Input::stored, false, Metric::none, 0, 1200, 0},
    {"strww01", "sww", "streaming wake word", Input::stored, false, Metric::none, 0, 1200, 0},
}};
constexpr Task own = {"", "own", "a model of one's own", Input::stored, false, Metric::none, 0,
                      0,  0};

struct Shape {
  std::string_view id;
  std::array<std::int32_t, 4> shape;
};
/// Of the reference models; batch first.
constexpr std::array<Shape, 5> shapes = {{{"ic01", {1, 32, 32, 3}},
                                          {"kws01", {1, 49, 10, 1}},
                                          {"vww01", {1, 96, 96, 3}},
                                          {"ad01", {1, 640, 0, 0}},
                                          {"sww01", {1, 30, 1, 40}}}};

float real_at(const Engine& engine, std::size_t index) {
  const TensorInfo& info = engine.outputs()[0];
  const ByteSpan bytes = engine.output(0);
  if (info.type == Type::float32) return float_at(bytes, index);
  const std::int32_t stored = info.type == Type::int8 ? static_cast<std::int8_t>(bytes[index])
                                                      : static_cast<std::int32_t>(bytes[index]);
  return Scaling{info.scale, info.zero_point}.real(stored);
}

std::size_t count_of(const TensorInfo& info) {
  return info.bytes / std::max<std::size_t>(1, size_of(info.type));
}

/// SplitMix64.
std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace

std::span<const Task> tasks() { return table; }
const Task& any_task() { return own; }

const Task* find_task(std::string_view id) {
  const auto* found = std::ranges::find(table, id, &Task::id);
  return found == table.end() ? nullptr : found;
}

const Task* task_for(const TensorInfo& input) {
  if (input.type != Type::int8) return nullptr;
  for (const Shape& shape : shapes) {
    const auto size =
        static_cast<std::ptrdiff_t>(std::ranges::find(shape.shape, 0) - shape.shape.begin());
    if (std::ranges::equal(input.shape, std::span(shape.shape).first(size))) {
      return find_task(shape.id);
    }
  }
  return nullptr;
}

std::size_t upload_bytes(const Task& task, const TensorInfo& input) {
  return task.input == Input::floats ? 4 * count_of(input) : input.bytes;
}

std::size_t elements_of(const Task& task, const TensorInfo& input, std::size_t bytes) {
  const std::size_t each =
      task.input == Input::floats ? 4 : std::max<std::size_t>(1, size_of(input.type));
  return bytes / each;
}

void fill_input(const Task& task, const TensorInfo& input, std::span<const std::uint8_t> upload,
                std::span<std::uint8_t> values) {
  if (input.type != Type::int8) {
    std::copy(upload.begin(), upload.end(), values.begin());
    return;
  }
  take_int8(task.input, {input.scale, input.zero_point}, upload,
            {reinterpret_cast<std::int8_t*>(values.data()), values.size()});
}

std::vector<float> results_of(const Task& task, const Engine& engine,
                              std::span<const std::uint8_t> upload) {
  const std::size_t count = count_of(engine.outputs()[0]);
  std::vector<float> out;
  if (!task.reconstruction) {
    for (std::size_t i = 0; i < count; ++i) out.push_back(real_at(engine, i));
    return out;
  }
  MeanSquare score;
  // Of a model that is no autoencoder: as far as both go.
  const std::size_t common = std::min(count, upload.size() / sizeof(float));
  for (std::size_t i = 0; i < common; ++i) score.add(real_at(engine, i), float_at(upload, i));
  out.push_back(score.value());
  return out;
}

std::vector<std::uint8_t> random_upload(const Task& task, const TensorInfo& input,
                                        std::uint64_t seed) {
  std::vector<std::uint8_t> out(upload_bytes(task, input));
  std::uint64_t state = seed;
  if (task.input == Input::floats || input.type == Type::float32) {
    const float scale = input.scale > 0 ? input.scale : 1.0F / 128;
    for (std::size_t i = 0; i + 4 <= out.size(); i += 4) {
      const auto step = static_cast<std::int32_t>(next_random(state) >> 56) - 128;
      const float fraction = static_cast<float>(next_random(state) >> 40) / 16777216.0F - 0.5F;
      const float value = (static_cast<float>(step - input.zero_point) + fraction) * scale;
      std::memcpy(out.data() + i, &value, 4);
    }
    return out;
  }
  for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(next_random(state) >> 56);
  return out;
}

}  // namespace aiot::inference::tiny
