#include "inference/fast/work.hpp"

#include <algorithm>
#include <cstring>

namespace aiot::inference::fast {
namespace {

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Looks until `done()`, for so many turns at most; false when it still is not. Between turns the
/// processor is offered to others: the thread that is waited for may need it.
template <class Done>
bool spin(int turns, const Done& done) {
  constexpr int looks = 250;  // a few microseconds
  for (int turn = 0; turn < turns; ++turn) {
    for (int i = 0; i < looks; ++i) {
      if (done()) return true;
      pause();
    }
    std::this_thread::yield();
  }
  return done();
}

constexpr int turns_of_worker = 20;  // some 50 to 200 us
constexpr std::uint32_t one_round = 2;

}  // namespace

Team::Team(unsigned threads) {
  for (unsigned part = 1; part < threads; ++part) {
    workers_.emplace_back([this, part] { work(part); });
  }
}

Team::~Team() {
  round_.fetch_or(1, std::memory_order_release);
  round_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void Team::start(Call call, const void* context) {
  call_ = call;
  context_ = context;
  working_.store(static_cast<std::uint32_t>(workers_.size()), std::memory_order_relaxed);
  round_.fetch_add(one_round, std::memory_order_release);
  round_.notify_all();  // costs nothing when none sleeps
}

void Team::wait() {
  const auto done = [this] { return working_.load(std::memory_order_acquire) == 0; };
  while (!spin(1, done)) {
  }
}

void Team::work(unsigned part) {
  std::uint32_t seen = 0;
  while (true) {
    const auto more = [&] { return round_.load(std::memory_order_acquire) != seen; };
    if (!spin(turns_of_worker, more)) {
      round_.wait(seen, std::memory_order_acquire);
      continue;
    }
    const auto round = round_.load(std::memory_order_acquire);
    if ((round & 1) != 0) return;
    seen = round;
    call_(context_, part);
    working_.fetch_sub(1, std::memory_order_release);
  }
}

namespace {

void take_real(const std::int8_t* from, void* to, std::int32_t count, std::int32_t /*zero*/) {
  std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
}
void give_real(const void* from, std::int8_t* to, std::int32_t count, std::int32_t /*zero*/) {
  std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
}

}  // namespace

Form form_of(const Kernels& kernels, const Tensor& tensor) {
  if (tensor.type == Type::float32) {
    return {sizeof(float), sizeof(float), 0, 0, take_real, give_real};
  }
  const auto zero_point = tensor.zero_point();
  // For int16 elements it is 0, so one byte fills all.
  return {kernels.element_bytes,
          1,
          zero_point,
          zero_point + more_of(kernels.element, zero_point),
          kernels.take,
          kernels.give};
}

namespace {

/// Rows that a thread should have at least, so that its tiles are whole and its start is paid for.
constexpr std::int32_t least_rows = 8;

/// `part` of `parts`: of the rows where there are enough, of the blocks of channels otherwise.
Part part_of(std::int32_t rows, std::int32_t blocks, unsigned part, unsigned parts) {
  const auto cut = [&](std::int32_t count, unsigned at) {
    return static_cast<std::int32_t>(static_cast<std::int64_t>(count) * at / parts);
  };
  if (rows >= least_rows * static_cast<std::int32_t>(parts)) {
    return {cut(rows, part), cut(rows, part + 1), 0, blocks};
  }
  return {0, rows, cut(blocks, part), cut(blocks, part + 1)};
}

/// What other work counts as, in multiplications: of a depthwise convolution's value, with what its
/// taps come to; of a sum's value.
constexpr std::int64_t macs_of_depthwise = 12;
constexpr std::int64_t macs_of_addition = 24;
constexpr std::int64_t macs_of_real = 3;  ///< of a float32 product

template <class Task>
class TaskWork : public Work {
 public:
  using Kernel = void (*)(const Task&, const Part&);

  std::int64_t cost() const override { return cost_; }
  void share() override { shared_ = true; }
  void run(Team& team) override {
    if (!shared_) return run_part({0, rows_, 0, blocks_});
    team.run([this, &team](unsigned part) {
      const auto mine = part_of(rows_, blocks_, part, team.size());
      if (mine.row_begin < mine.row_end && mine.block_begin < mine.block_end) run_part(mine);
    });
  }

 protected:
  TaskWork(Kernel kernel, std::size_t rows, std::int32_t blocks, std::int64_t cost)
      : kernel_(kernel), rows_(static_cast<std::int32_t>(rows)), blocks_(blocks), cost_(cost) {}
  virtual const Task& task() const = 0;
  /// What the kernel left.
  virtual void finish(const Part& /*part*/) const {}

 private:
  void run_part(const Part& part) {
    kernel_(task(), part);
    finish(part);
  }

  Kernel kernel_;
  std::int32_t rows_, blocks_;
  std::int64_t cost_;
  bool shared_ = false;
};

std::size_t bytes_of(const PackedScaling& s) {
  return s.bias.bytes() + s.multiplier.bytes() + s.right.bytes() + s.left.bytes();
}

/// A packed operator with one input and one output.
template <class Packed, class Task>
class PackedWork : public TaskWork<Task> {
 public:
  PackedWork(const Kernels& kernels, typename TaskWork<Task>::Kernel kernel, Packed packed,
             std::size_t rows, std::int32_t blocks, std::int64_t macs, std::int32_t input,
             std::int32_t output)
      : TaskWork<Task>(kernel, rows, blocks, macs),
        kernels_(kernels),
        packed_(std::move(packed)),
        input_(input),
        output_(output) {}

  void bind(const Homes& homes) override {
    packed_.task.input = homes.of(input_);
    packed_.task.output = homes.of(output_);
  }
  std::size_t constant_bytes() const override {
    if constexpr (requires { packed_.scaling; }) {
      return packed_.weights.bytes() + bytes_of(packed_.scaling);
    } else if constexpr (requires { packed_.weights; }) {
      return packed_.weights.bytes() + packed_.bias.bytes();
    } else {
      return 0;
    }
  }

 private:
  const Task& task() const override { return packed_.task; }
  void finish(const Part& part) const override {
    if constexpr (requires { packed_.singles; }) {
      if (!packed_.singles.channels.empty()) {
        do_singles(kernels_, packed_.singles, packed_.task, part);
      }
    }
  }

  const Kernels& kernels_;
  Packed packed_;
  std::int32_t input_, output_;
};

class DenseWork final : public TaskWork<Dense> {
 public:
  DenseWork(const Kernels& kernels, PackedDense packed, std::int32_t input, std::int32_t output)
      : TaskWork(kernels.dense, 1, blocks_of(kernels, packed.task.channels),
                 static_cast<std::int64_t>(packed.task.quads) * 4 * packed.task.channels),
        packed_(std::move(packed)),
        input_(input),
        output_(output) {}

  void bind(const Homes& homes) override {
    packed_.task.input = homes.dense.in<std::int8_t>(input_);
    packed_.task.output = homes.dense.out<std::int8_t>(output_);
  }
  std::size_t constant_bytes() const override {
    return packed_.weights.bytes() + packed_.extra_weights.bytes() + bytes_of(packed_.scaling);
  }

 private:
  const Dense& task() const override { return packed_.task; }
  PackedDense packed_;
  std::int32_t input_, output_;
};

class AdditionWork final : public TaskWork<Addition> {
 public:
  AdditionWork(const Kernels& kernels, PackedAddition packed, std::int32_t left, std::int32_t right,
               std::int32_t output)
      : TaskWork(kernels.addition, packed.places.size(), 1,
                 static_cast<std::int64_t>(packed.places.size()) * packed.task.length *
                     macs_of_addition),
        kernels_(kernels),
        packed_(std::move(packed)),
        left_(left),
        right_(right),
        output_(output) {}

  void bind(const Homes& homes) override {
    packed_.task.left = homes.of(left_);
    const bool has_own = packed_.constant.bytes() > 0;
    packed_.task.right = has_own ? packed_.constant.data() : homes.of(right_);
    if (packed_.repeated > 0) repeated_ = homes.dense.in<std::int8_t>(right_);
    packed_.task.output = homes.of(output_);
  }
  void run(Team& team) override {
    if (packed_.repeated > 0) repeat_right(kernels_, packed_, repeated_);
    TaskWork::run(team);
  }
  std::size_t constant_bytes() const override { return packed_.constant.bytes(); }

 private:
  const Addition& task() const override { return packed_.task; }
  const Kernels& kernels_;
  PackedAddition packed_;
  const std::int8_t* repeated_ = nullptr;
  std::int32_t left_, right_, output_;
};

/// Something about one tensor's elements.
class ElementsWork : public Work {
 public:
  ElementsWork(const Form& form, const Layout& layout, std::int32_t tensor)
      : form_(form), layout_(layout), tensor_(tensor) {}

  void bind(const Homes& homes) override {
    elements_ = homes.of(tensor_);
    const auto index = static_cast<std::size_t>(tensor_);
    dense_ = reinterpret_cast<const std::int8_t*>(homes.dense.read[index]);
    dense_out_ = reinterpret_cast<std::int8_t*>(homes.dense.write[index]);
  }

 protected:
  std::byte* at(std::int32_t n, std::int32_t y, std::int32_t x) const {
    return elements_ + static_cast<std::ptrdiff_t>(layout_.at(n, y, x)) * form_.element_bytes;
  }
  /// Calls `what(dense offset in bytes, elements, count)` for each run of pixels that are side by
  /// side.
  template <class What>
  void for_each_run(const What& what) const {
    const auto& s = layout_.shape;
    if (!layout_.has_padding()) return what(0, elements_, static_cast<std::int32_t>(s.elements()));
    for (std::int32_t n = 0; n < s.n; ++n) {
      for (std::int32_t y = 0; y < s.h; ++y) {
        what(s.at(n, y, 0, 0) * form_.dense_bytes, at(n, y, 0), s.w * s.c);
      }
    }
  }

  Form form_;
  Layout layout_;
  std::int32_t tensor_;
  std::byte* elements_ = nullptr;
  const std::int8_t* dense_ = nullptr;
  std::int8_t* dense_out_ = nullptr;
};

class TakeWork final : public ElementsWork {
 public:
  using ElementsWork::ElementsWork;
  void run(Team& /*team*/) override {
    for_each_run([this](std::size_t offset, std::byte* elements, std::int32_t count) {
      form_.take(dense_ + offset, elements, count, form_.zero_point);
    });
  }
};

class GiveWork final : public ElementsWork {
 public:
  using ElementsWork::ElementsWork;
  void run(Team& /*team*/) override {
    for_each_run([this](std::size_t offset, const std::byte* elements, std::int32_t count) {
      form_.give(elements, dense_out_ + offset, count, form_.zero_point);
    });
  }
};

class PaddingWork final : public ElementsWork {
 public:
  using ElementsWork::ElementsWork;
  void run(Team& /*team*/) override {
    const auto& s = layout_.shape;
    const auto& l = layout_;
    for (std::int32_t n = 0; n < s.n; ++n) {
      fill(at(n, -l.top, -l.left), l.top * l.line() + l.left * s.c);
      const std::int32_t between = (l.left + l.right) * s.c;
      for (std::int32_t y = 0; y + 1 < s.h; ++y) fill(at(n, y, s.w), between);
      fill(at(n, s.h - 1, s.w), l.right * s.c + l.bottom * l.line());
    }
  }

 private:
  void fill(std::byte* from, std::int32_t count) const {
    std::memset(from, form_.padding, static_cast<std::size_t>(count) * form_.element_bytes);
  }
};

class PortableWork final : public Work {
 public:
  explicit PortableWork(Step step) : step_(std::move(step)) {}
  void bind(const Homes& homes) override { places_ = &homes.dense; }
  void run(Team& /*team*/) override { step_(*places_); }

 private:
  Step step_;
  const Places* places_ = nullptr;
};

}  // namespace

std::unique_ptr<Work> convolution_work(const Kernels& kernels, PackedConvolution packed,
                                       std::int32_t input, std::int32_t output) {
  const auto rows = packed.starts.size();
  const auto blocks = blocks_of(kernels, packed.task.channels);
  const auto macs = static_cast<std::int64_t>(rows) *
                    static_cast<std::int64_t>(packed.offsets.size()) * block_of(kernels) *
                    kernels.group;
  return std::make_unique<PackedWork<PackedConvolution, Convolution>>(
      kernels, kernels.convolution, std::move(packed), rows, blocks, macs, input, output);
}

std::unique_ptr<Work> winograd_work(const Kernels& kernels, PackedWinograd packed,
                                    std::int32_t input, std::int32_t output) {
  const auto rows = packed.starts.size();
  const auto blocks = blocks_of(kernels, packed.task.channels);
  const auto macs =
      static_cast<std::int64_t>(rows) * 16 * packed.task.input_channels * packed.task.channels;
  return std::make_unique<PackedWork<PackedWinograd, Winograd>>(
      kernels, kernels.winograd, std::move(packed), rows, blocks, macs, input, output);
}

std::unique_ptr<Work> depthwise_work(const Kernels& kernels, PackedDepthwise packed,
                                     std::int32_t input, std::int32_t output) {
  const auto rows = packed.starts.size();
  const auto blocks = blocks_of(kernels, packed.task.channels);
  const auto macs = static_cast<std::int64_t>(rows) * packed.task.channels *
                    (static_cast<std::int64_t>(packed.taps.size()) + macs_of_depthwise);
  return std::make_unique<PackedWork<PackedDepthwise, Depthwise>>(
      kernels, kernels.depthwise, std::move(packed), rows, blocks, macs, input, output);
}

std::unique_ptr<Work> dense_work(const Kernels& kernels, PackedDense packed, std::int32_t input,
                                 std::int32_t output) {
  return std::make_unique<DenseWork>(kernels, std::move(packed), input, output);
}

std::unique_ptr<Work> pool_work(const Kernels& kernels, PackedPool packed, std::int32_t input,
                                std::int32_t output) {
  const auto rows = packed.windows.starts.size();
  return std::make_unique<PackedWork<PackedPool, Pool>>(kernels, kernels.pool, std::move(packed),
                                                        rows, 1, 0, input, output);
}

std::unique_ptr<Work> real_convolution_work(const Kernels& kernels, PackedRealConvolution packed,
                                            std::int32_t input, std::int32_t output) {
  const auto rows = packed.starts.size();
  const auto blocks = blocks_of(kernels.real, packed.task.channels);
  const auto macs = static_cast<std::int64_t>(rows) *
                    static_cast<std::int64_t>(packed.offsets.size()) * block_of(kernels.real);
  return std::make_unique<PackedWork<PackedRealConvolution, RealConvolution>>(
      kernels, kernels.real.convolution, std::move(packed), rows, blocks, macs * macs_of_real,
      input, output);
}

std::unique_ptr<Work> real_depthwise_work(const Kernels& kernels, PackedRealDepthwise packed,
                                          std::int32_t input, std::int32_t output) {
  const auto rows = packed.starts.size();
  const auto blocks = blocks_of(kernels.real, packed.task.channels);
  const auto macs = static_cast<std::int64_t>(rows) * packed.task.channels *
                    static_cast<std::int64_t>(packed.taps.size());
  return std::make_unique<PackedWork<PackedRealDepthwise, RealDepthwise>>(
      kernels, kernels.real.depthwise, std::move(packed), rows, blocks, macs * macs_of_real, input,
      output);
}

std::unique_ptr<Work> real_pool_work(const Kernels& kernels, PackedRealPool packed,
                                     std::int32_t input, std::int32_t output) {
  const auto rows = packed.windows.starts.size();
  return std::make_unique<PackedWork<PackedRealPool, RealPool>>(
      kernels, kernels.real.pool, std::move(packed), rows, 1, 0, input, output);
}

std::unique_ptr<Work> addition_work(const Kernels& kernels, PackedAddition packed,
                                    std::int32_t left, std::int32_t right, std::int32_t output) {
  return std::make_unique<AdditionWork>(kernels, std::move(packed), left, right, output);
}

std::unique_ptr<Work> padding_work(const Form& form, const Layout& layout, std::int32_t tensor) {
  return std::make_unique<PaddingWork>(form, layout, tensor);
}

std::unique_ptr<Work> take_work(const Form& form, const Layout& layout, std::int32_t tensor) {
  return std::make_unique<TakeWork>(form, layout, tensor);
}

std::unique_ptr<Work> give_work(const Form& form, const Layout& layout, std::int32_t tensor) {
  return std::make_unique<GiveWork>(form, layout, tensor);
}

std::unique_ptr<Work> portable_work(Step step) {
  return std::make_unique<PortableWork>(std::move(step));
}

}  // namespace aiot::inference::fast
