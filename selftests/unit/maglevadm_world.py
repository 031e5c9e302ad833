# SPDX-License-Identifier: GPL-2.0-only
"""What the played plane of maglevadm's tests holds: a small cluster, every attribute at least once."""

KEY = {"af": 2, "protocol": 6, "addr": "192.0.2.10", "port": 80}
KEY6 = {"af": 10, "protocol": 17, "addr": "2001:db8::1", "port": 53}
KEY_MARK = {"af": 2, "fwmark": 5}
STATS = {"flows-new": 1000, "packets": 20000, "segments": 60000, "bytes": 2**60 + 1, "flows-answered": 990,
         "flows-reset": 4, "unreachable": 5}
NO_STATS = {"flows-new": 0, "packets": 0, "segments": 0, "bytes": 0, "flows-answered": 0, "flows-reset": 0,
            "unreachable": 0}
TIMEOUTS = {"half-open": 60, "established": 900, "closing": 120, "reset": 10}
SERVICE = {"key": KEY, "id": 1, "table-size": 251, "mode": "tuple", "mode-set": "flag",
           "timeouts": TIMEOUTS, "forwarding": "maglev", "left-because": "none", "generation": 7,
           "base-digest": 0x4711fbf57d46ea1e, "live-digest": 0x9e4c80c06e370822,
           "key-check": 0xb88fb28d06d5efe1, "n-backends": 4, "displaced-slots": 101, "error": 12,
           "error-text": "no memory for a table of 251 slots", "warnings": ["few-slots", "key-zero"],
           "build-us": 31, "flows": 812, "stats": STATS, "scheduler": "maglev"}
SERVICE6 = {"key": KEY6, "id": 2, "table-size": 65537, "mode": "source", "mode-set": "source",
            "timeouts": TIMEOUTS, "forwarding": "maglev", "left-because": "none", "generation": 1,
            "base-digest": 1, "live-digest": 1, "key-check": 0xb88fb28d06d5efe1, "n-backends": 0,
            "displaced-slots": 0, "error": 0, "error-text": "", "warnings": [], "build-us": 900,
            "flows": 0, "stats": NO_STATS, "scheduler": "mh"}
SERVICE_MARK = {**SERVICE6, "key": KEY_MARK, "id": 3, "forwarding": "ipvs",
                "left-because": "fwmark", "flows": 9}
SERVICES = [{"service": SERVICE}, {"service": SERVICE6}, {"service": SERVICE_MARK}]


def backend(addr, place, states, weights, share, slots, **more):
    """states: ipvs, admin, health; weights: IPVS's, nominal, in the table; slots: base, live."""
    order = ["up", "drain", "down"]
    return {"addr": addr, "port": 80, "index": 10 + place, "place": place,
            "state": max(states, key=order.index), "ipvs-state": states[0],
            "admin-state": states[1], "health-state": states[2], "weight": weights[0],
            "nominal-weight": weights[1], "table-weight": weights[2], "share": share,
            "deadline-ms": 0, "base-slots": slots[0], "live-slots": slots[1], "flows": 100 + place,
            "method": "tunnel", "tunnel": "gre", "tunnel-checksum": 0, "overloaded": 0,
            "stats": STATS, "drained": 0, **more}


UP = ("up", "up", "up")
BACKENDS = [
    backend("10.0.0.1", 0, UP, (1, 0, 1), 100, (50, 82)),
    backend("10.0.0.2", 1, UP, (0, 0, 1), 50, (50, 73), overloaded=1, tunnel="ipip"),
    backend("10.0.0.3", 2, ("up", "drain", "up"), (1, 2, 2), 100, (101, 0), **{"deadline-ms": 272000}),
    backend("2001:db8::4", 3, ("up", "up", "down"), (1, 0, 1), 100, (50, 96), **{"tunnel-checksum": 1}, flows=0,
            drained=1),
]
BACKEND_ROWS = [{"service": {"key": KEY}, "backend": one} for one in BACKENDS]
FLOW = {"cpu": 1, "line": 37, "hash": 0x28d2bb456a, "service-id": 1, "key": KEY, "index": 10,
        "addr": "10.0.0.1", "port": 80, "state": "established", "age": 64, "slot": 160, "old": 0}
FLOW_OLD = {**FLOW, "cpu": 0, "line": 4096, "key": KEY6, "addr": "2001:db8::4", "state": "half-open",
            "age": 4, "old": 1}
del FLOW_OLD["slot"]
FLOWS = [{"flow": FLOW}, {"flow": FLOW_OLD}]
COUNTS = [{"service": {"key": KEY}, "backend": {"addr": one["addr"], "port": 80},
           "flow-count": {"half-open": 1, "established": 20, "closing": 3, "reset": 0}}
          for one in BACKENDS]
OUTER = {"tunnel": "gre", "saddr": "198.51.100.1", "daddr": "10.0.0.1", "overhead": 24, "mtu": 1500,
         "ifindex": 999999, "gateway": "198.51.100.254"}
DECISION = {"verdict": "forward", "reason": "none", "reason-name": "none", "reason-text": "",
            "hash": 0xa34aed15abdb4053, "slot": 160, "source": "flow", "track": "kept",
            "base-owner": BACKENDS[2], "live-answer": BACKENDS[0], "chosen": BACKENDS[0],
            "flow": FLOW, "outer": OUTER}
EXPLAIN = [{"service": SERVICE, "decision": DECISION}]
REJECTED = [{"service": {**SERVICE, "left-because": "none"},
             "decision": {"verdict": "reject", "reason": "no-backend", "reason-name": "no-backend",
                          "reason-text": "no backend is up", "hash": 0xa34aed15abdb4053,
                          "slot": 160, "source": "none", "track": "none",
                          "base-owner": BACKENDS[2]}}]
PASSED = [{"decision": {"verdict": "pass", "reason": "not-ours", "reason-name": "not-ours",
                        "reason-text": "no service of ours", "source": "none", "track": "none"}}]
PREVIEW = [{"service": SERVICE,
            "preview": {"table-size": 251, "n-backends": 4, "base-digest": 0x4711fbf57d46ea1e,
                        "live-digest": 0x006a589d30586067, "slots-changed": 62,
                        "slots-collateral": 1, "flows-moved": 30, "flows-lost": 2,
                        "displaced-slots": 40, "warnings": ["no-slot"]}},
           {"backend": {**BACKENDS[0], "live-slots": 58}},
           {"backend": {**BACKENDS[1], "live-slots": 61}},
           {"backend": {**BACKENDS[2], "admin-state": "up", "state": "up", "deadline-ms": 0,
                        "live-slots": 62}},
           {"backend": {**BACKENDS[3], "addr": "2001:db8::5", "live-slots": 70}}]
SETTINGS = {"key-check": 0xb88fb28d06d5efe1, "key-is-zero": 0, "table-size": 65537,
            "flows": 1048576, "flow-bytes": 8388608, "moving": 1, "fwmark-mask": 0xffffffff,
            "source4": {"addr": "198.51.100.0", "len": 28}, "source6": {"len": 0}, "probe": 1,
            "probe-base": 0x10000, "rebuild-delay-ms": 10, "hook": "local", "replace-mh": "taken",
            "cpus": 2, "version": "0.1.0", "plane": "kernel", "lines": 81920, "changes": 9}
COUNTERS = {"forwarded": 20000, "segments": 60000, "bytes": 9000000, "flows-new": 1000, "adopted": 0,
            "outside": 0, "evicted": 0, "untracked-full": 3, "untracked-busy": 0, "foreign-lines": 12,
            "errors": 1, "probes": 0, "gap": 0, "flows": 812, "capacity": 1048576, "published": 7,
            "build-errors": 0}
REASONS = [
    {"reason": "no-backend", "name": "no-backend", "verdict": "reject", "count": 5,
     "text": "no backend is up"},
    {"reason": "ttl", "name": "ttl", "verdict": "drop", "count": 0, "text": "the TTL has run out"},
    {"reason": "mark", "name": "mark", "verdict": "pass", "count": 17,
     "text": "a firewall mark leaves it to IPVS"},
]
WORLD = {
    "service-get": SERVICES[:1],
    "backend-get": BACKEND_ROWS,
    "flow-get": FLOWS,
    "flow-count": COUNTS,
    "flow-flush": [{"flows": 812}],
    "explain": EXPLAIN,
    "preview": PREVIEW,
    "settings-get": [{"settings": SETTINGS}],
    "stats-get": [{"counters": COUNTERS, "reason": REASONS}],
}
NAMED = {"service": {"key": KEY}, "backend": {"addr": "10.0.0.3", "port": 80}}
EVENTS = [
    ("service-add-ntf", {"seq": 1, "service": SERVICE}),
    ("backend-add-ntf", {"seq": 2, "service": {"key": KEY}, "backend": BACKENDS[0]}),
    ("state-ntf", {"seq": 3, **NAMED, "old-state": "up", "cause": "admin",
                   "backend": {**NAMED["backend"], "state": "drain"}}),
    ("publish-ntf", {"seq": 4, "service": SERVICE}),
    ("degraded-ntf", {"seq": 7, "service": SERVICE}),
    ("degraded-ntf", {"seq": 8, "service": {**SERVICE, "error": 0}}),
    "lost",
    ("drained-ntf", {"seq": 20, **NAMED, "cause": "last-flow",
                     "backend": {**NAMED["backend"], "flows": 0}}),
    ("pressure-ntf", {"seq": 21, "counters": {"evicted": 4, "untracked-full": 5,
                                              "untracked-busy": 6}}),
    ("settings-ntf", {"seq": 22, "settings": SETTINGS}),
    ("backend-del-ntf", {"seq": 23, **NAMED}),
    ("service-del-ntf", {"seq": 24, "service": {"key": KEY_MARK}}),
]
