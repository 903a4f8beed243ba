#include "job/bench/host/accuracy.hpp"

#include <doctest/doctest.h>

#include <array>

namespace aiot::bench {
namespace {

// The bounds are the roots of (p - k/n)^2 = z^2 p (1 - p) / n, solved by Python.
TEST_CASE("Wilson's interval") {
  const Interval keywords = wilson(901, 1000);
  CHECK(keywords.low == doctest::Approx(0.8809263810632479).epsilon(1e-9));
  CHECK(keywords.high == doctest::Approx(0.9180045586313369).epsilon(1e-9));
  const Interval none_right = wilson(0, 10);
  CHECK(none_right.low == doctest::Approx(0));
  CHECK(none_right.high == doctest::Approx(0.2775327998628892).epsilon(1e-9));
  CHECK(wilson(10, 10).low == doctest::Approx(0.7224672001371114).epsilon(1e-9));
  CHECK(wilson(1, 2).low == doctest::Approx(0.09453120573423071).epsilon(1e-9));
  CHECK(wilson(0, 3).low == 0);  // not 5.6e-17
  CHECK(wilson(3, 3).high == 1);
  CHECK(wilson(0, 0).low == 0);
  CHECK(wilson(0, 0).high == 1);
}

TEST_CASE("a confusion matrix") {
  ConfusionMatrix one(3);
  one.add(0, 0);
  one.add(0, 2, 4);
  ConfusionMatrix other(3);
  other.add(2, 2, 5);
  one.add(other);
  CHECK(one.at(0, 2) == 4);
  CHECK(one.at(2, 0) == 0);
  CHECK(one.total() == 10);
  CHECK(one.right() == 6);
}

// Hanley and McNeil 1982, table I: 58 normal and 51 abnormal CT images, rated 1 to 5; they give an
// area of 0.893 with a standard error of 0.032.
TEST_CASE("the area under the curve of Hanley and McNeil's own example") {
  constexpr std::array normal = {33, 6, 6, 11, 2};
  constexpr std::array abnormal = {3, 2, 2, 11, 33};
  std::vector<Score> scores;
  for (std::size_t rating = 0; rating < 5; ++rating) {
    for (int i = 0; i < abnormal.at(rating); ++i) scores.push_back({double(rating), true});
    for (int i = 0; i < normal.at(rating); ++i) scores.push_back({double(rating), false});
  }
  const Auc area = auc(scores);
  CHECK(area.positives == 51);
  CHECK(area.negatives == 58);
  CHECK(area.value == doctest::Approx(0.893).epsilon(0.0005));
  const double standard_error = (area.interval.high - area.interval.low) / 2 / 1.96;
  CHECK(standard_error == doctest::Approx(0.0325).epsilon(0.01));
}

TEST_CASE("areas at the ends, of ties and of one kind alone") {
  CHECK(auc({{1, false}, {2, false}, {3, true}}).value == 1);
  CHECK(auc({{1, true}, {2, false}, {3, false}}).value == 0);
  CHECK(auc({{1, true}, {1, false}}).value == 0.5);
  // Of 2 x 2 pairs: 3 > 1, 3 > 2, 2 = 2, 2 > 1.
  CHECK(auc({{3, true}, {2, true}, {2, false}, {1, false}}).value == doctest::Approx(3.5 / 4));
  // Two files apart from two others do not show that all are: Wilson's bound of 2 of 2.
  const Auc few = auc({{1, false}, {2, false}, {3, true}, {4, true}});
  CHECK(few.interval.low == doctest::Approx(0.3423802275066532).epsilon(1e-9));
  CHECK(few.interval.high == 1);
  const Auc wrong = auc({{3, false}, {4, false}, {1, true}, {2, true}, {2.5, true}});
  CHECK(wrong.interval.low == 0);
  CHECK(wrong.interval.high == doctest::Approx(1 - 0.3423802275066532).epsilon(1e-9));
  const Auc alone = auc({{3, true}, {4, true}});
  CHECK(alone.value == 0.5);
  CHECK(alone.interval.low == 0);
  CHECK(alone.interval.high == 1);
}

}  // namespace
}  // namespace aiot::bench
