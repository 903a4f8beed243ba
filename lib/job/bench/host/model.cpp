#include "job/bench/host/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "aiot/units.hpp"
#include "crypto/digest.hpp"
#include "inference/builtin/builtin.hpp"
#include "inference/external/external.hpp"
#include "inference/model/file.hpp"
#include "job/bench/host/error.hpp"

namespace aiot::bench {
namespace {

constexpr std::string_view reference = "reference";
constexpr std::string_view xnnpack = "xnnpack";
constexpr std::string_view tflite = "tflite";

std::vector<std::string> names(const std::vector<Choice>& choices) {
  std::vector<std::string> out;
  for (const Choice& choice : choices) out.push_back(choice.name);
  return out;
}

Error unknown(Errc code, std::string context, const std::string& word,
              const std::vector<Choice>& choices) {
  const auto words = names(choices);
  const std::string near = nearest_word(word, words);
  return make_error(code, std::move(context),
                    near.empty() ? fmt::format("there are {}", fmt::join(words, ", "))
                                 : fmt::format("did you mean {}?", near));
}

NamedModel described(std::string name, std::string file, inference::Model model) {
  NamedModel named;
  named.name = std::move(name);
  named.file = std::move(file);
  named.sha256 = to_hex(crypto::sha256(model.file));
  named.description = model.description;
  named.model_bytes = model.file.size();
  named.model = std::make_shared<const inference::Model>(std::move(model));
  return named;
}

}  // namespace

Result<NamedModel> find_model(const std::string& word) {
  const auto builtin = names(builtin_models());
  if (std::find(builtin.begin(), builtin.end(), word) != builtin.end()) {
    AIOT_TRY(inference::Model model, inference::builtin_model(word));
    return described(word, "", std::move(model));
  }
  std::error_code none;
  // A word that looks like no file at all is a slip of a name.
  if (word.find_first_of("./") == std::string::npos && !std::filesystem::exists(word, none)) {
    return unknown(Errc::no_model, fmt::format("\"{}\"", word), word, builtin_models());
  }
  AIOT_TRY(inference::Model model, inference::read_model_file(word));
  return described(std::filesystem::path(word).filename().string(), word, std::move(model));
}

Result<EngineFactory> engine_factory(const Setup& setup,
                                     std::shared_ptr<const inference::Model> model) {
  if (setup.threads < 1 || setup.threads > 64) {
    return make_error(Errc::bad_request, fmt::format("{} threads", setup.threads),
                      "1 to 64 threads can be used");
  }
  inference::EngineOptions options;
  options.threads = setup.threads;
  if (!setup.isa.empty()) {
    options.isa = inference::isa_of(setup.isa);
    if (!options.isa) {
      return unknown(Errc::bad_request, fmt::format("instructions \"{}\"", setup.isa), setup.isa,
                     isas());
    }
  }
  if (setup.engine == reference) {
    return EngineFactory([model = std::move(model), options] {
      return inference::make_reference_engine(model, options);
    });
  }
  if (options.isa) {
    return make_error(Errc::bad_request,
                      fmt::format("instructions for the engine {}", setup.engine),
                      "only the reference engine takes them; others choose themselves");
  }
  if (setup.engine == xnnpack) {
    return EngineFactory([model = std::move(model), options] {
      return inference::make_xnnpack_engine(model, options);
    });
  }
  if (setup.engine == tflite) {
    return EngineFactory([model = std::move(model), options] {
      return inference::make_tflite_engine(model, options);
    });
  }
  return unknown(Errc::bad_request, fmt::format("engine \"{}\"", setup.engine), setup.engine,
                 engines());
}

std::optional<inference::Isa> isa_in_use(const Setup& setup) {
  if (setup.engine != reference) return std::nullopt;
  const auto isa = inference::isa_of(setup.isa);
  return isa ? isa : inference::isas_here().front();
}

std::string shape_text(const std::vector<std::int32_t>& shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

std::vector<Choice> engines() {
  return {{std::string(reference),
           "built in: the same bytes as TensorFlow Lite Micro's reference kernels"},
          {std::string(xnnpack), "XNNPACK, when it is installed: a second opinion, and for floats"},
          {std::string(tflite), "TensorFlow Lite's C library, where one is installed"}};
}

std::vector<Choice> isas() {
  using inference::Isa;
  std::vector<Choice> out;
  for (const Isa isa :
       {Isa::avx512_vnni, Isa::avx_vnni, Isa::avx2, Isa::neon_dot, Isa::neon, Isa::scalar}) {
    out.push_back({std::string(inference::name_of(isa)), ""});
  }
  return out;
}

std::vector<Choice> builtin_models() {
  return {{"kws", "keyword spotting: DS-CNN"},
          {"vww", "visual wake words: MobileNet v1 0.25, 96x96"},
          {"ic", "image classification: ResNet-8"},
          {"ad", "anomaly detection: autoencoder"}};
}

}  // namespace aiot::bench
