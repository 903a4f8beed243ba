#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Just enough of SVG 1.1 to draw a plot.
namespace aiot::cli::render::svg {

/// Text for HTML and SVG: < > & and quotes become entities, control bytes are written out.
std::string escape(std::string_view text);

enum class Anchor { start, middle, end };

/// A drawing that grows. Colours come from classes: the style sheet has them for light and dark.
class Canvas {
 public:
  Canvas(double width, double height) : width_(width), height_(height) {}

  void rect(double x, double y, double width, double height, std::string_view style,
            std::string_view tip = {});
  void line(double x1, double y1, double x2, double y2, std::string_view style);
  void circle(double x, double y, double radius, std::string_view style, std::string_view tip = {});
  void polyline(const std::vector<std::pair<double, double>>& points, std::string_view style);
  void text(double x, double y, std::string_view words, std::string_view style,
            Anchor anchor = Anchor::start);

  double width() const { return width_; }
  double height() const { return height_; }
  const std::string& body() const { return body_; }
  /// The element, with `label` for those who do not see it.
  std::string element(std::string_view label) const;

 private:
  double width_, height_;
  std::string body_;
};

/// About `count` round numbers from `low` to `high`: 1, 2 or 5 times a power of ten apart.
std::vector<double> ticks(double low, double high, int count);
/// The same for what is counted: whole numbers alone.
std::vector<double> whole_ticks(double high, int count);
/// Powers of ten from below `low` to above `high`, both positive.
std::vector<double> decades(double low, double high);
/// "0.25", "12", "1.5k", "2M"
std::string tick_text(double value);

}  // namespace aiot::cli::render::svg
