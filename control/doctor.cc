// SPDX-License-Identifier: BSD-3-Clause
#include "control/doctor.h"

#include <sys/resource.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "common/config.h"
#include "common/kernel_interface.h"
#include "common/text_file.h"
#include "control/client.h"

namespace cfr {
namespace {

constexpr int kAskMs = 2000;
constexpr size_t kLineMax = 256;

// Of /proc or /sys; empty if there is no such file.
std::string FirstLine(const std::string& path) {
  auto text = ReadTextFile(path, kLineMax);
  return text.ok() ? text->substr(0, text->find('\n')) : "";
}

class Examination {
 public:
  Json Result() && { return {{"healthy", healthy_}, {"checks", std::move(checks_)}}; }

  void Add(const std::string& check, bool ok, const std::string& text, const std::string& fix = "") {
    checks_.push_back({{"check", check}, {"ok", ok}, {"text", text}, {"fix", ok ? "" : fix}});
    healthy_ &= ok;
  }

  void Processor() {
    bool able =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("aes");
    Add("processor", able, able ? "AVX2, PCLMUL and AES" : "lacks AVX2, PCLMUL or AES",
        "use a machine from 2014 or later");
  }

  void Memory(const Config& config) {
    std::string pages = FirstLine("/proc/sys/vm/nr_hugepages");
    bool wanted = config.settings[Setting::kHugepages] != 0;
    Add("hugepages", !wanted || (pages != "0" && !pages.empty()),
        absl::StrCat(pages.empty() ? "none" : pages, " reserved, ", wanted ? "required" : "not required"),
        "echo 512 > /proc/sys/vm/nr_hugepages");
    rlimit limit{};
    getrlimit(RLIMIT_MEMLOCK, &limit);
    bool enough = geteuid() == 0 || limit.rlim_cur >= (64u << 20);
    Add("memlock", enough,
        limit.rlim_cur == RLIM_INFINITY ? "unlimited" : absl::StrCat(limit.rlim_cur >> 10, " KiB"),
        "ulimit -l unlimited");
  }

  void Port(const PortConfig& port, Side side) {
    const std::string check = absl::StrCat("port ", Name(side));
    if (port.kind == PortConfig::Kind::kNetdev)
      for (const InterfaceFinding& f : ExamineInterface(port.device)) Add(check, f.ok, f.text, f.command);
    if (port.kind != PortConfig::Kind::kPci) return;
    bool there = access(absl::StrCat("/sys/bus/pci/devices/", port.device).c_str(), F_OK) == 0;
    Add(check, there, absl::StrCat(there ? "" : "no ", "device ", port.device, " on the PCI bus"),
        "dpdk-devbind.py --status-dev net");
  }

  // What is found is told also when cfr-control is a stranger.
  void Daemons(const std::string& config_path, const std::string& config_text,
               const std::string& socket_path) {
    try {
      AskDaemons(config_path, config_text, socket_path);
    } catch (const Json::exception&) {
      Add("cfr-control", false, absl::StrCat(socket_path, ": not a cfr-control of this release"),
          "cfrctl version");
    }
  }

 private:
  void AskDaemons(const std::string& config_path, const std::string& config_text,
                  const std::string& socket_path) {
    Answer health = Ask(socket_path, "health", Json::object(), kAskMs);
    if (const auto* failure = std::get_if<Failure>(&health))
      return Add("cfr-control", false, failure->message, absl::StrCat("cfr-control --config ", config_path));
    Add("cfr-control", true, "answers");
    for (const Json& c : std::get<Json>(health).at("checks")) {
      const std::string check = c.at("check");
      Add(check, c.at("ok"), c.at("text"),
          check == "dataplane" ? absl::StrCat("cfr-dataplane --config ", config_path)
          : check == "pools"   ? "cfrctl pool list"
                               : "journalctl -u cfr-dataplane -u cfr-control");
    }
    Answer plan = Ask(socket_path, "config plan", {{"config", config_text}}, kAskMs);
    if (const auto* result = std::get_if<Json>(&plan)) {
      size_t changes = result->at("changes").size();
      Add("running config", changes == 0,
          changes == 0
              ? "equals the file"
              : absl::StrCat("differs from the file in ", changes, changes == 1 ? " place" : " places"),
          absl::StrCat("cfrctl config plan ", config_path));
    }
  }

  Json checks_ = Json::array();
  bool healthy_ = true;
};

}  // namespace

Json Examine(const std::string& config_path, const std::string& socket_path) {
  Examination examination;
  examination.Processor();
  auto text = ReadTextFile(config_path, kConfigBytesMax);
  ConfigResult parsed = ParseConfig(text.ok() ? *text : "");
  const std::string fix = absl::StrCat("cfrctl config check ", config_path);
  if (!text.ok()) {
    examination.Add("config", false, std::string(text.status().message()), fix);
  } else if (!parsed.config.has_value()) {
    ConfigError first = parsed.errors.front();
    first.hint.clear();  // of the line below
    examination.Add("config", false, Format(first, config_path), fix);
  } else {
    examination.Add("config", true, config_path);
    examination.Memory(*parsed.config);
    for (Side side : {Side::kAccess, Side::kCore})
      examination.Port(parsed.config->port[static_cast<int>(side)], side);
  }
  examination.Daemons(config_path, text.ok() ? *text : "", socket_path);
  return std::move(examination).Result();
}

}  // namespace cfr
