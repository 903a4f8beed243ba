#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "inference/fast/pack.hpp"
#include "inference/model/model.hpp"
#include "inference/reference/interpreter.hpp"

namespace aiot::inference::fast {

/// Some threads that do parts of one thing together. Between two things of a run there is less time
/// than the system takes to wake a thread, so those that wait spin for a moment before they sleep.
class Team {
 public:
  /// `threads` with the caller, 1 or more.
  explicit Team(unsigned threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  unsigned size() const { return static_cast<unsigned>(workers_.size()) + 1; }

  /// Calls `what(part)` for 0 to size() - 1, one on each thread, and returns when all are done.
  /// Nothing of it may throw.
  template <class What>
  void run(const What& what) {
    if (workers_.empty()) return what(0U);
    start([](const void* context, unsigned part) { (*static_cast<const What*>(context))(part); },
          &what);
    what(0U);
    wait();
  }

 private:
  using Call = void (*)(const void* context, unsigned part);
  void start(Call call, const void* context);
  void wait();
  void work(unsigned part);

  // What a worker needs to start is in one line of the cache, what it reports in another.
  alignas(64) std::atomic<std::uint32_t> round_{0};  ///< of start(); odd ends the workers
  Call call_ = nullptr;
  const void* context_ = nullptr;
  alignas(64) std::atomic<std::uint32_t> working_{0};  ///< workers that are not done
  std::vector<std::thread> workers_;
};

/// Where tensors are, by their index in the model: dense int8 (or another type) as the portable
/// kernels see them, and as elements in a Layout. Null where a tensor is not needed in that form.
struct Homes {
  Places dense;
  std::vector<std::byte*> elements;

  std::byte* of(std::int32_t tensor) const { return elements[static_cast<std::size_t>(tensor)]; }
};

/// Something to do in each run.
class Work {
 public:
  virtual ~Work() = default;
  /// Called once, when memory is there.
  virtual void bind(const Homes& homes) = 0;
  virtual void run(Team& team) = 0;
  /// What it costs, in multiplications of a convolution (some 60 a nanosecond on one thread).
  virtual std::int64_t cost() const { return 0; }
  /// From now on all threads do it together.
  virtual void share() {}
  /// Of weights and factors.
  virtual std::size_t constant_bytes() const { return 0; }
};

/// The operators of pack.hpp; tensors are indices in the model.
std::unique_ptr<Work> convolution_work(const Kernels& kernels, PackedConvolution packed,
                                       std::int32_t input, std::int32_t output);
std::unique_ptr<Work> winograd_work(const Kernels& kernels, PackedWinograd packed,
                                    std::int32_t input, std::int32_t output);
std::unique_ptr<Work> depthwise_work(const Kernels& kernels, PackedDepthwise packed,
                                     std::int32_t input, std::int32_t output);
/// This one takes and gives dense int8.
std::unique_ptr<Work> dense_work(const Kernels& kernels, PackedDense packed, std::int32_t input,
                                 std::int32_t output);
std::unique_ptr<Work> pool_work(const Kernels& kernels, PackedPool packed, std::int32_t input,
                                std::int32_t output);
std::unique_ptr<Work> real_convolution_work(const Kernels& kernels, PackedRealConvolution packed,
                                            std::int32_t input, std::int32_t output);
std::unique_ptr<Work> real_depthwise_work(const Kernels& kernels, PackedRealDepthwise packed,
                                          std::int32_t input, std::int32_t output);
std::unique_ptr<Work> real_pool_work(const Kernels& kernels, PackedRealPool packed,
                                     std::int32_t input, std::int32_t output);
/// `right` is -1 for a constant that was packed.
std::unique_ptr<Work> addition_work(const Kernels& kernels, PackedAddition packed,
                                    std::int32_t left, std::int32_t right, std::int32_t output);

/// How a tensor's values are kept as elements.
struct Form {
  std::int32_t element_bytes, dense_bytes;
  std::int32_t zero_point;
  std::int32_t padding;  ///< each byte of it
  decltype(Kernels::take) take;
  decltype(Kernels::give) give;
};
/// Of an int8 tensor, or a float32 one.
Form form_of(const Kernels& kernels, const Tensor& tensor);

/// Fills a tensor's padding, whose memory others use in between.
std::unique_ptr<Work> padding_work(const Form& form, const Layout& layout, std::int32_t tensor);
/// From dense values to elements, and back.
std::unique_ptr<Work> take_work(const Form& form, const Layout& layout, std::int32_t tensor);
std::unique_ptr<Work> give_work(const Form& form, const Layout& layout, std::int32_t tensor);
/// An operator on the portable kernels.
std::unique_ptr<Work> portable_work(Step step);

}  // namespace aiot::inference::fast
