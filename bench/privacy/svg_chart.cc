// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/svg_chart.h"

#include <absl/strings/str_format.h>

#include <algorithm>
#include <cmath>

namespace cfr::privacy {
namespace {

constexpr double kPanelWidth = 420, kPanelHeight = 290, kLegendHeight = 34;
constexpr double kLeft = 54, kRight = 14, kTop = 36, kBottom = 52;
constexpr int kLinearTicks = 5;
// Told apart by the colour-blind, too (Okabe, Ito).
constexpr const char* kColours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7"};

std::string Text(double x, double y, const char* anchor, const std::string& text, const char* more = "") {
  return absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>\n", x, y, anchor, more,
                         text);
}
std::string Line(double x1, double y1, double x2, double y2, const char* colour, double width) {
  return absl::StrFormat(
      "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%g\"/>\n", x1, y1,
      x2, y2, colour, width);
}

// The y axis: 0 or the floor at the bottom, a round figure at the top.
class Axis {
 public:
  explicit Axis(const Panel& panel) : floor_(panel.log_floor) {
    double top = 0;
    for (const Series& s : panel.series)
      for (double y : s.y)
        if (!std::isnan(y)) top = std::max(top, y);
    if (floor_ > 0) {
      top_ = floor_ * 10;
      while (top_ < top) top_ *= 10;
      for (double tick = floor_; tick <= top_ * 1.01; tick *= 10) ticks_.push_back(tick);
      return;
    }
    const double step = RoundStep(std::max(top, 1e-9) / kLinearTicks);
    top_ = step * std::ceil(std::max(top, 1e-9) / step - 1e-9);
    for (int i = 0; i * step <= top_ * 1.001; ++i) ticks_.push_back(i * step);
  }
  const std::vector<double>& ticks() const { return ticks_; }
  // 0 at the bottom, 1 at the top.
  double Place(double y) const {
    if (floor_ == 0) return std::max(y, 0.0) / top_;
    return std::log(std::max(y, floor_) / floor_) / std::log(top_ / floor_);
  }

 private:
  static double RoundStep(double least) {
    const double power = std::pow(10, std::floor(std::log10(least)));
    for (double factor : {1.0, 2.0, 5.0})
      if (factor * power >= least * .999) return factor * power;
    return 10 * power;
  }
  double floor_, top_ = 1;
  std::vector<double> ticks_;
};

class PanelDrawing {
 public:
  PanelDrawing(const Panel& panel, double x) : panel_(panel), axis_(panel), x_(x) {}

  std::string Draw() const {
    std::string svg = Frame();
    for (size_t s = 0; s < panel_.series.size(); ++s) svg += panel_.bars ? Bars(s) : Curve(s);
    return svg;
  }

 private:
  double width() const { return kPanelWidth - kLeft - kRight; }
  double bottom() const { return kPanelHeight - kBottom; }
  double step() const { return width() / static_cast<double>(panel_.x.size()); }
  double X(size_t place) const { return x_ + kLeft + (static_cast<double>(place) + .5) * step(); }
  double Y(double y) const { return bottom() - axis_.Place(y) * (bottom() - kTop); }

  std::string Frame() const {
    std::string svg = Text(x_ + kLeft, kTop - 14, "start", panel_.title, " font-weight=\"bold\"");
    for (double tick : axis_.ticks()) {
      svg += Line(x_ + kLeft, Y(tick), x_ + kLeft + width(), Y(tick),
                  tick == axis_.ticks().front() ? "#444" : "#ddd", 1);
      svg += Text(x_ + kLeft - 6, Y(tick) + 4, "end", absl::StrFormat("%g", tick));
    }
    for (size_t i = 0; i < panel_.x.size(); ++i)
      svg += Text(X(i), bottom() + 17, "middle", panel_.x[i], " font-size=\"11\"");
    return svg + Text(x_ + kLeft + width() / 2, bottom() + 38, "middle", panel_.x_label);
  }

  std::string Curve(size_t s) const {
    const char* colour = kColours[s % std::size(kColours)];
    std::string points, dots;
    for (size_t i = 0; i < panel_.series[s].y.size(); ++i) {
      const double y = panel_.series[s].y[i];
      if (std::isnan(y)) continue;
      points += absl::StrFormat("%.1f,%.1f ", X(i), Y(y));
      dots +=
          absl::StrFormat("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>\n", X(i), Y(y), colour);
    }
    return absl::StrFormat("<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n%s",
                           points, colour, dots);
  }

  std::string Bars(size_t s) const {
    const double bar = step() * .8 / static_cast<double>(panel_.series.size());
    std::string svg;
    for (size_t i = 0; i < panel_.series[s].y.size(); ++i) {
      const double y = panel_.series[s].y[i];
      if (std::isnan(y)) continue;
      const double left = X(i) - step() * .4 + bar * static_cast<double>(s);
      svg += absl::StrFormat("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n",
                             left, Y(y), bar * .94, bottom() - Y(y), kColours[s % std::size(kColours)]);
      svg += Text(left + bar / 2, Y(y) - 4, "middle",
                  absl::StrFormat(y < 1    ? "%.2f"
                                  : y < 10 ? "%.1f"
                                           : "%.0f",
                                  y),
                  " font-size=\"10\"");
    }
    return svg;
  }

  const Panel& panel_;
  Axis axis_;
  double x_;
};

std::string Legend(const std::vector<Series>& series, double width) {
  constexpr double kPerLetter = 7, kSpace = 40;
  double x = width;
  for (const Series& s : series) x -= static_cast<double>(s.name.size()) * kPerLetter + kSpace;
  x = std::max(8.0, x / 2);
  std::string svg;
  for (size_t s = 0; s < series.size(); ++s) {
    svg += absl::StrFormat("<rect x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"10\" fill=\"%s\"/>\n", x,
                           kPanelHeight + 8, kColours[s % std::size(kColours)]);
    svg += Text(x + 20, kPanelHeight + 17, "start", series[s].name);
    x += static_cast<double>(series[s].name.size()) * kPerLetter + kSpace;
  }
  return svg;
}

}  // namespace

std::string SvgChart(const std::vector<Panel>& panels) {
  const double width = kPanelWidth * static_cast<double>(panels.size());
  std::string svg = absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" width=\"%g\" height=\"%g\" "
      "font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n<rect width=\"100%%\" height=\"100%%\" "
      "fill=\"#fff\"/>\n",
      width, kPanelHeight + kLegendHeight, width, kPanelHeight + kLegendHeight);
  for (size_t i = 0; i < panels.size(); ++i)
    svg += PanelDrawing(panels[i], kPanelWidth * static_cast<double>(i)).Draw();
  return svg + Legend(panels.front().series, width) + "</svg>\n";
}

}  // namespace cfr::privacy
