#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/result.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// Instructions that the reference engine's kernels are written for.
enum class Isa : std::uint8_t { scalar, avx2, avx_vnni, avx512_vnni, neon, neon_dot };
/// "avx512-vnni"
std::string_view name_of(Isa isa);
/// The ISA of that name, nullopt when there is none.
std::optional<Isa> isa_of(std::string_view name);
/// True when this library has kernels for it and this CPU and system can run them.
bool can_run(Isa isa);
/// All that can run here, the fastest first; scalar is always the last.
std::vector<Isa> isas_here();

/// What goes in or comes out.
struct TensorInfo {
  std::string name;
  Type type = Type::int8;
  std::vector<std::int32_t> shape;
  float scale = 0;  ///< 0: not quantised
  std::int32_t zero_point = 0;
  std::size_t bytes = 0;
};

/// One operator of the graph as an engine runs it.
struct OperatorInfo {
  std::string name;  ///< "CONV_2D"
  std::vector<std::int32_t> output_shape;
  std::uint64_t macs = 0;   ///< multiplications with accumulation; 0 where it has none
  std::uint64_t bytes = 0;  ///< of its inputs, constants and outputs, each once
};

struct MemoryUse {
  std::size_t arena_bytes = 0;    ///< what is computed, with what is alive at the same time apart
  std::size_t weights_bytes = 0;  ///< constants as this engine keeps them
  std::size_t model_bytes = 0;    ///< the file
};

/// A model ready to run, again and again. Not to be used by two threads at once.
class Engine {
 public:
  virtual ~Engine() = default;
  /// "reference avx2", "xnnpack"
  virtual std::string name() const = 0;
  virtual const std::vector<TensorInfo>& inputs() const = 0;
  virtual const std::vector<TensorInfo>& outputs() const = 0;
  /// Where input `index` goes, dense and row-major, TensorInfo::bytes long: filled before invoke().
  /// What was filled is kept from one invoke() to the next.
  virtual std::span<std::uint8_t> input(std::size_t index) = 0;
  /// What invoke() left.
  virtual ByteSpan output(std::size_t index) const = 0;
  virtual Result<void> invoke() = 0;
  /// Forgets what the model keeps from one invoke() to the next, as if none had been.
  virtual void reset() {}
  /// In the order they run. Empty for an engine that does not report them.
  virtual const std::vector<OperatorInfo>& operators() const = 0;
  /// invoke() with the time of each operator added to `times` (as many as operators()).
  virtual Result<void> invoke_timed(std::span<std::chrono::nanoseconds> times) = 0;
  virtual MemoryUse memory() const = 0;
};

struct EngineOptions {
  std::optional<Isa> isa;  ///< nullopt: the fastest of isas_here()
  unsigned threads = 1;    ///< 1 to 64
};

/// The reference engine: int8 results are those of TensorFlow Lite Micro's reference kernels, byte
/// for byte, on every ISA and with any number of threads. Errc::unsupported_operator,
/// unsupported_option, bad_model (shapes that do not fit), isa_missing, too_large.
/// Takes the model by shared pointer: its constants are used where they are.
Result<std::unique_ptr<Engine>> make_reference_engine(std::shared_ptr<const Model> model,
                                                      const EngineOptions& options);

}  // namespace aiot::inference
