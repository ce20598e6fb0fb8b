// SPDX-License-Identifier: BSD-3-Clause
// The tables [port.access] and [port.core].
#pragma once

#include "common/config_reader.h"
#include "common/table_reader.h"

namespace cfr {

void ReadPorts(const toml::value& root, TableReader* tables, Config* config, ConfigPlaces* places);

}  // namespace cfr
