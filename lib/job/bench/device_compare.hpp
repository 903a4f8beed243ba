#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/value.hpp"
#include "job/bench/device_reference.hpp"
#include "job/bench/workers.hpp"

namespace aiot::bench {

/// Where a difference comes from.
enum class Cause : std::uint8_t {
  upload,
  quantisation,
  kernel,
  unsteady,
  count,  ///< another number of results than the model's task has
};
/// "kernel"
std::string_view name_of(Cause cause);

/// The first output that differs.
struct Difference {
  std::size_t index = 0;
  double device = 0;
  double reference = 0;
};

/// Results are printed with three digits: by rounding, or cut. What is nearer than that is equal.
/// nullopt when all are; another number of results differs where one of both ends.
std::optional<Difference> first_difference(const std::vector<double>& device,
                                           const std::vector<float>& reference);

/// An input whose results differ.
struct Mismatch {
  std::string file;
  Bytes upload;
  std::vector<double> device;
  std::vector<float> reference;
  Difference first;

  bool same_count() const { return device.size() == reference.size(); }
};

/// Why a device's results are not the reference's.
struct Verdict {
  Cause cause = Cause::kernel;
  std::string text;  ///< one sentence
};

/// Explains mismatches that are no matter of the upload. Another number of results is no matter of
/// values, and told first. A quantisation explains them when the same
/// slip explains each: of the input, by running the model with it; of the output, by one factor or
/// one offset for all values. Else it is the kernels. `all` is not empty.
Result<Verdict> explain(const std::vector<Mismatch>& all, Reference& reference);

/// How many of the task's slips of the input would show in the results of this upload.
Result<std::size_t> slips_shown(Reference& reference, ByteSpan upload);
/// A random upload that shows as many slips as one of a few can: a network that is sure of itself
/// gives the same results for much. The same for a seed and a model on every machine.
Result<Bytes> telling_upload(Reference& reference, std::uint64_t seed);

/// Compares what comes, and keeps what is needed to explain it. The model runs on `workers`; it is
/// asked one thing at a time.
class Comparison {
 public:
  /// So many mismatches are kept to be explained.
  static constexpr std::size_t most_kept = 8;

  /// Without a reference nothing is compared.
  Comparison(std::shared_ptr<Reference> reference, Workers& workers, net::Clock& clock)
      : reference_(std::move(reference)), workers_(workers), clock_(clock) {}

  bool active() const { return reference_ != nullptr; }
  /// True when the device's results are the reference's, or there is none.
  net::Task<bool> add(const std::string& file, const Bytes& upload,
                      const std::vector<double>& device);
  /// The upload itself, or the device's steadiness, was at fault.
  void blame(Cause cause, std::string text);

  std::uint64_t compared() const { return compared_; }
  std::uint64_t equal() const { return equal_; }
  const std::vector<Mismatch>& kept() const { return kept_; }
  /// nullopt when nothing differs.
  net::Task<std::optional<Verdict>> verdict();
  /// For the report; after verdict().
  Object fields() const;

 private:
  std::shared_ptr<Reference> reference_;
  Workers& workers_;
  net::Clock& clock_;
  std::uint64_t compared_ = 0;
  std::uint64_t equal_ = 0;
  std::vector<Mismatch> kept_;
  std::optional<Verdict> verdict_;
};

}  // namespace aiot::bench
