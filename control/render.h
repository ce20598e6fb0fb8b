// SPDX-License-Identifier: BSD-3-Clause
// JSON answers as text for people: plain columns, no colour, no pager.
#pragma once

#include <string>
#include <vector>

#include "control/answer.h"

namespace cfr {

// Columns padded to their widest cell, two spaces between; the first row is the heading.
std::string Table(const std::vector<std::vector<std::string>>& rows);

std::string RenderPools(const Json& result);
std::string RenderPool(const Json& pool);
std::string RenderFlows(const Json& result);
std::string RenderFlowStats(const Json& result);
std::string RenderWorkers(const Json& result);
std::string RenderPorts(const Json& result);
// With `explain` each drop reason carries its sentence and clause.
std::string RenderCounters(const Json& result, bool explain);
std::string RenderExplanations();
std::string RenderChecks(const Json& result);
std::string RenderPlan(const Json& result);
std::string RenderChange(const Json& result);

}  // namespace cfr
