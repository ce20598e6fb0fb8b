# SPDX-License-Identifier: BSD-3-Clause
"""Configurations of the programs: one network, varied."""

import ipaddress

DEFAULTS = {"timers.udp": 300, "timers.udp_oneway": 120, "timers.tcp_open": 240, "timers.tcp_established": 7440,
            "timers.tcp_close": 240, "timers.tcp_reset": 240, "timers.icmp_query": 60, "timers.port_quarantine": 120,
            "limits.flows_per_subscriber_v4": 2000, "limits.flows_per_subscriber_v6": 8000, "limits.new_flows_per_second": 200,
            "limits.new_flows_burst": 1000, "alias.port_first": 1024, "alias.port_last": 65535, "alias.epoch": 3600, "alias.affinity_idle": 1800,
            "alias.affinity_cap": 14400,
            "scrub.ttl_cap": 48, "scrub.ipv4_id": True, "scrub.flow_label": True, "scrub.dscp": True,
            "timers.frag_hold": 2, "timers.frag_map": 30, "limits.fragments_held_per_datagram": 16,
            "limits.fragments_held_per_sender": 64, "limits.ip6_headers": 8, "limits.ip6_chain_bytes": 256,
            "scrub.tcp_timestamps": "offset", "scrub.mss_clamp_v4": 1360, "scrub.mss_clamp_v6": 1340,
            "scrub.tcp_fast_open": True, "scrub.mptcp_add_addr": True, "scrub.mptcp_capable": False,
            "icmp.answers_per_second": 1000, "icmp.answers_per_receiver": 10, "icmp.answers_burst": 20, "icmp.verify_quoted_header": True}


def address(text):
    return ipaddress.ip_address(text).packed


ON_LINK = address("10.0.0.70")  # a subscriber on the access link


def toml(config):
    """The configuration as cfr-control reads it."""
    def value(v):
        if isinstance(v, bool):
            return str(v).lower()
        return f'"{v}"' if isinstance(v, str) else f"[{', '.join(map(value, v))}]" if isinstance(v, list) else str(v)

    lines = ["[node]", 'name = "model"', f"regions = {value(config['regions'])}"]
    for side in ("access", "core"):
        port = config[side]
        lines += [f"[port.{side}]", "null = true", f"mtu = {port['mtu']}", f"addresses = {value(port['addresses'])}"]
        lines += [f"vlan = {value(port['vlan'] if len(port['vlan']) > 1 else port['vlan'][0])}"] if port["vlan"] else []
        lines += [f"gateway_v{ipaddress.ip_address(g).version} = {value(g)}" for g in port["gateways"]]
    sections = {}
    for key, v in config["settings"].items():
        section, name = key.split(".")
        sections.setdefault(section, []).append(f"{name} = {value(v)}")
    for section, rows in sections.items():
        lines += [f"[{section}]", *rows]
    for table in ("subscribers", "pool", "bypass"):
        for row in config[table]:
            lines += [f"[[{table}]]", *(f"{name} = {value(v)}" for name, v in row.items())]
    return lines


def configuration(rng, profile):
    """The network of tests/packet/configurations, varied."""
    tags = ([200, 100], [300]) if rng.random() < 0.15 else ([], [])
    units = rng.choice((1, 2, 4, 5)) if profile == "tight" else rng.choice((1, 4, 16))
    config = {
        "regions": ["XA-1", "XA-2"],
        "access": {"mtu": rng.choice((1500, 1500, 1400)), "vlan": tags[0], "addresses": ["10.0.0.1/24", "2001:db8:ac::1/64"],
                   "gateways": ["10.0.0.2", "2001:db8:ac::2"]},
        "core": {"mtu": rng.choice((1500, 1500, 1300)), "vlan": tags[1], "addresses": ["192.0.2.1/24", "2001:db8:c0::1/64"],
                 "gateways": ["192.0.2.254", "2001:db8:c0::fe"]},
        "settings": dict(DEFAULTS),
        "subscribers": [{"prefix": "100.64.0.0/16", "per": 32, "region": "XA-1"},
                        {"prefix": "100.65.0.0/16", "per": 32, "region": "XA-2"},
                        {"prefix": "10.0.0.64/26", "per": 32, "region": "XA-1"},  # on the access link
                        {"prefix": "2001:db8:c1::/48", "per": 56, "region": "XA-1"},
                        {"prefix": "2001:db8:c2::/48", "per": 56, "region": "XA-2"}],
        "pool": [{"name": "one4", "region": "XA-1", "prefixes": ["203.0.113.0/25"]},
                 {"name": "more4", "region": "XA-1", "prefixes": ["203.0.113.128/26", "203.0.113.240/28"]},
                 {"name": "one6", "region": "XA-1", "prefixes": ["2001:db8:a000::/64"]},
                 {"name": "more6", "region": "XA-1", "prefixes": ["2001:db8:a001::/64"]},
                 {"name": "north4", "region": "XA-2", "prefixes": ["203.0.112.0/28"]},
                 {"name": "north6", "region": "XA-2", "prefixes": ["2001:db8:a002::/64"]}],
        "bypass": [{"name": "b4", "prefix": "198.51.100.200/29", "reason": "a resolver"},
                   {"name": "b6", "prefix": "2001:db8:b::/64", "reason": "a resolver"}]}
    for pool in config["pool"]:
        more = pool["name"].startswith("more")
        pool |= {"state": rng.choice(("active", "staged")) if more else "active", "alias_units": units, "small_crowd": True, "answer_neighbours": False}
    settings = config["settings"]
    settings["alias.epoch"] = rng.choice((60, 600, 3600))
    settings["alias.affinity_idle"] = rng.choice((60, 120, 1800))
    settings["alias.affinity_cap"] = rng.choice((1, 2, 8)) * settings["alias.affinity_idle"]
    if rng.random() < 0.3:
        settings |= {"scrub.ttl_cap": rng.choice((1, 20, 255)), "scrub.dscp": rng.random() < 0.5,
                     "scrub.ipv4_id": rng.random() < 0.5, "scrub.flow_label": rng.random() < 0.5}
    if rng.random() < 0.3:
        settings |= {"scrub.tcp_timestamps": rng.choice(("strip", "keep", "offset")), "scrub.mss_clamp_v4": rng.choice((536, 1460, 65535)),
                     "scrub.mss_clamp_v6": rng.choice((1220, 65535)), "scrub.tcp_fast_open": rng.random() < 0.5,
                     "scrub.mptcp_add_addr": rng.random() < 0.5, "scrub.mptcp_capable": rng.random() < 0.5}
    if rng.random() < 0.3:
        settings |= {"icmp.answers_per_second": rng.choice((0, 5, 100)), "icmp.answers_per_receiver": rng.choice((1, 7)),
                     "icmp.answers_burst": rng.choice((1, 3)), "icmp.verify_quoted_header": rng.random() < 0.5}
    if rng.random() < 0.2:
        settings |= {"limits.ip6_headers": rng.choice((0, 1, 2)), "limits.ip6_chain_bytes": rng.choice((0, 8, 24, 32))}
    if profile == "fragments" or rng.random() < 0.1:
        settings |= {"timers.frag_hold": rng.choice((2, 5)), "timers.frag_map": rng.choice((2, 30)),
                     "limits.fragments_held_per_datagram": rng.choice((0, 1, 2, 16)), "limits.fragments_held_per_sender": rng.choice((1, 4, 64))}
    if rng.random() < 0.3:
        settings |= {"timers.udp": 600, "timers.udp_oneway": 150, "timers.icmp_query": 90, "timers.port_quarantine": 200}
    if profile == "tight":
        first = rng.choice((40000, 1895, 65530))
        settings |= {"alias.port_first": first, "alias.port_last": min(65535, first + rng.choice((0, 3, 15)))}
    if profile == "quota":
        settings |= {"limits.flows_per_subscriber_v4": rng.choice((1, 3, 8)), "limits.flows_per_subscriber_v6": rng.choice((2, 5)),
                     "limits.new_flows_per_second": rng.choice((1, 7)), "limits.new_flows_burst": rng.choice((3, 20))}
    return config
