#include <fmt/format.h>
#include <pthreadpool.h>
#include <xnnpack.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "core/module.hpp"
#include "inference/error.hpp"
#include "inference/external/external.hpp"
#include "inference/fast/memory.hpp"
#include "inference/prepare/prepare.hpp"
#include "inference/reference/interpreter.hpp"

namespace aiot::inference {
namespace xnnpack {
namespace {

constexpr std::string_view wanted = "libxnnpack0 of Debian 12 (2022)";
constexpr std::size_t alignment = 64;

/// What is used of libpthreadpool.
struct ThreadPoolLibrary : ModuleFunctions {
  using ModuleFunctions::ModuleFunctions;
  AIOT_FUNCTION(create, pthreadpool_create);
  AIOT_FUNCTION(destroy, pthreadpool_destroy);
};

/// What is used of libXNNPACK.
struct XnnpackLibrary : ModuleFunctions {
  using ModuleFunctions::ModuleFunctions;
  AIOT_FUNCTION(initialize, xnn_initialize);
  AIOT_FUNCTION(run_operator, xnn_run_operator);
  AIOT_FUNCTION(delete_operator, xnn_delete_operator);
  AIOT_FUNCTION(create_convolution_qc8, xnn_create_convolution2d_nhwc_qc8);
  AIOT_FUNCTION(setup_convolution_qc8, xnn_setup_convolution2d_nhwc_qc8);
  AIOT_FUNCTION(create_fully_connected_qs8, xnn_create_fully_connected_nc_qs8);
  AIOT_FUNCTION(setup_fully_connected_qs8, xnn_setup_fully_connected_nc_qs8);
  AIOT_FUNCTION(create_add_qs8, xnn_create_add_nd_qs8);
  AIOT_FUNCTION(setup_add_qs8, xnn_setup_add_nd_qs8);
  AIOT_FUNCTION(create_mean_qs8, xnn_create_global_average_pooling_nwc_qs8);
  AIOT_FUNCTION(setup_mean_qs8, xnn_setup_global_average_pooling_nwc_qs8);
  AIOT_FUNCTION(create_convolution_f32, xnn_create_convolution2d_nhwc_f32);
  AIOT_FUNCTION(setup_convolution_f32, xnn_setup_convolution2d_nhwc_f32);
  AIOT_FUNCTION(create_fully_connected_f32, xnn_create_fully_connected_nc_f32);
  AIOT_FUNCTION(setup_fully_connected_f32, xnn_setup_fully_connected_nc_f32);
  AIOT_FUNCTION(create_add_f32, xnn_create_add_nd_f32);
  AIOT_FUNCTION(setup_add_f32, xnn_setup_add_nd_f32);
  AIOT_FUNCTION(create_mean_f32, xnn_create_global_average_pooling_nwc_f32);
  AIOT_FUNCTION(setup_mean_f32, xnn_setup_global_average_pooling_nwc_f32);
  AIOT_FUNCTION(create_softmax_f32, xnn_create_softmax_nc_f32);
  AIOT_FUNCTION(setup_softmax_f32, xnn_setup_softmax_nc_f32);
};

/// An operator of XNNPACK, given back when it is no longer used.
using XnnpackOperator = std::shared_ptr<struct xnn_operator>;

/// Errc::engine_failed, with the operator and XNNPACK's own reason, unless `status` is success.
Result<void> check(enum xnn_status status, const std::string& where) {
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

using Made = Result<std::optional<XnnpackOperator>>;

/// What every operator is made of.
struct Site {
  std::shared_ptr<const XnnpackLibrary> library;
  const Node& node;
  const Places& places;
  pthreadpool_t pool;

  const Tensor& tensor(std::int32_t index) const {
    return node.model().tensors[static_cast<std::size_t>(index)];
  }
  template <class T>
  const T* in(std::int32_t index) const {
    return places.in<T>(index);
  }
  template <class T>
  T* out(std::int32_t index) const {
    return places.out<T>(index);
  }

  /// The weights of a float32 operator, which may be int8 in the file. XNNPACK copies them.
  const float* real_weights(const std::vector<float>& real, std::int32_t index) const {
    return real.empty() ? in<float>(index) : real.data();
  }

  /// The operator that `create(&op)` makes, set up by `setup(op)`.
  template <class Create, class Setup>
  Made make(const Create& create, const Setup& setup) const {
    xnn_operator_t made = nullptr;
    AIOT_CHECK(check(create(&made), node.where()));
    XnnpackOperator op(made, [keep = library](xnn_operator_t o) { keep->delete_operator(o); });
    AIOT_CHECK(check(setup(made), node.where()));
    return std::optional(std::move(op));
  }
};

std::int8_t zero_of(const Tensor& tensor) { return static_cast<std::int8_t>(tensor.zero_point()); }
std::int8_t low_of(kernel::Range<std::int32_t> r) { return static_cast<std::int8_t>(r.low); }
std::int8_t high_of(kernel::Range<std::int32_t> r) { return static_cast<std::int8_t>(r.high); }
std::uint32_t u(std::int32_t value) { return static_cast<std::uint32_t>(value); }
std::size_t z(std::int32_t value) { return static_cast<std::size_t>(value); }

std::vector<float> scales_of(const Tensor& weights, std::size_t channels) {
  const auto& scales = weights.quantization.scales;
  return scales.size() == channels ? scales : std::vector<float>(channels, weights.scale());
}

/// A convolution's window, as XNNPACK counts its padding.
struct Padding4 {
  std::uint32_t top, right, bottom, left;
};
Padding4 padding_of(const kernel::ConvShape& s) {
  const auto behind = [](std::int32_t outputs, std::int32_t stride, std::int32_t taps,
                         std::int32_t dilation, std::int32_t before, std::int32_t inputs) {
    const auto last = (outputs - 1) * stride - before + (taps - 1) * dilation;
    return u(std::max(0, last - inputs + 1));
  };
  const auto& w = s.window;
  return {u(w.pad_top), behind(s.output.w, w.stride_w, w.w, w.dilation_w, w.pad_left, s.input.w),
          behind(s.output.h, w.stride_h, w.h, w.dilation_h, w.pad_top, s.input.h), u(w.pad_left)};
}

Made convolution(const Site& site) {
  AIOT_TRY(const auto c, prepare_conv(site.node));
  const auto& s = c.shape;
  if (!site.tensor(c.filter).is_constant() || c.type == Type::int16 ||
      c.quantized.weights_offset != 0) {
    return std::optional<XnnpackOperator>();
  }
  const auto p = padding_of(s);
  const auto& w = s.window;
  const auto groups = c.depthwise ? u(s.input.c) : u(s.input.c / s.group_channels);
  const auto group_inputs = c.depthwise ? std::size_t{1} : z(s.group_channels);
  const auto group_outputs = z(s.output.c) / groups;
  const std::uint32_t flags = c.depthwise ? XNN_FLAG_DEPTHWISE_CONVOLUTION : 0;
  const auto& lib = *site.library;
  if (c.type == Type::float32) {
    return site.make(
        [&](xnn_operator_t* op) {
          return lib.create_convolution_f32(
              p.top, p.right, p.bottom, p.left, u(w.h), u(w.w), u(w.stride_h), u(w.stride_w),
              u(w.dilation_h), u(w.dilation_w), groups, group_inputs, group_outputs, z(s.input.c),
              z(s.output.c), site.real_weights(c.real_weights, c.filter), site.in<float>(c.bias),
              c.range.low, c.range.high, flags, op);
        },
        [&](xnn_operator_t op) {
          return lib.setup_convolution_f32(op, z(s.input.n), z(s.input.h), z(s.input.w),
                                           site.in<float>(c.input), site.out<float>(c.output),
                                           site.pool);
        });
  }
  const auto scales = scales_of(site.tensor(c.filter), z(s.output.c));
  return site.make(
      [&](xnn_operator_t* op) {
        return lib.create_convolution_qc8(
            p.top, p.right, p.bottom, p.left, u(w.h), u(w.w), u(w.stride_h), u(w.stride_w),
            u(w.dilation_h), u(w.dilation_w), groups, group_inputs, group_outputs, z(s.input.c),
            z(s.output.c), zero_of(site.tensor(c.input)), site.tensor(c.input).scale(),
            scales.data(), site.in<std::int8_t>(c.filter), site.in<std::int32_t>(c.bias),
            zero_of(site.tensor(c.output)), site.tensor(c.output).scale(),
            low_of(c.quantized.range), high_of(c.quantized.range), flags, op);
      },
      [&](xnn_operator_t op) {
        return lib.setup_convolution_qc8(op, z(s.input.n), z(s.input.h), z(s.input.w),
                                         site.in<std::int8_t>(c.input),
                                         site.out<std::int8_t>(c.output), site.pool);
      });
}

Made fully_connected(const Site& site) {
  AIOT_TRY(const auto f, prepare_fully_connected(site.node));
  const auto& weights = site.tensor(f.weights);
  const bool one_scale = weights.quantization.scales.size() == 1;
  if (!weights.is_constant() || f.type == Type::int16 || f.quantized.weights_offset != 0 ||
      (f.type == Type::int8 && !one_scale)) {
    return std::optional<XnnpackOperator>();
  }
  const auto depth = z(f.shape.depth);
  const auto outputs = z(f.shape.outputs);
  const auto& lib = *site.library;
  if (f.type == Type::float32) {
    return site.make(
        [&](xnn_operator_t* op) {
          return lib.create_fully_connected_f32(
              depth, outputs, depth, outputs, site.real_weights(f.real_weights, f.weights),
              site.in<float>(f.bias), f.range.low, f.range.high, 0, op);
        },
        [&](xnn_operator_t op) {
          return lib.setup_fully_connected_f32(op, z(f.shape.rows), site.in<float>(f.input),
                                               site.out<float>(f.output), site.pool);
        });
  }
  return site.make(
      [&](xnn_operator_t* op) {
        return lib.create_fully_connected_qs8(
            depth, outputs, depth, outputs, zero_of(site.tensor(f.input)),
            site.tensor(f.input).scale(), weights.scale(), site.in<std::int8_t>(f.weights),
            site.in<std::int32_t>(f.bias), zero_of(site.tensor(f.output)),
            site.tensor(f.output).scale(), low_of(f.quantized.range), high_of(f.quantized.range), 0,
            op);
      },
      [&](xnn_operator_t op) {
        return lib.setup_fully_connected_qs8(op, z(f.shape.rows), site.in<std::int8_t>(f.input),
                                             site.out<std::int8_t>(f.output), site.pool);
      });
}

/// XNNPACK has the int8 average of a whole image only.
Made pool(const Site& site) {
  AIOT_TRY(const auto p, prepare_pool(site.node));
  const auto& s = p.shape;
  const bool whole = s.output.h == 1 && s.output.w == 1 && s.window.h == s.input.h &&
                     s.window.w == s.input.w && s.window.pad_top == 0 && s.window.pad_left == 0;
  if (p.maximum || !whole || p.type == Type::int16 || s.offset != 0)
    return std::optional<XnnpackOperator>();
  const auto channels = z(s.input.c);
  const auto pixels = z(s.input.h) * z(s.input.w);
  const auto& lib = *site.library;
  if (p.type == Type::float32) {
    return site.make(
        [&](xnn_operator_t* op) {
          return lib.create_mean_f32(channels, channels, channels, p.real_range.low,
                                     p.real_range.high, 0, op);
        },
        [&](xnn_operator_t op) {
          return lib.setup_mean_f32(op, z(s.input.n), pixels, site.in<float>(p.input),
                                    site.out<float>(p.output), site.pool);
        });
  }
  return site.make(
      [&](xnn_operator_t* op) {
        return lib.create_mean_qs8(channels, channels, channels, zero_of(site.tensor(p.input)),
                                   site.tensor(p.input).scale(), zero_of(site.tensor(p.output)),
                                   site.tensor(p.output).scale(), low_of(p.range), high_of(p.range),
                                   0, op);
      },
      [&](xnn_operator_t op) {
        return lib.setup_mean_qs8(op, z(s.input.n), pixels, site.in<std::int8_t>(p.input),
                                  site.out<std::int8_t>(p.output), site.pool);
      });
}

std::vector<std::size_t> extents_of(const Tensor& tensor) {
  return {tensor.shape.begin(), tensor.shape.end()};
}

Made addition(const Site& site) {
  AIOT_TRY(const auto a, prepare_arithmetic(site.node));
  const auto left = extents_of(site.tensor(a.a));
  const auto right = extents_of(site.tensor(a.b));
  const bool takes = a.type == Type::int8 || a.type == Type::float32;
  if (!takes || std::max(left.size(), right.size()) > XNN_MAX_TENSOR_DIMS) {
    return std::optional<XnnpackOperator>();
  }
  const auto& lib = *site.library;
  if (a.type == Type::float32) {
    return site.make(
        [&](xnn_operator_t* op) { return lib.create_add_f32(a.range.low, a.range.high, 0, op); },
        [&](xnn_operator_t op) {
          return lib.setup_add_f32(op, left.size(), left.data(), right.size(), right.data(),
                                   site.in<float>(a.a), site.in<float>(a.b),
                                   site.out<float>(a.output), site.pool);
        });
  }
  const auto& out = site.tensor(a.output);
  return site.make(
      [&](xnn_operator_t* op) {
        return lib.create_add_qs8(zero_of(site.tensor(a.a)), site.tensor(a.a).scale(),
                                  zero_of(site.tensor(a.b)), site.tensor(a.b).scale(), zero_of(out),
                                  out.scale(), low_of(a.quantized.range),
                                  high_of(a.quantized.range), 0, op);
      },
      [&](xnn_operator_t op) {
        return lib.setup_add_qs8(op, left.size(), left.data(), right.size(), right.data(),
                                 site.in<std::int8_t>(a.a), site.in<std::int8_t>(a.b),
                                 site.out<std::int8_t>(a.output), site.pool);
      });
}

Made softmax(const Site& site) {
  AIOT_TRY(const auto s, prepare_softmax(site.node));
  if (s.type != Type::float32 || s.beta != 1.0F) return std::optional<XnnpackOperator>();
  const auto depth = z(s.depth);
  const auto& lib = *site.library;
  return site.make(
      [&](xnn_operator_t* op) { return lib.create_softmax_f32(depth, depth, depth, 0, op); },
      [&](xnn_operator_t op) {
        return lib.setup_softmax_f32(op, z(s.rows), site.in<float>(s.input),
                                     site.out<float>(s.output), site.pool);
      });
}

/// The operator of `node` made and set up on the tensors at `places`; nullopt for one that the
/// portable kernels have to do. Errc::engine_failed when XNNPACK refuses it, and the errors of the
/// operator's preparation.
Made make_xnnpack_operator(const std::shared_ptr<const XnnpackLibrary>& library, const Node& node,
                           const Places& places, pthreadpool_t pool_of_threads) {
  AIOT_TRY(const bool works, has_work(node));
  if (!works) return std::optional<XnnpackOperator>();
  const Site site{library, node, places, pool_of_threads};
  switch (node.op().code) {
    case Code::conv_2d:
    case Code::depthwise_conv_2d: return convolution(site);
    case Code::fully_connected: return fully_connected(site);
    case Code::average_pool_2d: return pool(site);
    case Code::add: return addition(site);
    case Code::softmax: return softmax(site);
    default: return std::optional<XnnpackOperator>();
  }
}

/// One operator: XNNPACK's, or a step on the portable kernels.
struct Item {
  XnnpackOperator op;
  Step step;
};

class XnnpackEngine final : public ModelEngine {
 public:
  XnnpackEngine(std::shared_ptr<const Model> model, std::shared_ptr<const XnnpackLibrary> library,
                std::shared_ptr<struct pthreadpool> pool, Constants constants, const Arena& arena)
      : ModelEngine(std::move(model)),
        library_(std::move(library)),
        pool_(std::move(pool)),
        constants_(std::move(constants)),
        memory_(arena.bytes) {
    places_ = Places(constants_, arena, memory_.as<std::uint8_t>());
    places_.variables = &variables();
  }

  Result<void> make_operators() {
    for (std::size_t i = 0; i < model().operators.size(); ++i) {
      const Node node(model(), i);
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
  Result<void> invoke() override {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      AIOT_CHECK(run(i));
    }
    return finished();
  }
  Result<void> invoke_timed(std::span<std::chrono::nanoseconds> times) override {
    Lap lap;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      AIOT_CHECK(run(i));
      lap.add_to(times[i]);
    }
    return finished();
  }
  /// XNNPACK does not report the size of its packed weights.
  MemoryUse memory() const override {
    return {memory_.bytes() + variables_bytes(), constants_.bytes(), model().file.size()};
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
    return check(status, Node(model(), index).where());
  }

  std::shared_ptr<const XnnpackLibrary> library_;
  std::shared_ptr<struct pthreadpool> pool_;
  Constants constants_;
  fast::Buffer memory_;  // with the room behind it that XNNPACK reads into
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
}  // namespace xnnpack

Result<std::unique_ptr<Engine>> make_xnnpack_engine(std::shared_ptr<const Model> model,
                                                    const EngineOptions& options) {
  using namespace xnnpack;
  auto loaded = load_functions<XnnpackLibrary>("libXNNPACK.so.0", "libxnnpack0", wanted);
  if (!loaded) return missing(loaded.error());
  const auto library = std::make_shared<const XnnpackLibrary>(*std::move(loaded));
  AIOT_CHECK(check(library->initialize(nullptr), "starting"));
  AIOT_TRY(auto pool, make_pool(options.threads));
  AIOT_TRY(auto constants, Constants::of(*model));
  AIOT_TRY(const auto arena, plan_arena(*model, alignment));
  auto engine = std::make_unique<XnnpackEngine>(std::move(model), library, std::move(pool),
                                                std::move(constants), arena);
  AIOT_CHECK(engine->make_operators());
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace aiot::inference
