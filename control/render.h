// SPDX-License-Identifier: BSD-3-Clause
// JSON answers as text for people: plain columns, no colour, no pager. Each throws Json::exception when
// the answer has another form.
#pragma once

#include <string>
#include <vector>

#include "control/answer.h"

namespace cfr {

// Columns padded to their widest cell, two spaces between, numbers to the right; the first row is the
// heading.
std::string Table(const std::vector<std::vector<std::string>>& rows);

std::string RenderExport(const Json& result);
std::string RenderPools(const Json& result);
std::string RenderPool(const Json& pool);
std::string RenderEpoch(const Json& result);
std::string RenderPrivacy(const Json& result);
std::string RenderFlows(const Json& result);
std::string RenderFlowStats(const Json& result);
std::string RenderWorkers(const Json& result);
std::string RenderPorts(const Json& result);
// With "meanings" in it each row carries its sentence.
std::string RenderCounters(const Json& result);
std::string RenderChecks(const Json& result);
std::string RenderPlan(const Json& result);
std::string RenderChange(const Json& result);
std::string RenderVersions(const Json& result);

// What every counter and drop reason means, by name: "sentence", and "clause" of a drop reason.
Json Meanings();
std::string RenderMeanings(const Json& result);

}  // namespace cfr
