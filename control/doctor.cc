// SPDX-License-Identifier: BSD-3-Clause
#include "control/doctor.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/config.h"
#include "control/client.h"

namespace cfr {
namespace {

constexpr int kAskMs = 2000;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  std::string line = text.str();
  while (!line.empty() && line.back() == '\n') line.pop_back();
  return line;
}

class Examination {
 public:
  Json Result() && { return {{"healthy", healthy_}, {"checks", std::move(checks_)}}; }

  void Add(const std::string& check, bool ok, const std::string& text, const std::string& fix = "") {
    checks_.push_back({{"check", check}, {"ok", ok}, {"text", text}, {"fix", ok ? "" : fix}});
    healthy_ &= ok;
  }

  void Processor() {
    bool able = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("aes");
    Add("processor", able, able ? "AVX2, PCLMUL and AES" : "lacks AVX2, PCLMUL or AES", "use a machine from 2014 or later");
  }

  void Memory(const Config& config) {
    std::string pages = ReadAll("/proc/sys/vm/nr_hugepages");
    bool wanted = config.settings[Setting::kHugepages] != 0;
    Add("hugepages", !wanted || (pages != "0" && !pages.empty()),
        absl::StrCat(pages.empty() ? "none" : pages, " reserved, ", wanted ? "required" : "not required"),
        "echo 512 > /proc/sys/vm/nr_hugepages");
    rlimit limit{};
    getrlimit(RLIMIT_MEMLOCK, &limit);
    bool enough = geteuid() == 0 || limit.rlim_cur >= (64u << 20);
    Add("memlock", enough, limit.rlim_cur == RLIM_INFINITY ? "unlimited" : absl::StrCat(limit.rlim_cur >> 10, " KiB"),
        "ulimit -l unlimited");
  }

  void Interface(const PortConfig& port, Side side) {
    if (port.kind != PortConfig::Kind::kNetdev) return;
    const std::string check = absl::StrCat("port ", Name(side)), &device = port.device;
    if (if_nametoindex(device.c_str()) == 0)
      return Add(check, false, absl::StrCat("no interface '", device, "' here"), absl::StrCat("ip link show ", device));
    bool kernel6 = ReadAll(absl::StrCat("/proc/sys/net/ipv6/conf/", device, "/disable_ipv6")) == "0";
    Add(check, !kernel6, absl::StrCat("IPv6 of the kernel is ", kernel6 ? "on" : "off", " on ", device),
        absl::StrCat("sysctl -w net/ipv6/conf/", device, "/disable_ipv6=1"));
    bool forwards = ReadAll(absl::StrCat("/proc/sys/net/ipv4/conf/", device, "/forwarding")) == "1";
    Add(check, !forwards, absl::StrCat("the kernel ", forwards ? "forwards" : "does not forward", " from ", device),
        absl::StrCat("sysctl -w net/ipv4/conf/", device, "/forwarding=0"));
    bool addressed = HasAddress(device);
    Add(check, !addressed, absl::StrCat(device, addressed ? " has an address of the kernel's" : " has no address"),
        absl::StrCat("ip addr flush dev ", device));
  }

  void Daemons(const std::string& config_text, const std::string& socket_path) {
    Answer health = Ask(socket_path, "health", Json::object(), kAskMs);
    if (const auto* failure = std::get_if<Failure>(&health))
      return Add("cfr-control", false, failure->message, "cfr-control --config FILE");
    Add("cfr-control", true, "answers");
    for (const Json& c : std::get<Json>(health)["checks"])
      Add(c["check"], c["ok"], c["text"], "cfr-dataplane --config FILE; cfrctl health");
    Answer plan = Ask(socket_path, "config plan", {{"config", config_text}}, kAskMs);
    if (const auto* result = std::get_if<Json>(&plan)) {
      size_t changes = (*result)["changes"].size();
      Add("running config", changes == 0, changes == 0 ? "equals the file" : absl::StrCat("differs from the file in ", changes, " places"),
          "cfrctl config plan FILE, then config apply or config export");
    }
  }

 private:
  static bool HasAddress(const std::string& device) {
    ifaddrs* list = nullptr;
    bool found = false;
    if (getifaddrs(&list) != 0) return false;
    for (ifaddrs* a = list; a != nullptr; a = a->ifa_next)
      found |= a->ifa_addr != nullptr && device == a->ifa_name &&
               (a->ifa_addr->sa_family == AF_INET || a->ifa_addr->sa_family == AF_INET6);
    freeifaddrs(list);
    return found;
  }

  Json checks_ = Json::array();
  bool healthy_ = true;
};

}  // namespace

Json Examine(const std::string& config_path, const std::string& socket_path) {
  Examination examination;
  examination.Processor();
  std::string text = ReadAll(config_path);
  ConfigResult parsed = ParseConfig(text);
  if (parsed.config.has_value()) {
    examination.Add("config", true, config_path);
    examination.Memory(*parsed.config);
    for (Side side : {Side::kAccess, Side::kCore}) examination.Interface(parsed.config->port[static_cast<int>(side)], side);
  } else {
    examination.Add("config", false, text.empty() ? absl::StrCat(config_path, " cannot be read") : Format(parsed.errors.front(), config_path),
                    absl::StrCat("cfrctl config check ", config_path));
  }
  examination.Daemons(text, socket_path);
  return std::move(examination).Result();
}

}  // namespace cfr
