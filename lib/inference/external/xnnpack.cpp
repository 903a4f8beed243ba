#include "inference/external/xnnpack.hpp"

#include <fmt/format.h>

#include "inference/error.hpp"
#include "inference/external/xnnpack_operators.hpp"
#include "inference/fast/buffer.hpp"
#include "inference/reference/arena.hpp"
#include "inference/reference/constants.hpp"
#include "inference/reference/interpreter.hpp"

namespace aiot::inference {
namespace {

constexpr std::string_view wanted = "libxnnpack0 of Debian 12 (2022)";
constexpr std::size_t alignment = 64;

/// One operator: XNNPACK's, or a step on the portable kernels.
struct Item {
  XnnpackOperator op;
  Step step;
};

class XnnpackEngine final : public Engine {
 public:
  XnnpackEngine(std::shared_ptr<const Model> model, std::shared_ptr<const XnnpackLibrary> library,
                std::shared_ptr<struct pthreadpool> pool, Constants constants, const Arena& arena)
      : model_(std::move(model)),
        library_(std::move(library)),
        pool_(std::move(pool)),
        constants_(std::move(constants)),
        arena_(arena.bytes),
        inputs_(infos_of(*model_, model_->inputs)),
        outputs_(infos_of(*model_, model_->outputs)),
        operators_(operators_of(*model_)) {
    places_.read = constants_.places();
    places_.write.resize(places_.read.size());
    for (std::size_t i = 0; i < arena.offsets.size(); ++i) {
      if (arena.offsets[i] == Arena::none) continue;
      places_.read[i] = places_.write[i] = arena_.as<std::uint8_t>() + arena.offsets[i];
    }
  }

  Result<void> make_operators() {
    for (std::size_t i = 0; i < model_->operators.size(); ++i) {
      const Node node(*model_, i);
      AIOT_TRY(auto op, make_xnnpack_operator(library_, node, places_, pool_.get()));
      Item item;
      if (op) {
        item.op = std::move(*op);
      } else {
        AIOT_TRY(item.step, make_step(node));
      }
      items_.push_back(std::move(item));
    }
    return {};
  }

  std::string name() const override { return "xnnpack"; }
  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  std::span<std::uint8_t> input(std::size_t index) override {
    return {places_.out<std::uint8_t>(model_->inputs[index]), inputs_[index].bytes};
  }
  ByteSpan output(std::size_t index) const override {
    return {places_.in<std::uint8_t>(model_->outputs[index]), outputs_[index].bytes};
  }
  Result<void> invoke() override {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      AIOT_CHECK(run(i));
    }
    return {};
  }
  const std::vector<OperatorInfo>& operators() const override { return operators_; }
  Result<void> invoke_timed(std::span<std::chrono::nanoseconds> times) override {
    auto before = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < items_.size(); ++i) {
      AIOT_CHECK(run(i));
      const auto after = std::chrono::steady_clock::now();
      times[i] += after - before;
      before = after;
    }
    return {};
  }
  /// XNNPACK does not tell what its packed weights take.
  MemoryUse memory() const override {
    return {arena_.bytes(), constants_.bytes(), model_->file.size()};
  }

 private:
  Result<void> run(std::size_t index) {
    const auto& item = items_[index];
    if (!item.op) {
      item.step(places_);
      return {};
    }
    const auto status = library_->run_operator(item.op.get(), pool_.get());
    if (status == xnn_status_success) return {};
    return xnnpack_check(status, Node(*model_, index).where());
  }

  std::shared_ptr<const Model> model_;
  std::shared_ptr<const XnnpackLibrary> library_;
  std::shared_ptr<struct pthreadpool> pool_;
  Constants constants_;
  fast::Buffer arena_;  // with the room behind it that XNNPACK reads into
  std::vector<TensorInfo> inputs_, outputs_;
  std::vector<OperatorInfo> operators_;
  Places places_;
  std::vector<Item> items_;
};

Error missing(const Error& error) {
  return make_error(Errc::engine_missing, error.context, fmt::format("install {}", wanted));
}

Result<std::shared_ptr<struct pthreadpool>> make_pool(unsigned threads) {
  if (threads == 1) return std::shared_ptr<struct pthreadpool>();
  auto library = load_functions<ThreadPoolLibrary>("libpthreadpool.so.0", "libpthreadpool0",
                                                   "libpthreadpool0 of Debian 12");
  if (!library) return missing(library.error());
  auto* pool = library->create(threads);
  if (pool == nullptr) return make_error(Errc::engine_failed, "starting threads");
  return std::shared_ptr<struct pthreadpool>(
      pool, [keep = *library](pthreadpool_t p) { keep.destroy(p); });
}

}  // namespace

Result<void> xnnpack_check(enum xnn_status status, const std::string& where) {
  const auto refused = [&](std::string_view why) {
    return make_error(Errc::engine_failed, fmt::format("{}: XNNPACK: {}", where, why),
                      "run the model on the reference engine");
  };
  switch (status) {
    case xnn_status_success: return {};
    case xnn_status_uninitialized: return refused("not initialised");
    case xnn_status_invalid_parameter: return refused("a parameter it does not take");
    case xnn_status_unsupported_parameter: return refused("a parameter it does not have");
    case xnn_status_unsupported_hardware: return refused("not on this CPU");
    case xnn_status_out_of_memory: return refused("out of memory");
    default: return refused(fmt::format("status {}", static_cast<int>(status)));
  }
}

Result<std::unique_ptr<Engine>> make_xnnpack_engine(std::shared_ptr<const Model> model,
                                                    const EngineOptions& options) {
  auto loaded = load_functions<XnnpackLibrary>("libXNNPACK.so.0", "libxnnpack0", wanted);
  if (!loaded) return missing(loaded.error());
  const auto library = std::make_shared<const XnnpackLibrary>(*std::move(loaded));
  AIOT_CHECK(xnnpack_check(library->initialize(nullptr), "starting"));
  AIOT_TRY(auto pool, make_pool(options.threads));
  AIOT_TRY(auto constants, Constants::of(*model));
  AIOT_TRY(const auto arena, plan_arena(*model, alignment));
  auto engine = std::make_unique<XnnpackEngine>(std::move(model), library, std::move(pool),
                                                std::move(constants), arena);
  AIOT_CHECK(engine->make_operators());
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace aiot::inference
