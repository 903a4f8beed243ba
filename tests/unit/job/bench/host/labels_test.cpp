#include "job/bench/host/labels.hpp"

#include <doctest/doctest.h>

#include "job/bench/host/error.hpp"

namespace aiot::bench {
namespace {

// The forms of mlcommons/tiny, benchmark/evaluation/datasets/{kws01,ad01}/y_labels.csv.
TEST_CASE("labels as MLPerf Tiny writes them") {
  const auto kws = parse_labels("tst_000000_Stop_7.bin,12,7\r\ntst_000001_On_9.bin,12,9\r\n");
  REQUIRE(kws.has_value());
  REQUIRE(kws->size() == 2);
  CHECK(kws->at(1).file == "tst_000001_On_9.bin");
  CHECK(kws->at(1).classes == 12);
  CHECK(kws->at(1).truth == 9);
  CHECK_FALSE(kws->at(1).window);
  const auto ad =
      parse_labels("normal_id_01_00000005_hist_librosa.bin, 2, 0, 2560, 512\n\nb.bin,2,1,2560,512");
  REQUIRE(ad.has_value());
  REQUIRE(ad->size() == 2);
  REQUIRE(ad->at(0).window);
  CHECK(ad->at(0).window->bytes == 2560);
  CHECK(ad->at(0).window->stride == 512);
}

TEST_CASE("what is no label is reported with its line") {
  const auto wrong = [](std::string_view text) {
    const auto labels = parse_labels(text);
    REQUIRE_FALSE(labels.has_value());
    CHECK(labels.error().code == Errc::bad_labels);
    CHECK_FALSE(labels.error().hint.empty());
    return labels.error().context;
  };
  CHECK(wrong("a.bin,12,7\nb.bin,12\n") == "line 2: 2 fields where 3 or 5 belong");
  CHECK(wrong("a.bin,12,7,2560") == "line 1: 4 fields where 3 or 5 belong");
  CHECK(wrong("a.bin,12,seven") == "line 1: \"seven\" is no number");
  CHECK(wrong("a.bin,12,-1") == "line 1: \"-1\" is no number");
  CHECK(wrong("a.bin,12,4294967296") == "line 1: \"4294967296\" is no number");
  CHECK(wrong("a.bin,12,12") == "line 1: class 12 of 12");
  CHECK(wrong("a.bin,1,0") == "line 1: 1 classes; 2 to 1000 are taken");
  CHECK(wrong("a.bin,2,0\n\nb.bin,3,0") == "line 3: 3 classes, where earlier lines have 2");
  CHECK(wrong("a.bin,2,0,0,512") == "line 1: a window or stride of no use");
  CHECK(wrong("a.bin,2,0,2560,0") == "line 1: a window or stride of no use");
  CHECK(wrong("\n \n") == "no line names a file");
  CHECK(wrong(",2,0").starts_with("line 1: \"\" is not a file"));
  CHECK(wrong("/etc/passwd,2,0").starts_with("line 1: \"/etc/passwd\" is not a file"));
  CHECK(wrong("a/../../b,2,0").starts_with("line 1: \"a/../../b\" is not a file"));
  CHECK(wrong("\x1b[2J,x,0") == "line 1: \"x\" is no number");
}

TEST_CASE("a folder within the data set is fine, and so are two dots in a name") {
  const auto labels = parse_labels("sub/a..bin,2,1");
  REQUIRE(labels.has_value());
  CHECK(labels->at(0).file == "sub/a..bin");
}

TEST_CASE("a file of labels has a largest size") {
  const std::string huge(most_label_bytes + 1, '\n');
  CHECK(parse_labels(huge).error().code == Errc::bad_labels);
}

}  // namespace
}  // namespace aiot::bench
