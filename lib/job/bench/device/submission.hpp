#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bench_device.hpp"
#include "inference/tiny/task.hpp"
#include "job/bench/device/window.hpp"
#include "protocol/power/monitor.hpp"

namespace aiot::bench {

/// What a submission to MLPerf Tiny holds of a run: for each mode a log, its results as
/// tools/submission/submission_checker.py reads them, and their numbers as JSON.
class SubmissionText {
 public:
  struct Files {
    std::string log;
    std::string results;
    std::string json;  ///< the elements of a list, a comma behind each
  };

  /// A window, numbered from 1.
  void add_performance(std::size_t number, const WindowTime& window,
                       const std::vector<double>& results);
  /// `stamp`: "1124.093801". The line with the median is written when the windows are as many and
  /// as long as the benchmark asks; else one that says what is missing, and that no checker takes.
  void end_performance(double median_per_second, const std::string& stamp);
  void add_result(const std::string& file, std::uint32_t truth, const std::vector<double>& results);
  /// `value`: 0.85 for 85 %, or an AUC; nullopt where the files are of one class and have none.
  /// `whole`: of all of the benchmark's files; else, as above.
  void end_accuracy(bool by_auc, std::optional<double> value, bool whole, const std::string& stamp);
  /// A window, numbered from 0.
  void add_energy(std::size_t number, const power::Stretch& stretch, std::uint32_t iterations);
  /// As end_performance().
  void end_energy(double median_microjoules);

  /// By mode: "performance", "accuracy", "energy"; those that were ended.
  const std::map<std::string, Files>& modes() const { return modes_; }

 private:
  /// What keeps windows that last so long out of a submission; empty when nothing does.
  static std::string missing(const std::vector<double>& seconds);

  std::map<std::string, Files> modes_;
  std::vector<double> performance_s_;
  std::vector<double> energy_s_;
};

/// Where a device's files go, below the folder asked for: MODEL, or DEVICE/MODEL for one of
/// several.
std::string results_folder(const Address& device, const inference::tiny::Task& task, bool several);

/// Fails when a file of these modes is there already: DeviceErrc::results_exist.
Result<void> check_results_free(const std::string& folder, const std::string& place,
                                const std::vector<std::string>& modes);

/// Tries whether files of these modes could be written now, and leaves nothing behind; without
/// modes the folder alone. Errc::unwritable.
Result<void> try_results(const std::string& folder, const std::string& place,
                         const std::vector<std::string>& modes);

/// Writes FOLDER/PLACE/MODE/{log.txt,results.txt,results.json} and gives their paths. No link below
/// the folder is followed. Each file gets its name when all are whole: those of a run that failed
/// are not there. Files that are there are replaced when `force` says so; else
/// DeviceErrc::results_exist, and results_failed.
Result<std::vector<std::string>> write_results(const std::string& folder, const std::string& place,
                                               const SubmissionText& text, bool force);

}  // namespace aiot::bench
