#include "sim/bench/model_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "aiot/units.hpp"
#include "inference/builtin/builtin.hpp"
#include "inference/model/file.hpp"
#include "sim/port.hpp"

namespace aiot::sim::bench {

namespace tiny = inference::tiny;

ModelNetwork::ModelNetwork(std::unique_ptr<inference::Engine> engine, const tiny::Task& task)
    : engine_(std::move(engine)), task_(task), upload_(input_bytes()) {}

std::size_t ModelNetwork::input_bytes() const {
  return tiny::upload_bytes(task_, engine_->inputs()[0]);
}

energyrunner::Board::Loaded ModelNetwork::load(std::span<const std::uint8_t> bytes, int slip) {
  const inference::TensorInfo& info = engine_->inputs()[0];
  energyrunner::Board::Loaded loaded;
  loaded.fits = bytes.size() == upload_.size();
  loaded.elements = static_cast<std::uint32_t>(tiny::elements_of(task_, info, bytes.size()));
  loaded.expected = static_cast<std::uint32_t>(tiny::elements_of(task_, info, upload_.size()));
  if (!loaded.fits) return loaded;
  std::copy(bytes.begin(), bytes.end(), upload_.begin());
  const std::span<std::uint8_t> values = engine_->input(0);
  tiny::fill_input(task_, info, upload_, values);
  if (slip == 0 || info.type != inference::Type::int8) return loaded;
  for (std::uint8_t& value : values) {
    value =
        static_cast<std::uint8_t>(std::clamp(static_cast<std::int8_t>(value) + slip, -128, 127));
  }
  return loaded;
}

void ModelNetwork::run() {
  // The reference engine fails for no input.
  const Result<void> done = engine_->invoke();
  static_cast<void>(done);
}

std::vector<float> ModelNetwork::results() const {
  return tiny::results_of(task_, *engine_, upload_);
}

float ModelNetwork::step() const {
  const float scale = engine_->outputs()[0].scale;
  return scale > 0 ? scale : 1.0F / 256;
}

Result<std::shared_ptr<const inference::Model>> find_model(const std::string& name) {
  const auto builtins = inference::builtin_names();
  const bool builtin = std::ranges::find(builtins, name) != builtins.end();
  std::error_code none;
  // A word that looks like no file at all is a slip of a name.
  if (!builtin && name.find_first_of("./") == std::string::npos &&
      !std::filesystem::exists(name, none)) {
    const std::vector<std::string> words(builtins.begin(), builtins.end());
    const std::string near = nearest_word(name, words);
    return make_error(Errc::no_model, fmt::format("\"{}\"", name),
                      near.empty()
                          ? fmt::format("name a .tflite file, or one of {}", fmt::join(words, ", "))
                          : fmt::format("did you mean {}?", near));
  }
  AIOT_TRY(inference::Model model,
           builtin ? inference::builtin_model(name) : inference::read_model_file(name));
  return std::make_shared<const inference::Model>(std::move(model));
}

}  // namespace aiot::sim::bench
