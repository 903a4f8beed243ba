#include "inference/fast/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <variant>

#include "inference/fast/step.hpp"
#include "inference/fast/work.hpp"
#include "inference/prepare/prepare.hpp"
#include "inference/reference/memory.hpp"

namespace aiot::inference::fast {

const Kernels* kernels_of(Isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case Isa::avx2: return &avx2_kernels;
    case Isa::avx_vnni: return &avx_vnni_kernels;
    case Isa::avx512_vnni: return &avx512_vnni_kernels;
#elif defined(__aarch64__)
    case Isa::neon: return &neon_kernels;
    case Isa::neon_dot: return &neon_dot_kernels;
#endif
    default: return nullptr;
  }
}

namespace {

/// A model as a list of works, with the memory that they work in.
struct Plan {
  struct Item {
    std::size_t op = 0;  ///< the operator whose time it takes
    std::unique_ptr<Work> work;
  };
  std::vector<Item> items;
  std::unique_ptr<Homes> homes;  ///< where it stays when the plan is moved
  Buffer memory;
  std::size_t constant_bytes = 0;
};

/// An operator that the fast kernels may have; nothing for what they have not.
using Prepared =
    std::variant<std::monostate, Conv, FullyConnected, inference::Pool, Arithmetic, Extreme, Copy>;

template <class T>
Result<Prepared> of_types(Result<T> prepared, std::initializer_list<Type> types) {
  if (!prepared) return std::move(prepared).error();
  if (std::ranges::find(types, prepared->type) == types.end()) return Prepared{};
  // What a file has as uint8: weights with a zero point, another rounding of averages.
  if constexpr (requires { prepared->quantized.weights_offset; }) {
    if (prepared->quantized.weights_offset != 0) return Prepared{};
  }
  if constexpr (requires { prepared->shape.offset; }) {
    if (prepared->shape.offset != 0) return Prepared{};
  }
  return Prepared(*std::move(prepared));
}

Result<Prepared> prepare(const Node& node) {
  AIOT_TRY(const bool works, has_work(node));
  if (!works) return Prepared{};
  switch (node.op().code) {
    case Code::conv_2d:
    case Code::depthwise_conv_2d: return of_types(prepare_conv(node), {Type::int8, Type::float32});
    case Code::fully_connected:
      return of_types(prepare_fully_connected(node), {Type::int8, Type::float32});
    case Code::average_pool_2d:
    case Code::max_pool_2d: return of_types(prepare_pool(node), {Type::int8, Type::float32});
    case Code::add:
    case Code::sub:
    case Code::mul: return of_types(prepare_arithmetic(node), {Type::int8});
    case Code::maximum:
    case Code::minimum: return of_types(prepare_extreme(node), {Type::int8});
    case Code::reshape:
    case Code::squeeze:
    case Code::expand_dims: {
      AIOT_TRY(auto copy, prepare_copy(node));
      return Prepared(copy);
    }
    default: return Prepared{};
  }
}

/// A tensor as an image; what has not four dimensions is one pixel.
kernel::Shape image_of(const Tensor& tensor) {
  const auto& s = tensor.shape;
  if (s.size() == 4) return {s[0], s[1], s[2], s[3]};
  return {1, 1, 1, static_cast<std::int32_t>(tensor.elements())};
}

/// Offsets of elements are 32 bits: what comes near their end is left to the portable kernels.
constexpr std::size_t most_elements = std::numeric_limits<std::int32_t>::max() / 8;

/// Works that two threads do clearly faster than one, and those they do not do slower:
/// Work::cost().
constexpr std::int64_t shared_worth = 500'000;
constexpr std::int64_t least_shared = 20'000;

/// Operators that `kernels` have go there, all others to the portable kernels; between the two,
/// tensors are converted once. The model and the constants outlive the plan.
class Planner {
 public:
  Planner(const Model& model, const Constants& constants, const Kernels& kernels)
      : model_(model),
        constants_(constants),
        kernels_(kernels),
        elements_(model.tensors.size(), none),
        dense_(model.tensors.size(), none) {}

  Result<Plan> plan() {
    AIOT_CHECK(prepare_all());
    for (const auto input : model_.inputs) keep(dense_, input, dense_bytes(input));
    for (std::size_t i = 0; i < model_.operators.size(); ++i) {
      op_ = i;
      if (!emit_fast()) {
        AIOT_CHECK(emit_portable());
      }
    }
    for (const auto output : model_.outputs) need_dense(output);
    const auto end = plan_.items.size();
    for (const auto* tensors : {&model_.inputs, &model_.outputs}) {
      for (const auto tensor : *tensors) {
        if (dense_[index(tensor)] != none) lives_[dense_[index(tensor)]].last = end;
      }
    }
    for (const auto input : model_.inputs) lives_[dense_[index(input)]].first = 0;
    AIOT_CHECK(place_all());
    share();
    return std::move(plan_);
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  static std::size_t index(std::int32_t tensor) { return static_cast<std::size_t>(tensor); }
  const Tensor& tensor(std::int32_t t) const { return model_.tensors[index(t)]; }

  /// All operators, and the room around each tensor that their windows need.
  Result<void> prepare_all() {
    for (const auto& t : model_.tensors) layouts_.push_back({image_of(t)});
    for (std::size_t i = 0; i < model_.operators.size(); ++i) {
      AIOT_TRY(auto prepared, prepare(Node(model_, i)));
      if (const auto* conv = std::get_if<Conv>(&prepared)) {
        auto wide = layouts_[index(conv->input)];
        widen_for(wide, conv->shape.window, conv->shape.output);
        if (wide.shape.n * static_cast<std::size_t>(wide.image()) < most_elements) {
          layouts_[index(conv->input)] = wide;
        } else {
          prepared = {};
        }
      }
      prepared_.push_back(std::move(prepared));
    }
    return {};
  }

  // Memory: the life of a tensor in one of its two forms goes on each time it is used.
  std::size_t dense_bytes(std::int32_t t) const { return tensor(t).bytes(); }
  Form form(std::int32_t t) const { return form_of(kernels_, tensor(t)); }
  std::size_t element_bytes(std::int32_t t) const {
    return layouts_[index(t)].elements() * static_cast<std::size_t>(form(t).element_bytes);
  }
  /// Its elements are its dense values.
  bool is_one_form(std::int32_t t) const {
    return tensor(t).type == Type::float32 && !layouts_[index(t)].has_padding();
  }
  void keep(std::vector<std::size_t>& form, std::int32_t t, std::size_t bytes) {
    const auto now = plan_.items.size();
    if (form[index(t)] == none) {
      form[index(t)] = lives_.size();
      const auto rounded = (bytes + Buffer::alignment - 1) & ~(Buffer::alignment - 1);
      // What reads behind a tensor's end reads what no work writes.
      lives_.push_back({lives_.size(), rounded + Buffer::alignment, now, now, 0});
    }
    lives_[form[index(t)]].last = now;
  }

  void emit(std::unique_ptr<Work> work) {
    plan_.constant_bytes += work->constant_bytes();
    plan_.items.push_back({op_, std::move(work)});
  }
  bool is_computed(std::int32_t t) const { return t >= 0 && !tensor(t).is_constant(); }
  /// The tensor is there as elements when the next work runs.
  void need_elements(std::int32_t t) {
    if (elements_[index(t)] == none) {
      make_elements(t);
      keep(dense_, t, dense_bytes(t));
      if (!is_one_form(t)) emit(take_work(form(t), layouts_[index(t)], t));
    }
    keep(elements_, t, element_bytes(t));
  }
  void need_dense(std::int32_t t) {
    if (!is_computed(t)) return;
    if (dense_[index(t)] == none && elements_[index(t)] != none) {
      keep(elements_, t, element_bytes(t));
      keep(dense_, t, dense_bytes(t));
      emit(give_work(form(t), layouts_[index(t)], t));
    }
    keep(dense_, t, dense_bytes(t));
  }
  /// The next work writes the tensor as elements.
  void make_elements(std::int32_t t) {
    if (is_one_form(t)) {
      keep(dense_, t, dense_bytes(t));
      elements_[index(t)] = dense_[index(t)];
      return;
    }
    keep(elements_, t, element_bytes(t));
    if (!layouts_[index(t)].has_padding()) return;
    emit(padding_work(form(t), layouts_[index(t)], t));
    keep(elements_, t, element_bytes(t));
  }

  template <class T>
  const T* constant(std::int32_t t) const {
    return t < 0 ? nullptr : reinterpret_cast<const T*>(constants_.places()[index(t)]);
  }
  /// float32 weights, which may be int8 in the file.
  const float* real_constant(const std::vector<float>& real, std::int32_t t) const {
    return real.empty() ? constant<float>(t) : real.data();
  }
  /// Weights and bias are known now.
  bool constant_weights(std::int32_t weights, std::int32_t bias) const {
    return tensor(weights).is_constant() && (bias < 0 || tensor(bias).is_constant());
  }

  /// False when the operator has to go to the portable kernels.
  bool emit_fast() {
    return std::visit([this](const auto& prepared) { return emit_fast(prepared); }, prepared_[op_]);
  }
  static bool emit_fast(const std::monostate& /*nothing*/) { return false; }

  /// From `input` to `output` by a work that has been packed; false when it could not be.
  template <class Packed, class Make>
  bool emit_packed(std::optional<Packed> packed, const Make& make, std::int32_t input,
                   std::int32_t output) {
    if (!packed) return false;
    need_elements(input);
    make_elements(output);
    keep(elements_, input, element_bytes(input));
    emit(make(kernels_, std::move(*packed), input, output));
    return true;
  }

  bool emit_fast(const Conv& c) {
    if (!is_computed(c.input) || !constant_weights(c.filter, c.bias)) return false;
    const auto& in = layouts_[index(c.input)];
    const auto& out = layouts_[index(c.output)];
    if (c.type == Type::float32) {
      const auto* weights = real_constant(c.real_weights, c.filter);
      const auto* bias = constant<float>(c.bias);
      if (c.depthwise && c.shape.depth_multiplier == 1 && c.shape.output.c > 1) {
        return emit_packed(
            pack_real_depthwise(kernels_.real, c.shape, c.range, weights, bias, in, out),
            real_depthwise_work, c.input, c.output);
      }
      return emit_packed(
          pack_real_convolution(kernels_.real, c.shape, c.range, weights, bias, in, out),
          real_convolution_work, c.input, c.output);
    }
    const auto* filter = constant<std::int8_t>(c.filter);
    const auto* bias = constant<std::int32_t>(c.bias);
    if (c.depthwise && c.shape.depth_multiplier == 1) {
      return emit_packed(
          pack_depthwise(kernels_, c.shape, c.quantized.view(), filter, bias, in, out),
          depthwise_work, c.input, c.output);
    }
    auto winograd = pack_winograd(kernels_, c.shape, c.quantized.view(), filter, bias, in, out);
    if (winograd) return emit_packed(std::move(winograd), winograd_work, c.input, c.output);
    return emit_packed(
        pack_convolution(kernels_, c.shape, c.quantized.view(), filter, bias, in, out),
        convolution_work, c.input, c.output);
  }

  bool emit_fast(const FullyConnected& f) {
    if (!is_computed(f.input) || !constant_weights(f.weights, f.bias)) return false;
    kernel::ConvShape shape;
    shape.input = {1, f.shape.rows, 1, f.shape.depth};
    shape.output = {1, f.shape.rows, 1, f.shape.outputs};
    shape.group_channels = f.shape.depth;
    const bool padded =
        layouts_[index(f.input)].has_padding() || layouts_[index(f.output)].has_padding();
    if (f.type == Type::float32) {
      if (padded) return false;
      return emit_packed(
          pack_real_convolution(kernels_.real, shape, f.range,
                                real_constant(f.real_weights, f.weights), constant<float>(f.bias),
                                {shape.input}, {shape.output}),
          real_convolution_work, f.input, f.output);
    }
    const auto* weights = constant<std::int8_t>(f.weights);
    const auto* bias = constant<std::int32_t>(f.bias);
    if (auto dense = pack_dense(kernels_, f.shape, f.quantized.view(), weights, bias)) {
      need_dense(f.input);
      keep(dense_, f.output, dense_bytes(f.output));
      emit(dense_work(kernels_, std::move(*dense), f.input, f.output));
      return true;
    }
    if (padded) return false;
    return emit_packed(pack_convolution(kernels_, shape, f.quantized.view(), weights, bias,
                                        {shape.input}, {shape.output}),
                       convolution_work, f.input, f.output);
  }

  bool emit_fast(const inference::Pool& p) {
    if (!is_computed(p.input)) return false;
    if (p.type == Type::float32) {
      return emit_packed(
          std::optional(pack_real_pool(p.shape, p.maximum, p.real_range, layouts_[index(p.input)],
                                       layouts_[index(p.output)])),
          real_pool_work, p.input, p.output);
    }
    return emit_packed(
        std::optional(pack_pool(kernels_, p.shape, p.maximum, p.range, tensor(p.input).zero_point(),
                                tensor(p.output).zero_point(), layouts_[index(p.input)],
                                layouts_[index(p.output)])),
        pool_work, p.input, p.output);
  }

  bool emit_fast(const Arithmetic& a) {
    const auto& q = a.quantized;
    const auto pairing = a.code == Code::add   ? Pairing::sum
                         : a.code == Code::sub ? Pairing::difference
                                               : Pairing::product;
    return emit_pair({pairing, q.factor_a, q.factor_b, q.factor_output, -q.offset_a, -q.offset_b,
                      q.output_offset, q.range},
                     a.shape, a.a, a.b, a.output);
  }
  bool emit_fast(const Extreme& e) {
    const auto zero = [&](std::int32_t t) { return tensor(t).zero_point(); };
    const auto pairing = e.maximum ? Pairing::maximum : Pairing::minimum;
    const AdditionFactors factors{pairing, {}, {}, {}, zero(e.a), zero(e.b), zero(e.output)};
    return emit_pair(factors, e.shape, e.a, e.b, e.output);
  }

  /// b's `values` are those of the innermost dimension, repeated along all others; or only one.
  static bool is_repeated(const kernel::Broadcast& shape, std::int32_t values) {
    constexpr int last = kernel::Broadcast::rank - 1;
    return (values == 1 || values == shape.extent[last]) &&
           std::all_of(shape.step_b, shape.step_b + last,
                       [](std::size_t step) { return step == 0; });
  }

  bool emit_pair(AdditionFactors factors, kernel::Broadcast shape, std::int32_t a, std::int32_t b,
                 std::int32_t output) {
    if (!is_computed(a) && factors.pairing != Pairing::difference) {
      std::swap(a, b);
      std::swap(shape.step_a, shape.step_b);
      std::swap(factors.left, factors.right);
      std::swap(factors.left_zero_point, factors.right_zero_point);
    }
    const auto& left = layouts_[index(a)];
    const auto& out = layouts_[index(output)];
    const auto same = [&](const Layout& x) { return Layout{x.shape} == Layout{out.shape}; };
    if (!is_computed(a) || !same(left)) return false;
    Layout right{out.shape};
    std::vector<std::int8_t> whole;  // a constant in the output's shape
    std::int32_t repeated = 0;
    if (!is_computed(b)) {
      const auto* values = constant<std::int8_t>(b);
      if (values == nullptr) return false;
      whole.resize(out.shape.elements());
      std::copy_n(shape.step_b, kernel::Broadcast::rank, shape.step_a);
      kernel::for_each_pair(shape, values, values, whole.data(),
                            [](std::int8_t value, std::int8_t) { return value; });
    } else if (same(layouts_[index(b)])) {
      right = layouts_[index(b)];
    } else {
      repeated = static_cast<std::int32_t>(tensor(b).elements());
      if (!is_repeated(shape, repeated)) return false;
    }
    const bool is_constant = !whole.empty();
    auto packed = pack_addition(kernels_, factors, left, right, out,
                                is_constant ? whole.data() : nullptr, repeated);
    if (!packed) return false;
    const bool by_elements = !is_constant && repeated == 0;
    need_elements(a);
    if (by_elements) need_elements(b);
    if (repeated > 0) need_dense(b);
    make_elements(output);
    keep(elements_, a, element_bytes(a));
    if (by_elements) keep(elements_, b, element_bytes(b));
    if (repeated > 0) need_dense(b);
    emit(addition_work(kernels_, std::move(*packed), a, is_constant ? -1 : b, output));
    return true;
  }

  /// The same elements under another name.
  bool emit_fast(const Copy& c) {
    if (!is_computed(c.input) || elements_[index(c.input)] == none ||
        tensor(c.input).type != Type::int8 || tensor(c.output).type != Type::int8 ||
        tensor(c.input).zero_point() != tensor(c.output).zero_point() ||
        layouts_[index(c.input)].has_padding() || layouts_[index(c.output)].has_padding()) {
      return false;
    }
    keep(elements_, c.input, element_bytes(c.input));
    elements_[index(c.output)] = elements_[index(c.input)];
    return true;
  }

  Result<void> emit_portable() {
    const Node node(model_, op_);
    AIOT_TRY(auto fast_step, make_fast_step(kernels_, node));
    if (!fast_step) {
      AIOT_TRY(fast_step, make_step(node));
    }
    for (const auto t : node.op().inputs) need_dense(t);
    for (const auto t : node.op().outputs) keep(dense_, t, dense_bytes(t));
    for (const auto t : node.op().inputs) need_dense(t);
    emit(portable_work(*std::move(fast_step)));
    return {};
  }

  Result<void> place_all() {
    AIOT_TRY(const auto bytes, place(lives_));
    plan_.memory = Buffer(bytes);
    std::vector<std::byte*> places(lives_.size());
    for (const auto& life : lives_) places[life.index] = plan_.memory.data() + life.offset;
    plan_.homes = std::make_unique<Homes>();
    auto& homes = *plan_.homes;
    homes.dense.read = constants_.places();
    homes.dense.write.resize(model_.tensors.size());
    homes.elements.resize(model_.tensors.size());
    for (std::size_t t = 0; t < model_.tensors.size(); ++t) {
      if (elements_[t] != none) homes.elements[t] = places[elements_[t]];
      if (dense_[t] == none) continue;
      homes.dense.write[t] = reinterpret_cast<std::uint8_t*>(places[dense_[t]]);
      homes.dense.read[t] = homes.dense.write[t];
    }
    for (auto& item : plan_.items) item.work->bind(homes);
    return {};
  }

  /// A second thread brings most in the first layers, which are large. Starting each work costs
  /// time, and what one thread computed the other fetches: after the last work that is worth it,
  /// one thread does the rest.
  void share() {
    const auto last = std::find_if(plan_.items.rbegin(), plan_.items.rend(), [](const auto& item) {
      return item.work->cost() >= shared_worth;
    });
    for (auto item = last; item != plan_.items.rend(); ++item) {
      if (item->work->cost() >= least_shared) item->work->share();
    }
  }

  const Model& model_;
  const Constants& constants_;
  const Kernels& kernels_;
  std::vector<Prepared> prepared_;
  std::vector<Layout> layouts_;
  std::vector<std::size_t> elements_, dense_;  ///< by tensor: index in lives_, or none
  std::vector<Life> lives_;
  std::size_t op_ = 0;
  Plan plan_;
};

class FastEngine final : public ModelEngine {
 public:
  FastEngine(std::shared_ptr<const Model> model, std::unique_ptr<Constants> constants, Plan plan,
             Isa isa, unsigned threads)
      : ModelEngine(std::move(model)),
        constants_(std::move(constants)),
        plan_(std::move(plan)),
        isa_(isa),
        team_(threads) {
    plan_.homes->dense.variables = &variables();
    places_ = plan_.homes->dense;
  }

  std::string name() const override { return fmt::format("reference {}", name_of(isa_)); }
  Result<void> invoke() override {
    for (const auto& item : plan_.items) item.work->run(team_);
    return finished();
  }
  Result<void> invoke_timed(std::span<std::chrono::nanoseconds> times) override {
    std::chrono::nanoseconds other{};  // converting the outputs
    Lap lap;
    for (const auto& item : plan_.items) {
      item.work->run(team_);
      lap.add_to(item.op < times.size() ? times[item.op] : other);
    }
    return finished();
  }
  MemoryUse memory() const override {
    return {plan_.memory.bytes() + variables_bytes(), constants_->bytes() + plan_.constant_bytes,
            model().file.size()};
  }

 private:
  std::unique_ptr<Constants> constants_;
  Plan plan_;
  Isa isa_;
  Team team_;
};

}  // namespace

Result<std::unique_ptr<Engine>> make_engine(std::shared_ptr<const Model> model, Isa isa,
                                            unsigned threads) {
  AIOT_TRY(auto of_model, Constants::of(*model));
  auto constants = std::make_unique<Constants>(std::move(of_model));
  AIOT_TRY(auto plan, Planner(*model, *constants, *kernels_of(isa)).plan());
  return std::unique_ptr<Engine>(std::make_unique<FastEngine>(
      std::move(model), std::move(constants), std::move(plan), isa, threads));
}

}  // namespace aiot::inference::fast
