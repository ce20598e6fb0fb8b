// SPDX-License-Identifier: BSD-3-Clause
#include "common/kernel_interface.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "common/text_file.h"

namespace cfr {
namespace {

constexpr size_t kSwitchBytesMax = 64;

bool IsSwitchedTo(char value, const std::string& path) {
  auto text = ReadTextFile(path, kSwitchBytesMax);
  return text.ok() && !text->empty() && text->front() == value;
}

// An address that cannot be asked for counts as one.
bool HasAddress(const std::string& device) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return true;
  bool found = false;
  for (ifaddrs* a = list; a != nullptr; a = a->ifa_next)
    found |= a->ifa_addr != nullptr && device == a->ifa_name &&
             (a->ifa_addr->sa_family == AF_INET || a->ifa_addr->sa_family == AF_INET6);
  freeifaddrs(list);
  return found;
}

}  // namespace

std::vector<InterfaceFinding> ExamineInterface(const std::string& device) {
  if (if_nametoindex(device.c_str()) == 0)
    return {{false, absl::StrCat("no interface '", device, "' here"), "ip -brief link"}};
  bool ipv6 = IsSwitchedTo('0', absl::StrCat("/proc/sys/net/ipv6/conf/", device, "/disable_ipv6"));
  bool forwards = IsSwitchedTo('1', absl::StrCat("/proc/sys/net/ipv4/conf/", device, "/forwarding"));
  bool addressed = HasAddress(device);
  return {
      {!ipv6, absl::StrCat("IPv6 of the kernel is ", ipv6 ? "on" : "off", " on ", device),
       absl::StrCat("sysctl -w net/ipv6/conf/", device, "/disable_ipv6=1")},
      {!forwards,
       absl::StrCat("the kernel ", forwards ? "forwards" : "does not forward", " what arrives on ", device),
       absl::StrCat("sysctl -w net/ipv4/conf/", device, "/forwarding=0")},
      {!addressed, absl::StrCat(device, " has ", addressed ? "an address" : "no address", " of the kernel's"),
       absl::StrCat("ip addr flush dev ", device)}};
}

}  // namespace cfr
