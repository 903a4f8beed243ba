#include "inference/external/xnnpack_operators.hpp"

#include <algorithm>

#include "inference/prepare/arithmetic.hpp"
#include "inference/prepare/conv.hpp"
#include "inference/prepare/fully_connected.hpp"
#include "inference/prepare/pool.hpp"
#include "inference/prepare/softmax.hpp"

namespace aiot::inference {
namespace {

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
    AIOT_CHECK(xnnpack_check(create(&made), node.where()));
    XnnpackOperator op(made, [keep = library](xnn_operator_t o) { keep->delete_operator(o); });
    AIOT_CHECK(xnnpack_check(setup(made), node.where()));
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
  if (!site.tensor(c.filter).is_constant()) return std::optional<XnnpackOperator>();
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
  if (!weights.is_constant() || (f.type == Type::int8 && !one_scale)) {
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
  if (p.maximum || !whole) return std::optional<XnnpackOperator>();
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
  if (std::max(left.size(), right.size()) > XNN_MAX_TENSOR_DIMS) {
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

}  // namespace

Made make_xnnpack_operator(const std::shared_ptr<const XnnpackLibrary>& library, const Node& node,
                           const Places& places, pthreadpool_t pool_of_threads) {
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

}  // namespace aiot::inference
