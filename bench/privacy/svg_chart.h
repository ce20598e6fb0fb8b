// SPDX-License-Identifier: BSD-3-Clause
// Plain charts as SVG: panels side by side over one legend. Places on the x axis are equally far apart,
// whatever their labels say.
#pragma once

#include <string>
#include <vector>

namespace cfr::privacy {

struct Series {
  std::string name;
  std::vector<double> y;  // by place on the x axis; NaN: none
};

struct Panel {
  std::string title, x_label;
  std::vector<std::string> x;
  std::vector<Series> series;  // the same names in every panel of a chart
  bool bars = false;           // else lines
  double log_floor = 0;        // above 0: logarithmic from there, and what is less is drawn there
};

std::string SvgChart(const std::vector<Panel>& panels);

}  // namespace cfr::privacy
