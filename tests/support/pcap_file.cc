// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/pcap_file.h"

#include <cstring>
#include <fstream>
#include <iterator>

namespace cfr::test {
namespace {

constexpr uint32_t kMicroseconds = 0xa1b2c3d4, kNanoseconds = 0xa1b23c4d, kEthernet = 1;

struct FileHeader {
  uint32_t magic = kMicroseconds;
  uint16_t major = 2, minor = 4;
  uint32_t zone = 0, accuracy = 0, bytes_max = 65535, link = kEthernet;
};
struct FrameHeader {
  uint32_t seconds = 0, fraction = 0, captured, length;
};

template <class T>
void Append(std::string* out, const T& value) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

void WritePcap(const std::string& path, const std::vector<Frame>& frames) {
  std::string bytes;
  Append(&bytes, FileHeader{});
  for (const Frame& frame : frames) {
    const auto length = static_cast<uint32_t>(frame.size());
    Append(&bytes, FrameHeader{.captured = length, .length = length});
    bytes.append(frame.begin(), frame.end());
  }
  std::ofstream(path, std::ios::binary) << bytes;
}

std::vector<Frame> ReadPcap(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  FileHeader header;
  if (bytes.size() < sizeof header) return {};
  std::memcpy(&header, bytes.data(), sizeof header);
  if ((header.magic != kMicroseconds && header.magic != kNanoseconds) || header.link != kEthernet) return {};
  std::vector<Frame> frames;
  for (size_t at = sizeof header; at < bytes.size();) {
    FrameHeader frame;
    if (bytes.size() - at < sizeof frame) return {};
    std::memcpy(&frame, bytes.data() + at, sizeof frame);
    at += sizeof frame;
    if (bytes.size() - at < frame.captured) return {};
    frames.emplace_back(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                        bytes.begin() + static_cast<std::ptrdiff_t>(at + frame.captured));
    at += frame.captured;
  }
  return frames;
}

}  // namespace cfr::test
