#include "image/delta_suffix.hpp"

#include <algorithm>

/// SA-IS: G. Nong, S. Zhang, W. H. Chan, "Linear Suffix Array Construction by Almost Pure
/// Induced-Sorting" (2009). A suffix is S when it sorts before the one behind it, else L; an S
/// behind an L is leftmost (LMS). The order of the LMS suffixes induces that of all.
namespace aiot::image {
namespace {

using Index = std::int32_t;
constexpr Index unset = -1;

template <class Symbol>
class Sorter {
 public:
  Sorter(const Symbol* text, Index* suffixes, Index length, Index symbols)
      : text_(text), suffixes_(suffixes), length_(length), symbols_(symbols) {}

  void sort() {
    if (length_ == 0) return;
    classify();
    // Sorts the LMS substrings: put by their first symbol, the rest is induced.
    std::fill_n(suffixes_, length_, unset);
    bucket_ends();
    for (Index i = length_ - 1; i > 0; --i)
      if (is_lms(i)) suffixes_[--bucket_[text_[i]]] = i;
    induce();

    Index count = 0;
    for (Index i = 0; i < length_; ++i)
      if (suffixes_[i] > 0 && is_lms(suffixes_[i])) suffixes_[count++] = suffixes_[i];
    const auto names = name_substrings(count);
    sort_leftmost(count, names);

    // The LMS suffixes, now in order, induce the order of all others.
    std::fill(suffixes_ + count, suffixes_ + length_, unset);
    bucket_ends();
    for (Index i = count - 1; i >= 0; --i) {
      const auto at = suffixes_[i];
      suffixes_[i] = unset;
      suffixes_[--bucket_[text_[at]]] = at;
    }
    induce();
  }

 private:
  void classify() {
    is_s_.assign(static_cast<std::size_t>(length_), false);
    for (Index i = length_ - 2; i >= 0; --i)
      is_s_[i] = text_[i] < text_[i + 1] || (text_[i] == text_[i + 1] && is_s_[i + 1]);
  }
  bool is_lms(Index i) const { return i > 0 && is_s_[i] && !is_s_[i - 1]; }

  void count_symbols() {
    bucket_.assign(static_cast<std::size_t>(symbols_), 0);
    for (Index i = 0; i < length_; ++i) ++bucket_[text_[i]];
  }
  void bucket_ends() {
    count_symbols();
    Index sum = 0;
    for (auto& b : bucket_) b = sum += b;
  }
  void bucket_begins() {
    count_symbols();
    Index sum = 0;
    for (auto& b : bucket_) {
      sum += b;
      b = sum - b;
    }
  }

  void induce() {
    bucket_begins();
    // The end of the text sorts before every symbol: its last suffix, an L, comes first.
    suffixes_[bucket_[text_[length_ - 1]]++] = length_ - 1;
    for (Index i = 0; i < length_; ++i) {
      const auto before = suffixes_[i] - 1;
      if (before >= 0 && !is_s_[before]) suffixes_[bucket_[text_[before]]++] = before;
    }
    bucket_ends();
    for (Index i = length_ - 1; i >= 0; --i) {
      const auto before = suffixes_[i] - 1;
      if (before >= 0 && is_s_[before]) suffixes_[--bucket_[text_[before]]] = before;
    }
  }

  bool same_substring(Index a, Index b) const {
    for (Index i = 0;; ++i) {
      if (a + i == length_ || b + i == length_) return false;
      if (text_[a + i] != text_[b + i] || is_s_[a + i] != is_s_[b + i]) return false;
      if (i > 0 && (is_lms(a + i) || is_lms(b + i))) return is_lms(a + i) && is_lms(b + i);
    }
  }

  /// Names the `count` LMS substrings at the front by their order; leaves the names, in the order
  /// of the text, at the end of suffixes_. How many names there are.
  Index name_substrings(Index count) {
    std::fill(suffixes_ + count, suffixes_ + length_, unset);
    Index names = 0;
    for (Index i = 0; i < count; ++i) {
      if (i == 0 || !same_substring(suffixes_[i - 1], suffixes_[i])) ++names;
      suffixes_[count + suffixes_[i] / 2] = names - 1;  // no two LMS lie side by side
    }
    Index to = length_;
    for (Index i = length_ - 1; i >= count; --i)
      if (suffixes_[i] != unset) suffixes_[--to] = suffixes_[i];
    return names;
  }

  /// Orders the `count` LMS suffixes into the front of suffixes_, by their names at its end.
  void sort_leftmost(Index count, Index names) {
    auto* shorter = suffixes_ + length_ - count;
    if (names < count) {
      Sorter<Index>(shorter, suffixes_, count, names).sort();
    } else {
      for (Index i = 0; i < count; ++i) suffixes_[shorter[i]] = i;
    }
    Index to = 0;
    for (Index i = 1; i < length_; ++i)
      if (is_lms(i)) shorter[to++] = i;
    for (Index i = 0; i < count; ++i) suffixes_[i] = shorter[suffixes_[i]];
  }

  const Symbol* text_;
  Index* suffixes_;
  Index length_;
  Index symbols_;
  std::vector<bool> is_s_;
  std::vector<Index> bucket_;
};

}  // namespace

std::vector<std::int32_t> sort_suffixes(ByteSpan text) {
  std::vector<Index> suffixes(text.size());
  Sorter<std::uint8_t>(text.data(), suffixes.data(), static_cast<Index>(text.size()), 256).sort();
  return suffixes;
}

}  // namespace aiot::image
