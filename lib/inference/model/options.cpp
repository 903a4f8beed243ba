#include "inference/model/options.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "inference/model/flexbuffer.hpp"

namespace aiot::inference {
namespace {

using flatbuffer::Document;
using flatbuffer::Field;
using flatbuffer::Table;

/// BuiltinOptions of the schema: the number of each union member that is read here.
enum class OptionsKind : std::uint8_t {
  none = 0,
  conv_2d = 1,
  depthwise_conv_2d = 2,
  pool_2d = 5,
  svdf = 6,
  fully_connected = 8,
  softmax = 9,
  concatenation = 10,
  add = 11,
  l2_norm = 12,
  resize_bilinear = 15,
  space_to_depth = 19,
  mul = 21,
  gather = 23,
  reducer = 27,
  sub = 28,
  div = 29,
  strided_slice = 32,
  split = 35,
  arg_max = 40,
  transpose_conv = 49,
  arg_min = 57,
  pack = 59,
  unpack = 64,
  unidirectional_sequence_lstm = 71,
  resize_nearest_neighbor = 74,
  leaky_relu = 75,
  mirror_pad = 77,
  split_v = 79,
  if_ = 92,
  while_ = 93,
  depth_to_space = 94,
  batch_matmul = 101,
  cumsum = 102,
  call_once = 103,
  var_handle = 111,
};

/// The member that goes with an operator; none for an operator whose options are not needed.
OptionsKind options_kind(Code code) {
  switch (code) {
    case Code::conv_2d: return OptionsKind::conv_2d;
    case Code::depthwise_conv_2d: return OptionsKind::depthwise_conv_2d;
    case Code::average_pool_2d:
    case Code::l2_pool_2d:
    case Code::max_pool_2d: return OptionsKind::pool_2d;
    case Code::fully_connected: return OptionsKind::fully_connected;
    case Code::svdf: return OptionsKind::svdf;
    case Code::unidirectional_sequence_lstm: return OptionsKind::unidirectional_sequence_lstm;
    case Code::softmax: return OptionsKind::softmax;
    case Code::l2_normalization: return OptionsKind::l2_norm;
    case Code::concatenation: return OptionsKind::concatenation;
    case Code::add: return OptionsKind::add;
    case Code::mul: return OptionsKind::mul;
    case Code::sub: return OptionsKind::sub;
    case Code::div: return OptionsKind::div;
    case Code::arg_max: return OptionsKind::arg_max;
    case Code::arg_min: return OptionsKind::arg_min;
    case Code::resize_bilinear: return OptionsKind::resize_bilinear;
    case Code::resize_nearest_neighbor: return OptionsKind::resize_nearest_neighbor;
    case Code::mean:
    case Code::sum:
    case Code::reduce_max:
    case Code::reduce_min:
    case Code::reduce_all: return OptionsKind::reducer;
    case Code::gather: return OptionsKind::gather;
    case Code::mirror_pad: return OptionsKind::mirror_pad;
    case Code::batch_matmul: return OptionsKind::batch_matmul;
    case Code::cumsum: return OptionsKind::cumsum;
    case Code::strided_slice: return OptionsKind::strided_slice;
    case Code::split: return OptionsKind::split;
    case Code::transpose_conv: return OptionsKind::transpose_conv;
    case Code::pack: return OptionsKind::pack;
    case Code::leaky_relu: return OptionsKind::leaky_relu;
    case Code::split_v: return OptionsKind::split_v;
    case Code::unpack: return OptionsKind::unpack;
    case Code::space_to_depth: return OptionsKind::space_to_depth;
    case Code::depth_to_space: return OptionsKind::depth_to_space;
    case Code::if_: return OptionsKind::if_;
    case Code::while_: return OptionsKind::while_;
    case Code::call_once: return OptionsKind::call_once;
    case Code::var_handle: return OptionsKind::var_handle;
    default: return OptionsKind::none;
  }
}

/// Each member's fields in the order of the schema, once for reading and writing: `io(index, value,
/// default)`, where the default is the schema's.
template <class Options, class Io>
void each_field(OptionsKind kind, Options& options, const Io& io) {
  using Kind = OptionsKind;
  switch (kind) {
    case Kind::none: return;
    case Kind::conv_2d: {
      auto& o = io.template of<ConvOptions>(options);
      io(0, o.padding), io(1, o.stride_w), io(2, o.stride_h), io(3, o.activation);
      io(4, o.dilation_w, 1), io(5, o.dilation_h, 1);
      return;
    }
    case Kind::depthwise_conv_2d: {
      auto& o = io.template of<ConvOptions>(options);
      io(0, o.padding), io(1, o.stride_w), io(2, o.stride_h), io(3, o.depth_multiplier);
      io(4, o.activation), io(5, o.dilation_w, 1), io(6, o.dilation_h, 1);
      return;
    }
    case Kind::transpose_conv: {
      auto& o = io.template of<ConvOptions>(options);
      io(0, o.padding), io(1, o.stride_w), io(2, o.stride_h), io(3, o.activation);
      return;
    }
    case Kind::pool_2d: {
      auto& o = io.template of<PoolOptions>(options);
      io(0, o.padding), io(1, o.stride_w), io(2, o.stride_h);
      io(3, o.filter_w), io(4, o.filter_h), io(5, o.activation);
      return;
    }
    case Kind::fully_connected: {
      auto& o = io.template of<FullyConnectedOptions>(options);
      io(0, o.activation), io(1, o.weights_format), io(2, o.keep_num_dims);
      return;
    }
    case Kind::softmax: {
      auto& o = io.template of<SoftmaxOptions>(options);
      return io(0, o.beta);
    }
    case Kind::concatenation: {
      auto& o = io.template of<ConcatenationOptions>(options);
      io(0, o.axis), io(1, o.activation);
      return;
    }
    case Kind::add:
    case Kind::l2_norm:
    case Kind::mul:
    case Kind::sub:
    case Kind::div: {
      auto& o = io.template of<ArithmeticOptions>(options);
      return io(0, o.activation);
    }
    case Kind::resize_bilinear: {  // the first two fields are of old files
      auto& o = io.template of<ResizeOptions>(options);
      io(2, o.align_corners), io(3, o.half_pixel_centers);
      return;
    }
    case Kind::resize_nearest_neighbor: {
      auto& o = io.template of<ResizeOptions>(options);
      io(0, o.align_corners), io(1, o.half_pixel_centers);
      return;
    }
    case Kind::reducer: {
      auto& o = io.template of<ReduceOptions>(options);
      return io(0, o.keep_dims);
    }
    case Kind::strided_slice: {
      auto& o = io.template of<StridedSliceOptions>(options);
      io(0, o.begin_mask), io(1, o.end_mask), io(2, o.ellipsis_mask);
      io(3, o.new_axis_mask), io(4, o.shrink_axis_mask), io(5, o.offset);
      return;
    }
    case Kind::split:
    case Kind::split_v: {
      auto& o = io.template of<SplitOptions>(options);
      return io(0, o.num_splits);
    }
    case Kind::pack:
    case Kind::unpack: {
      auto& o = io.template of<PackOptions>(options);
      io(0, o.values_count), io(1, o.axis);
      return;
    }
    case Kind::leaky_relu: {
      auto& o = io.template of<LeakyReluOptions>(options);
      return io(0, o.alpha);
    }
    case Kind::arg_max:
    case Kind::arg_min: {
      auto& o = io.template of<ArgOptions>(options);
      return io(0, o.output_type);
    }
    case Kind::svdf: {
      auto& o = io.template of<SvdfOptions>(options);
      io(0, o.rank), io(1, o.activation);
      return;
    }
    case Kind::unidirectional_sequence_lstm: {
      auto& o = io.template of<LstmOptions>(options);
      io(0, o.activation), io(1, o.cell_clip), io(2, o.projection_clip), io(3, o.time_major);
      return;
    }
    case Kind::mirror_pad: {
      auto& o = io.template of<MirrorPadOptions>(options);
      return io(0, o.symmetric);
    }
    case Kind::gather: {
      auto& o = io.template of<GatherOptions>(options);
      io(0, o.axis), io(1, o.batch_dims);
      return;
    }
    case Kind::batch_matmul: {
      auto& o = io.template of<BatchMatMulOptions>(options);
      io(0, o.transpose_a), io(1, o.transpose_b);
      return;
    }
    case Kind::cumsum: {
      auto& o = io.template of<CumSumOptions>(options);
      io(0, o.exclusive), io(1, o.reverse);
      return;
    }
    case Kind::space_to_depth:
    case Kind::depth_to_space: {
      auto& o = io.template of<BlockOptions>(options);
      return io(0, o.size);
    }
    case Kind::if_:
    case Kind::while_: {
      auto& o = io.template of<BranchOptions>(options);
      io(0, o.first), io(1, o.second);
      return;
    }
    case Kind::call_once: {
      auto& o = io.template of<CallOnceOptions>(options);
      return io(0, o.subgraph);
    }
    case Kind::var_handle: {
      auto& o = io.template of<VarHandleOptions>(options);
      io(0, o.container), io(1, o.name);
      return;
    }
  }
}

class OptionsReader {
 public:
  OptionsReader(Document& document, const Table& table) : document_(document), table_(table) {}

  template <class T>
  T& of(decltype(Operator::options)& options) const {
    return options.emplace<T>();
  }
  template <class T>
  void operator()(int field, T& value, T otherwise = T{}) const {
    value = table_.scalar<T>(field, otherwise);
  }
  void operator()(int field, bool& value) const {
    value = table_.scalar<std::uint8_t>(field, 0) != 0;
  }
  void operator()(int field, std::string& value) const {
    constexpr std::size_t most_bytes = 256;
    value = table_.string(field, most_bytes);
  }
  void operator()(int field, Type& value) const {
    value = static_cast<Type>(table_.scalar<std::uint8_t>(field, 0));
  }
  void operator()(int field, Padding& value) const { value = named<Padding>(field, 1, "padding"); }
  void operator()(int field, Activation& value) const {
    value = named<Activation>(field, 5, "activation function");
  }

 private:
  template <class T>
  T named(int field, int last, const char* name) const {
    const auto value = table_.scalar<std::int8_t>(field, 0);
    if (value < 0 || value > last) {
      document_.fail(Errc::bad_model, std::string(name) + ' ' + std::to_string(value));
    }
    return static_cast<T>(value);
  }

  Document& document_;
  const Table& table_;
};

class OptionsWriter {
 public:
  explicit OptionsWriter(WrittenOptions& to) : to_(to) {}

  template <class T>
  const T& of(const decltype(Operator::options)& options) const {
    return std::get<T>(options);
  }
  template <class T>
  void operator()(int field, T value, T /*otherwise*/ = T{}) const {
    to_.fields.push_back(Field::scalar(field, value));
  }
  void operator()(int field, const std::string& value) const {
    to_.strings.emplace_back(to_.fields.size(), value);
    to_.fields.push_back(Field::offset(field));
  }

 private:
  WrittenOptions& to_;
};

}  // namespace

decltype(Operator::options) read_options(Document& document, Code code, std::uint8_t kind,
                                         const Table& table) {
  decltype(Operator::options) options;
  const auto wanted = options_kind(code);
  if (wanted == OptionsKind::none) return options;
  if (kind != 0 && kind != static_cast<std::uint8_t>(wanted)) {
    document.fail(Errc::bad_model, "options of another operator");
    return options;
  }
  each_field(wanted, options, OptionsReader(document, table));
  return options;
}

decltype(Operator::options) read_custom_options(Document& document, Code code, ByteSpan bytes) {
  decltype(Operator::options) options;
  if (code != Code::detection_postprocess) return options;
  constexpr std::size_t most_bytes = 4096;
  const flexbuffer::Map map(bytes.first(std::min(bytes.size(), most_bytes)));
  if (bytes.size() > most_bytes || !map.is_valid()) {
    document.fail(Errc::bad_model, "options that are no map");
    return options;
  }
  auto& o = options.emplace<DetectionOptions>();
  const auto real = [&](const char* key) {
    return static_cast<float>(map.number(key).value_or(0));
  };
  const auto count = [&](const char* key, std::int32_t otherwise) {
    const double value = map.number(key).value_or(otherwise);
    if (value >= 0 && value <= (1 << 20)) return static_cast<std::int32_t>(value);
    document.fail(Errc::bad_model, std::string(key) + " out of range");
    return otherwise;
  };
  o.map.assign(bytes.begin(), bytes.end());
  o.max_detections = count("max_detections", 0);
  o.classes = count("num_classes", 0);
  o.classes_per_detection = count("max_classes_per_detection", 0);
  o.detections_per_class = count("detections_per_class", 100);
  o.regular = map.number("use_regular_nms").value_or(0) != 0;
  o.score_threshold = real("nms_score_threshold");
  o.overlap_threshold = real("nms_iou_threshold");
  o.y_scale = real("y_scale");
  o.x_scale = real("x_scale");
  o.h_scale = real("h_scale");
  o.w_scale = real("w_scale");
  return options;
}

WrittenOptions write_options(const Operator& op) {
  const auto kind = options_kind(op.code);
  WrittenOptions written;
  written.kind = static_cast<std::uint8_t>(kind);
  each_field(kind, op.options, OptionsWriter(written));
  return written;
}

}  // namespace aiot::inference
