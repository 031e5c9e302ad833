#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""maglevadm and a balancer: what it asks, and what it makes of the answers.

The plane is played (maglevadm_plane.py). Answers in JSON and in text are compared with
maglevadm_golden/*; MAGLEV_GOLDEN=write writes these files instead.
TAP on stdout; exit 0 passed, 1 failed, 4 skipped. Arguments choose tests by name.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from cli import KEY_TEXT, ROOT, run_tests, same

try:
    import maglevadm_plane
    from maglevadm_plane import ENUMS, SETS, Plane, Refusal, run_without
except ImportError as missing:
    print(f"1..0 # SKIP {missing.name} is missing: install python3-{missing.name}")
    sys.exit(4)
from maglevadm_world import (BACKEND_ROWS, BACKENDS, EVENTS, KEY, KEY6, KEY_MARK, PASSED, REJECTED,
                             SERVICES, WORLD)

GOLDEN = ROOT / "selftests/unit/maglevadm_golden"
SERVICE = ["tcp", "192.0.2.10:80"]
BACKEND = ["10.0.0.3:80"]
FLOW = ["tcp", "198.51.100.7:4242", "192.0.2.10:80"]
EPERM, ENOENT, EINVAL, ERANGE = 1, 2, 22, 34
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def done_of(plane, *words, text="", status=0):
    done = plane.run(*words, text=text)
    same(done.returncode, status, f"exit status of {words}: {done.stdout}{done.stderr}")
    assert "Sanitizer" not in done.stderr, done.stderr
    return done


def golden(name, got):
    file = GOLDEN / name
    if os.environ.get("MAGLEV_GOLDEN") == "write":
        file.write_text(got)
    same(got.splitlines(), file.read_text().splitlines(), str(file))


def shows(name, words, answers=None, warns=""):
    """A verb's answer in text and in JSON, as the golden files have it."""
    def check():
        with Plane({**WORLD, **(answers or {})}) as plane:
            text, shown = done_of(plane, *words), done_of(plane, "-j", *words)
        golden(name + ".txt", text.stdout)
        golden(name + ".json", shown.stdout)
        json.loads(shown.stdout)
        for done in (text, shown):
            assert re.search(warns, done.stderr) if warns else not done.stderr, done.stderr

    check.__name__ = f"{name}_shows_what_the_plane_says"
    TESTS.append(check)


shows("service_show", ["service", "show"], {"service-get": SERVICES})
shows("service_show_none", ["service"], {"service-get": []})
shows("service_show_one", ["service", "show", *SERVICE])
shows("backend_show", ["backend", "show"])
shows("backend_show_one", ["backend", "show", *SERVICE, *BACKEND],
      {"backend-get": BACKEND_ROWS[2:3]})
shows("flow_show", ["flow", "show"])
shows("flow_count", ["flow", "count"])
shows("flow_flush", ["flow", "flush"])
shows("flow_find", ["flow", "find", *FLOW], {"flow-get": WORLD["flow-get"][:1]})
shows("explain", ["explain", *FLOW])
shows("explain_rejected", ["explain", *FLOW], {"explain": REJECTED})
shows("explain_passed", ["explain", *FLOW], {"explain": PASSED})
shows("table_show", ["table", "show", *SERVICE])
shows("table_diff", ["table", "diff", *SERVICE, "up", *BACKEND])
shows("table_diff_of_the_size", ["table", "diff", *SERVICE, "table-size", "257"],
      {"preview": [{"service": WORLD["preview"][0]["service"],
                    "preview": {"table-size": 257, "slots-changed": 257, "warnings": []}}]})
shows("service_show_left", ["service", "show", *SERVICE], {"service-get": SERVICES[2:]})
shows("stats", ["stats"])
shows("stats_all", ["stats", "all"])
shows("show", ["show"])


def keys_of(name, shown):
    """Every key is an attribute of the set, as are those inside; a name is how it is typed."""
    for key, value in shown.items():
        if key == "name" and name in ("service-key", "backend"):
            continue
        _, attr = SETS[name][key]
        if attr["type"] == "nest":
            for one in value if attr.get("multi-attr") or isinstance(value, list) else [value]:
                keys_of(attr["nested-attributes"], one)
        elif attr.get("display-hint") == "hex" and attr["type"] == "u64":
            assert re.fullmatch("[0-9a-f]{16}", value), f"{key} is {value!r}"
        elif "enum" in attr:
            for word in value if isinstance(value, list) else [value]:
                assert word in ENUMS[attr["enum"]][2], f"{key} is {value!r}"
        elif attr["type"] in ("u16", "u32", "u64"):
            assert type(value) is int, f"{key} is {value!r}"
        else:
            assert type(value) is str, f"{key} is {value!r}"


@test
def json_has_the_names_and_types_of_the_spec():
    with Plane(WORLD) as plane:
        for words in (["service"], ["backend"], ["flow"], ["flow", "count"], ["explain", *FLOW],
                      ["table", "show", *SERVICE], ["table", "diff", *SERVICE, "up", *BACKEND],
                      ["show"], ["stats"], ["flow", "flush"]):
            shown = json.loads(done_of(plane, "-j", *words).stdout)
            for row in shown if isinstance(shown, list) else [shown]:
                keys_of("maglev", row)


@test
def numbers_beyond_a_double_keep_their_digits():
    with Plane(WORLD) as plane:
        assert '"bytes":\t1152921504606846977' in done_of(plane, "-j", "backend").stdout


@test
def a_name_in_json_can_be_typed():
    with Plane({**WORLD, "service-get": SERVICES}) as plane:
        names = [row["service"]["key"]["name"]
                 for row in json.loads(done_of(plane, "-j", "service").stdout)]
        same(names, ["tcp 192.0.2.10:80", "udp [2001:db8::1]:53", "fwmark 5"])
        plane.asked.clear()
        for name in names:
            done_of(plane, "-j", "service", "show", *name.split())
    same([asked["service"]["key"] for _, asked in plane.asked], [KEY, KEY6, KEY_MARK])


def asks(name, words, command, expected, answers=None, text=""):
    """A verb sends just this request."""
    def check():
        with Plane(answers or WORLD) as plane:
            done_of(plane, *words, text=text)
        same(plane.asked[0], (command, expected), f"request of {words}")

    check.__name__ = f"{name}_asks_for_just_that"
    TESTS.append(check)


SERVICE_NAMED = {"service": {"key": KEY}}
BACKEND_NAMED = {"addr": "10.0.0.3", "port": 80}


def change(**settings):
    settings = {key.replace("_", "-"): value for key, value in settings.items()}
    return {**SERVICE_NAMED, "backend": {**BACKEND_NAMED, **settings}}


def list_requests():
    both = {**SERVICE_NAMED, "backend": BACKEND_NAMED}
    asks("service_show", ["service", "show"], "service-get", {})
    asks("service_show_ipv6_mark", ["service", "show", "fwmark", "0x10", "ipv6"], "service-get",
         {"service": {"key": {"af": 10, "fwmark": 16}}})
    asks("backend_show_of_a_service", ["backend", "show", *SERVICE], "backend-get", SERVICE_NAMED)
    asks("backend_show_of_a_service_that_takes_all_ports",
         ["backend", "show", "tcp", "192.0.2.10:0", "10.0.0.3:0"], "backend-get",
         {"service": {"key": {**KEY, "port": 0}}, "backend": {**BACKEND_NAMED, "port": 0}})
    asks("flow_show_of_a_state", ["flow", "show", "state", "closing"], "flow-get",
         {"flow": {"state": "closing"}})
    asks("flow_show_of_all_three", ["flow", "show", *SERVICE, *BACKEND, "state", "reset"],
         "flow-get", {**both, "flow": {"state": "reset"}})
    asks("flow_count_of_a_backend", ["flow", "count", *SERVICE, *BACKEND], "flow-count", both)
    asks("flow_flush_of_a_backend", ["flow", "flush", *SERVICE, *BACKEND], "flow-flush", both)
    tuple_asked = {"protocol": 6, "saddr": "198.51.100.7", "daddr": "192.0.2.10", "sport": 4242,
                   "dport": 80}
    asks("flow_find", ["flow", "find", *FLOW], "flow-get", {"tuple": tuple_asked})
    asks("explain", ["explain", *FLOW], "explain", {"tuple": tuple_asked})
    asks("explain_with_everything",
         ["explain", *FLOW, "mark", "0x20", "flags", "syn,ack", "length", "1500"], "explain",
         {"tuple": {**tuple_asked, "flags": ["syn", "ack"], "mark": 32, "length": 1500}})
    asks("table_diff", ["table", "diff", *SERVICE, "add", "10.0.0.9:80", "3", "del", *BACKEND,
                        "drain", *BACKEND, "down", *BACKEND, "up", *BACKEND, "weight", *BACKEND,
                        "7", "share", *BACKEND, "50", "table-size", "257"], "preview",
         {**SERVICE_NAMED, "entry": [
             {"op": "backend-add", "backend": {"addr": "10.0.0.9", "port": 80, "weight": 3}},
             {"op": "backend-del", "backend": BACKEND_NAMED},
             {"op": "backend-set", "backend": {**BACKEND_NAMED, "admin-state": "drain",
                                               "deadline-ms": 0}},
             {"op": "backend-set", "backend": {**BACKEND_NAMED, "admin-state": "down"}},
             {"op": "backend-set", "backend": {**BACKEND_NAMED, "admin-state": "up"}},
             {"op": "backend-set", "backend": {**BACKEND_NAMED, "nominal-weight": 7}},
             {"op": "backend-set", "backend": {**BACKEND_NAMED, "share": 50}},
             {"op": "service-set", "service": {"key": KEY, "table-size": 257}}]})


def change_requests():
    asks("service_set", ["service", "set", *SERVICE, "mode", "flag", "timeout", "reset", "20",
                         "table-size", "257", "timeout", "half-open", "30", "fragments", "on"], "service-set",
         {"service": {"key": KEY, "table-size": 257, "mode-set": "flag",
                      "timeouts": {"half-open": 30, "reset": 20}, "fragments": 1}})
    for verb, expected in (
        (["drain"], change(admin_state="drain", deadline_ms=0)),
        (["drain", "--deadline", "500ms"], change(admin_state="drain", deadline_ms=500)),
        (["drain", "--deadline", "30s"], change(admin_state="drain", deadline_ms=30000)),
        (["drain", "--deadline", "5m"], change(admin_state="drain", deadline_ms=300000)),
        (["drain", "--deadline", "2h"], change(admin_state="drain", deadline_ms=7200000)),
        (["down"], change(admin_state="down")),
        (["up"], change(admin_state="up")),
        (["weight", "0"], change(nominal_weight=0)),
        (["weight", "2147483647"], change(nominal_weight=2147483647)),
        (["share", "25"], change(share=25)),
    ):
        asks("backend_" + "_".join(verb).replace("-", ""),
             ["backend", verb[0], *SERVICE, *BACKEND, *verb[1:]], "backend-set", expected)
    asks("set", ["set", "table-size", "257", "flows", "0", "fwmark-mask", "0xff", "source4",
                 "198.51.100.16/28", "source6", "none", "probe", "off", "probe-base", "65536",
                 "rebuild-delay", "1s", "hook", "none"], "settings-set",
         {"settings": {"table-size": 257, "flows": 0, "fwmark-mask": 255,
                       "source4": {"addr": "198.51.100.16", "len": 28}, "source6": {"len": 0},
                       "probe": 0, "probe-base": 65536, "rebuild-delay-ms": 1000, "hook": "none"}})
    asks("set_key_from_stdin", ["set", "key", "-"], "settings-set",
         {"settings": {"key": bytes.fromhex(KEY_TEXT)}}, text=KEY_TEXT + "\n")


list_requests()
change_requests()


@test
def set_key_reads_a_file():
    with tempfile.NamedTemporaryFile("w") as file, Plane() as plane:
        file.write(KEY_TEXT)
        file.flush()
        done_of(plane, "set", "key", file.name)
    same(plane.asked, [("settings-set", {"settings": {"key": bytes.fromhex(KEY_TEXT)}})])


@test
def set_key_never_shows_it():
    for text in (KEY_TEXT[1:], KEY_TEXT + "x", "g" + KEY_TEXT[1:]):
        with Plane() as plane:
            done = done_of(plane, "set", "key", "-", text=text, status=2)
        assert text[:24] not in done.stderr + done.stdout and "32 hex" in done.stderr, done.stderr
        same(plane.asked, [])


@test
def show_warns_of_the_zero_key():
    settings = {**WORLD["settings-get"][0]["settings"], "key-is-zero": 1}
    with Plane({"settings-get": [{"settings": settings}]}) as plane:
        done = done_of(plane, "show")
    assert "zero" in done.stderr and "all zero" in done.stdout, done


@test
def a_list_that_changes_is_read_again():
    with Plane(WORLD) as plane:
        plane.interrupt = 2
        rows = json.loads(done_of(plane, "-j", "backend").stdout)
        same((len(rows), len(plane.asked)), (len(BACKENDS), 3))


@test
def a_list_that_may_have_holes_is_shown_and_fails():
    for words, key in (("backend", "backend"), ("flow", "flow")):
        with Plane(WORLD) as plane:
            plane.interrupt = 9
            done = done_of(plane, "-j", words, status=1)
            assert "holes" in done.stderr, done.stderr
            assert all(key in row for row in json.loads(done.stdout)), done.stdout


def check_refused(words, answers, first, caret=None, status=1, text=""):
    with Plane(answers) as plane:
        done = plane.run(*words, text=text)
    lines = done.stderr.splitlines()
    same((done.returncode, done.stdout), (status, ""), str(done))
    same(lines[0], "maglevadm: " + first)
    if caret is None:
        same(len(lines), 1, done.stderr)
    else:
        same(lines[1][lines[2].index("^"):].split()[0], caret, done.stderr)
    return lines


@test
def a_refusal_points_at_the_word_and_says_the_limits():
    check_refused(["service", "set", *SERVICE, "timeout", "reset", "9999"],
                  {"service-set": Refusal(ERANGE, "integer out of range",
                                          "service.timeouts.reset", (1, 900))},
                  'reset: "9999": 1 to 900: integer out of range', "9999")


@test
def a_refusal_points_at_the_name_that_is_not_there():
    for path, caret in (("service", "192.0.2.10:80"), ("service.key.addr", "192.0.2.10:80"),
                        ("backend", "10.0.0.3:80"), ("backend.port", "10.0.0.3:80")):
        check_refused(["backend", "up", *SERVICE, *BACKEND],
                      {"backend-set": Refusal(ENOENT, "there is no such thing", path)},
                      f'{path.split(".")[0]}: "{caret}": there is no such thing', caret)
    for path, what, caret in (("tuple", "VIP", FLOW[2]), ("tuple.saddr", "client", FLOW[1]),
                              ("tuple.protocol", "protocol", "tcp")):
        check_refused(["explain", *FLOW], {"explain": Refusal(ENOENT, "not this", path)},
                      f'{what}: "{caret}": not this', caret)


@test
def a_refusal_calls_a_setting_what_it_was_typed_as():
    check_refused(["set", "rebuild-delay", "20ms"],
                  {"settings-set": Refusal(EINVAL, "not here", "settings.rebuild-delay-ms")},
                  'rebuild-delay: "20ms": not here', "20ms")


@test
def a_refusal_points_into_the_change_of_a_preview():
    check_refused(["table", "diff", *SERVICE, "up", *BACKEND, "share", "10.0.0.9:80", "3"],
                  {"preview": Refusal(ENOENT, "no such backend", "entry[1].backend.addr")},
                  'backend: "10.0.0.9:80": no such backend', "10.0.0.9:80")
    check_refused(["table", "diff", *SERVICE, "table-size", "257", "share", *BACKEND, "3"],
                  {"preview": Refusal(EINVAL, "too small", "entry[0].service.table-size")},
                  'table-size: "257": too small', "257")


@test
def a_refusal_that_means_no_word_says_which_attribute():
    check_refused(["backend", "up", *SERVICE, *BACKEND],
                  {"backend-set": Refusal(EINVAL, "not like this")},
                  "backend up: not like this")


@test
def a_refusal_without_words_is_the_error_of_the_system():
    check_refused(["show"], {"settings-get": Refusal(EINVAL)}, "show: Invalid argument")


@test
def a_refusal_for_lack_of_rights_says_what_is_needed():
    check_refused(["flow", "flush"], {"flow-flush": Refusal(EPERM)},
                  "flow flush: needs CAP_NET_ADMIN in this network namespace, as root has it: "
                  "Operation not permitted")


@test
def without_the_module_it_says_how_to_load_it():
    for words in (["show"], ["-j", "service"], ["monitor"], ["table", "show", *SERVICE]):
        done = run_without(*words)
        same((done.returncode, done.stdout, done.stderr),
             (1, "", "maglevadm: the kernel module ip_vs_maglev is not loaded: "
                     "modprobe ip_vs_maglev\n"))
    done = run_without("-b", "-", text="# one\nbackend up tcp 192.0.2.10:80 10.0.0.1:80\n")
    same((done.returncode, done.stderr.splitlines()[0]),
         (1, "maglevadm: stdin:2: the kernel module ip_vs_maglev is not loaded: "
             "modprobe ip_vs_maglev"))


def entry(op, **parts):
    return {"op": op, **parts}


BATCH = """# a morning
backend drain tcp 192.0.2.10:80 10.0.0.3:80 --deadline 30s   # an hour
service set tcp 192.0.2.10:80 table-size 257

backend share tcp 192.0.2.10:80 10.0.0.1:80 50
"""


@test
def a_batch_sends_a_run_of_changes_as_one():
    with Plane() as plane:
        done_of(plane, "-b", "-", text=BATCH)
    same(plane.asked, [("batch", {"entry": [
        entry("backend-set", service={"key": KEY},
              backend={**BACKEND_NAMED, "admin-state": "drain", "deadline-ms": 30000}),
        entry("service-set", service={"key": KEY, "table-size": 257}),
        entry("backend-set", service={"key": KEY},
              backend={"addr": "10.0.0.1", "port": 80, "share": 50})]})])


@test
def a_batch_sends_changes_before_a_line_that_shows():
    with Plane(WORLD) as plane:
        done_of(plane, "-j", "-b", "-", text=BATCH + "backend show\nshow\n" + BATCH)
    same([command for command, _ in plane.asked],
         ["batch", "backend-get", "settings-get", "batch"])


@test
def a_batch_names_the_line_that_the_plane_refuses():
    lines = check_refused(["-b", "-"], {"batch": Refusal(ERANGE, "out of range",
                                                         "entry[2].backend.share", (0, 100))},
                          'stdin:5: share: "50": 0 to 100: out of range', "50", text=BATCH)
    same(lines[3], "maglevadm: stdin:5: nothing was changed by lines 2 to 5")


@test
def a_batch_stops_at_the_first_error_and_names_its_line():
    with tempfile.NamedTemporaryFile("w") as file, Plane(WORLD) as plane:
        file.write("show\nbackend up tcp 192.0.2.10:80 10.0.0.1:80\n\nbackend shut\nshow\n")
        file.flush()
        done = plane.run("-b", file.name)
    same(done.returncode, 2)
    assert f"{file.name}:4: verb: \"shut\": one of: show" in done.stderr, done.stderr
    same([command for command, _ in plane.asked], ["settings-get"], "nothing of the run was sent")


@test
def a_batch_sends_a_thousand_changes_in_one_message():
    text = "".join(f"backend share tcp 192.0.2.10:80 10.0.{i >> 8}.{i & 255}:80 50\n"
                   for i in range(1000))
    with Plane() as plane:
        done_of(plane, "-b", "-", text=text)
    same([(command, len(asked["entry"])) for command, asked in plane.asked], [("batch", 1000)])


@test
def a_batch_of_nothing_asks_nothing():
    with Plane() as plane:
        done_of(plane, "-b", "-", text="# nothing\n\n")
    same(plane.asked, [])


@test
def a_batch_on_stdin_keeps_stdin_to_itself():
    for line in ("set key -", "table build -f -"):
        with Plane() as plane:
            done = plane.run("-b", "-", text=line + "\n" + KEY_TEXT)
        assert done.returncode and "stdin holds the batch" in done.stderr, done.stderr
        same(plane.asked, [])


def shown_events(*words):
    with Plane(events=EVENTS) as plane:
        done = done_of(plane, *words, status=1)
    same(done.stderr, "maglevadm: monitor: the peer has gone\n")
    return done.stdout


@test
def monitor_shows_a_line_for_each_event():
    got = re.sub(r"(?m)^\S+T\S+", "TIME", shown_events("monitor"))
    golden("monitor.txt", got)


@test
def monitor_in_json_is_a_line_for_each_event():
    rows = [json.loads(line) for line in shown_events("-j", "monitor").splitlines()]
    for row in rows:
        assert row.pop("time")
        keys_of("maglev", {key: row[key] for key in row if key not in ("event", "lost")})
    golden("monitor.json", "".join(json.dumps(row) + "\n" for row in rows))


@test
def monitor_tells_of_lost_events():
    rows = [json.loads(line) for line in shown_events("-j", "monitor").splitlines()]
    same([(row["event"], row.get("lost")) for row in rows if row["event"] == "lost"],
         [("lost", 2), ("lost", None)])


@test
def monitor_shows_only_the_events_named():
    rows = [json.loads(line) for line in shown_events("-j", "monitor", "state",
                                                      "drained").splitlines()]
    same([row["event"] for row in rows], ["state-ntf", "lost", "lost", "drained-ntf"])


def completed(plane, line, directory=ROOT):
    """What bash would offer behind a line."""
    script = """
        maglevadm() { "$PROGRAM" "$@"; }
        . "$ROOT/userspace/maglevadm/completion.bash"
        COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
        _maglevadm
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(["bash", "-c", script, "bash", line], cwd=directory, capture_output=True,
                          text=True, check=True, timeout=60,
                          env={**os.environ, "ROOT": str(ROOT), "PROGRAM": str(maglevadm_plane.PROGRAM),
                               "MAGLEV_TEST_PLANE": plane.path})
    same(done.stderr, "", line)
    return [word for word in done.stdout.splitlines() if word]


@test
def completion_takes_names_of_files_as_they_are():
    names = ["$(touch ran)", "`touch ran`", "a b", "a; touch ran", "service", "x*"]
    with tempfile.TemporaryDirectory() as directory, Plane(WORLD) as plane:
        for name in names:
            Path(directory, name).touch()
        for line in ("state restore ", "set key ", "-b ", "-b a"):
            wanted = [name for name in names if not line.endswith("a") or name.startswith("a")]
            same(sorted(completed(plane, f"maglevadm {line}", directory)), sorted(wanted), line)
        same(completed(plane, "maglevadm service;1e$(touch${IFS}ran) ", directory), [])
        assert not Path(directory, "ran").exists()


@test
def completion_offers_what_the_command_takes():
    service = "maglevadm backend drain tcp 192.0.2.10:80 "
    for line, offered in (
        ("maglevadm --d", ["--dpdk"]),
        ("maglevadm backend a", ["add"]),
        ("maglevadm backend add tcp 192.0.2.10:80 10.0.0.9:80 ", ["checksum", "tunnel", "weight"]),
        ("maglevadm service d", ["del"]),
        ("maglevadm s", ["service", "set", "show", "state", "stats", "status"]),
        ("maglevadm state ", ["restore", "save"]),
        ("maglevadm state save Documentation/up", ["Documentation/upgrade.md"]),
        ("maglevadm -j -n lb m", ["monitor"]),
        ("maglevadm backend d", ["del", "down", "drain"]),
        ("maglevadm ba", ["backend", "balancer"]),
        ("maglevadm balancer ", ["drain", "show", "up"]),
        ("maglevadm balancer drain ", ["--run-directory"]),
        ("maglevadm service set ", ["fragments", "fwmark", "mode", "sctp", "table-size", "tcp", "timeout",
                                    "udp"]),
        ("maglevadm service set udp ", ["[2001:db8::1]:53"]),
        ("maglevadm service show tcp 192.0.2.10:", ["80"]),
        ("maglevadm service set fwmark 5 ipv6 mo", ["mode"]),
        ("maglevadm service set tcp 192.0.2.10:80 mode ", ["flag", "source", "tuple"]),
        ("maglevadm service set tcp 192.0.2.10:80 mode flag t", ["table-size", "timeout"]),
        ("maglevadm service set tcp 192.0.2.10:80 timeout r", ["reset"]),
        ("maglevadm service add tcp 192.0.2.10:80 fragments o", ["off", "on"]),
        ("maglevadm service set tcp 192.0.2.10:80 timeout reset ", []),
        (service, ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "[2001:db8::4]:80"]),
        (service + "10.0.0.3:80 ", ["--deadline", "--wait"]),
        (service + "10.0.0.3:80 --wait --d", ["--deadline"]),
        ("maglevadm backend down tcp 192.0.2.10:80 10.0.0.3:80 ", []),
        ("maglevadm explain tcp ", []),
        ("maglevadm explain tcp 198.51.100.7:1 192", ["192.0.2.10:80"]),
        ("maglevadm explain tcp 198.51.100.7:1 192.0.2.10:80 m", ["mark"]),
        ("maglevadm table diff tcp 192.0.2.10:80 share 10.0.0.1", ["10.0.0.1:80"]),
        ("maglevadm table diff --k", ["--key", "--key-file"]),
        ("maglevadm monitor st", ["state"]),
        ("maglevadm stats ", ["all"]),
        ("maglevadm d", ["doctor"]),
        ("maglevadm doctor tcp 192", ["192.0.2.10:80"]),
        ("maglevadm doctor tcp 192.0.2.10:80 ", ["--run-directory"]),
        ("maglevadm to", ["top"]),
        ("maglevadm top ", ["-d", "-n", "fwmark", "sctp", "tcp", "udp"]),
        ("maglevadm top tcp 192.0.2.10:80 -", ["-d", "-n"]),
        ("maglevadm set hook ", ["early", "local", "none"]),
    ):
        with Plane({**WORLD, "service-get": SERVICES}) as plane:
            got = completed(plane, line)
        same(sorted(set(got)), sorted(offered), line)


if __name__ == "__main__":
    said = maglevadm_plane.build()
    if said:
        print(f"1..1\nnot ok 1 - builds\n# {said}")
        sys.exit(1)
    sys.exit(run_tests(TESTS))
