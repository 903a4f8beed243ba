#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "aiot/bench.hpp"
#include "inference/engine.hpp"

namespace aiot::bench {

/// The model that is measured.
struct NamedModel {
  std::string name;    ///< "kws", or the file's name without its folder
  std::string file;    ///< "" for a built-in one
  std::string sha256;  ///< of the file's bytes, hexadecimal
  std::string description;
  std::size_t model_bytes = 0;
  std::shared_ptr<const inference::Model> model;
};

/// Reads the model that `word` names: one that is built in, else a file. Errc::no_model names the
/// nearest; a file is checked by the inference room.
Result<NamedModel> find_model(const std::string& word);

using EnginePointer = std::unique_ptr<inference::Engine>;
/// Makes engines for one model, as many as are wanted.
using EngineFactory = std::function<Result<EnginePointer>()>;

/// Errc::bad_request for an engine or instruction set that there is none of.
Result<EngineFactory> engine_factory(const Setup& setup,
                                     std::shared_ptr<const inference::Model> model);

/// The instructions that an engine of `setup` uses; nullopt where the engine chooses itself.
std::optional<inference::Isa> isa_in_use(const Setup& setup);

/// "1x49x10x1"
std::string shape_text(const std::vector<std::int32_t>& shape);

}  // namespace aiot::bench
