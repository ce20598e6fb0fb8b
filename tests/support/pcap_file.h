// SPDX-License-Identifier: BSD-3-Clause
// Ethernet frames in the classic capture format, written and read without libpcap.
#pragma once

#include <string>
#include <vector>

#include "tests/support/packet_builder.h"

namespace cfr::test {

void WritePcap(const std::string& path, const std::vector<Frame>& frames);
// Of this byte order, with either time resolution. Empty if the file is none or ends inside a frame.
std::vector<Frame> ReadPcap(const std::string& path);

}  // namespace cfr::test
