#include "virtual_lab.hpp"

using namespace aiot;
using namespace aiot::bench;
using namespace aiot::bench::test;

namespace {

/// A small data set for a built-in model whose labels are what the reference engine says, but for
/// `wrong` of them.
void write_data(const TemporaryFolder& folder, const std::string& model, int files, int wrong) {
  auto read = Reference::read(model);
  REQUIRE(read);
  auto made = Reference::make(*read, *inference::tiny::find_task(model + "01"));
  REQUIRE(made);
  std::string labels;
  for (int i = 0; i < files; ++i) {
    const Bytes upload = inference::tiny::random_upload((*made)->task(), (*made)->input(),
                                                        static_cast<std::uint64_t>(100 + i));
    const auto results = (*made)->results(upload);
    REQUIRE(results);
    const auto largest = std::max_element(results->begin(), results->end()) - results->begin();
    const auto classes = static_cast<std::ptrdiff_t>(results->size());
    const auto truth = i < wrong ? (largest + 1) % classes : largest;
    const std::string name = "input_" + std::to_string(i) + ".bin";
    folder.write(name, upload);
    labels += name + "," + std::to_string(classes) + "," + std::to_string(truth) + "\n";
  }
  folder.write("y_labels.csv", as_bytes(labels));
}

/// Anomaly detection's files of two windows' worth, of these classes.
void write_sounds(const TemporaryFolder& folder, const std::vector<int>& classes) {
  auto read = Reference::read("ad");
  REQUIRE(read);
  auto made = Reference::make(*read, *inference::tiny::find_task("ad01"));
  REQUIRE(made);
  std::string labels;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    Bytes file;
    for (std::size_t k = 0; k < 2; ++k) {
      append(file, inference::tiny::random_upload((*made)->task(), (*made)->input(), 10 * i + k));
    }
    const std::string name = "sound_" + std::to_string(i) + ".bin";
    folder.write(name, file);
    labels += name + ",2," + std::to_string(classes[i]) + ",2560,512\n";
  }
  folder.write("y_labels.csv", as_bytes(labels));
}

}  // namespace

TEST_CASE("every file is inferred once, and scored as the rules say") {
  TemporaryFolder data;
  write_data(data, "kws", 20, 1);
  LabOptions options;
  VirtualLab lab(options);
  lab.request.phases.accuracy = true;
  lab.request.data = data.path();
  const DutReport report = lab.run();
  REQUIRE_MESSAGE(!report.error, report.error->message());
  REQUIRE(report.result.accuracy.has_value());
  const auto& accuracy = *report.result.accuracy;
  CHECK(accuracy.files == 20);
  CHECK(accuracy.right == 19);
  CHECK(accuracy.top1 == doctest::Approx(0.95));
  CHECK(accuracy.limit == doctest::Approx(0.90));
  CHECK(report.result.comparison.value().equal == 20);
  CHECK(lab.recorder.noticed("bench.files_incomplete"));
}

TEST_CASE("an accuracy below the limit is a failure, unless that is allowed") {
  TemporaryFolder data;
  write_data(data, "kws", 10, 5);
  LabOptions options;
  for (const bool allowed : {false, true}) {
    VirtualLab lab(options);
    lab.request.phases.accuracy = true;
    lab.request.data = data.path();
    lab.request.allow_missed = allowed;
    const DutReport report = lab.run();
    CHECK(report.error.has_value() != allowed);
    if (report.error) CHECK(report.error->stable_code() == "bench.accuracy_low");
    CHECK(report.result.accuracy.value().right == 5);
  }
}

TEST_CASE("a part of the data set fails the limit when its whole interval does") {
  LabOptions options;
  for (const int wrong : {2, 5}) {
    TemporaryFolder data;
    write_data(data, "kws", 10, wrong);
    VirtualLab lab(options);
    lab.request.phases.accuracy = true;
    lab.request.data = data.path();
    const DutReport report = lab.run();
    // 8 of 10 are 49 to 94 % at 95 % confidence, 5 of 10 are 24 to 76 %; the limit is 90 %.
    CHECK(report.error.has_value() == (wrong == 5));
    CHECK(report.result.accuracy.value().top1.value() < 0.9);
  }
}

TEST_CASE("another benchmark's data is refused before any of it is uploaded") {
  TemporaryFolder data;
  write_data(data, "ic", 3, 0);
  LabOptions options;
  for (const char* model : {"kws", ""}) {
    VirtualLab lab(options);
    lab.request.phases.accuracy = true;
    lab.request.model = model;
    lab.request.data = data.path();
    const DutReport report = lab.run();
    REQUIRE(report.error);
    CHECK(report.error->stable_code() == "bench.bad_data");
    CHECK(report.error->context ==
          "input_0.bin: a file of 3072 bytes, the device's model takes 490");
    CHECK(report.error->hint == "see that files and labels are of the device's benchmark");
    CHECK(lab.device->counters().inferences == 0);
  }
}

TEST_CASE("a file that is not there is reported as such, before the others are measured") {
  TemporaryFolder data;
  write_data(data, "kws", 3, 0);
  data.write("y_labels.csv", as_bytes(std::string_view("input_0.bin,12,0\nnone.bin,12,1\n")));
  LabOptions options;
  VirtualLab lab(options);
  lab.request.phases.accuracy = true;
  lab.request.data = data.path();
  const DutReport report = lab.run();
  REQUIRE(report.error);
  CHECK(report.error->stable_code() == "image.unreadable");
  CHECK(report.error->context.find("none.bin: No such file") != std::string::npos);
  CHECK(lab.device->counters().inferences == 0);
}

TEST_CASE("an upload that was damaged is no wrong kernel") {
  TemporaryFolder data;
  write_data(data, "kws", 4, 0);
  LabOptions options;
  // Keyword spotting's 490 bytes go in 13 parts: all but the first file, which is read back.
  options.faults = {"corrupt@data/14:always"};
  VirtualLab lab(options);
  lab.request.phases.accuracy = true;
  lab.request.data = data.path();
  lab.request.allow_missed = true;
  const DutReport report = lab.run();
  REQUIRE(report.error);
  CHECK(report.error->stable_code() == "bench.outputs_differ");
  CHECK(report.result.comparison.value().cause == Cause::upload);
}

TEST_CASE("anomaly detection: windows of floats, one number each") {
  TemporaryFolder data;
  write_sounds(data, {0, 1, 0, 1});
  LabOptions options;
  options.model = "ad";
  VirtualLab lab(options);
  lab.request.phases.accuracy = true;
  lab.request.data = data.path();
  lab.request.allow_missed = true;
  const DutReport report = lab.run();
  REQUIRE_MESSAGE(!report.error, report.error->message());
  REQUIRE(report.result.accuracy.has_value());
  const auto& accuracy = *report.result.accuracy;
  CHECK(accuracy.auc.has_value());
  CHECK(accuracy.positives == 2);
  CHECK(accuracy.negatives == 2);
  // 5120 bytes hold six windows of 2560, 512 apart.
  CHECK(report.result.comparison.value().compared == 24);
  CHECK(report.result.comparison.value().equal == 24);
}

TEST_CASE("anomaly detection: files of one class have no AUC, and that is said") {
  for (const int only : {0, 1}) {
    for (const bool allowed : {false, true}) {
      TemporaryFolder data;
      write_sounds(data, {only, only});
      LabOptions options;
      options.model = "ad";
      VirtualLab lab(options);
      lab.request.phases.accuracy = true;
      lab.request.data = data.path();
      lab.request.allow_missed = allowed;
      const DutReport report = lab.run();
      REQUIRE(report.result.accuracy.has_value());
  const auto& accuracy = *report.result.accuracy;
      CHECK(!accuracy.auc);
      CHECK(!accuracy.interval_low);
      CHECK(accuracy.positives == (only == 1 ? 2 : 0));
      CHECK(accuracy.negatives == (only == 0 ? 2 : 0));
      CHECK(report.error.has_value() != allowed);
      CHECK(lab.recorder.noticed("bench.one_class") == allowed);
      if (!report.error) continue;
      CHECK(report.error->stable_code() == "bench.one_class");
      CHECK(report.error->condition() == Condition::mismatch);
      CHECK(report.error->message().find("all 2 files are of one class") != std::string::npos);
    }
  }
}
