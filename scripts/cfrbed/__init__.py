# SPDX-License-Identifier: BSD-3-Clause
"""The bed: network namespaces of subscribers, relay and CFS on this machine, with real programs in them.

     sub1 --+                                        10.10.0.0/24, fd10::/64 on the access side
     sub2 --+-- access (bridge) -- acc0 RELAY core0 -- cfs0 CFS     198.18.0.0/24, 2001:db8:5::/64
     sub3 --+                                        203.0.113.0/28, 2001:db8:cf::/64 are the pools

Used by scripts/bed, scripts/demo and tests/e2e. Everything a bed makes carries its name, lives in one
directory and is taken down by what was noted there, so beds can stand beside each other.
"""
