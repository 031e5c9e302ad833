#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The status page as a browser sees it: chromium, without a window, in front of a maglevd whose kernel is a stand-in.

All that the browser asks for goes through a proxy of ours, which keeps it, and answers for the maglevd alone: what the
page would ask of anybody else is seen. MAGLEV_SCREENSHOTS names a directory for pictures of it.
"""

import base64
import contextlib
import hashlib
import html
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from cli import ROOT, run_tests, same

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
PROGRAM = ROOT / "build/maglevd-alone"
PATIENCE = 60 * float(os.environ.get("MAGLEV_SLOW", "1"))
PHONE = 390
# Long enough, in the page's own time, to be renewed twice.
LIVE_MS = 14000
CONFIG = """
http: {{listen: "127.0.0.1:{port}"}}
checks:
  alive: {{type: tcp, via: direct, interval: 1s, fast_interval: 200ms, timeout: 150ms, rise: 1, fall: 2}}
pools:
  web: [{{address: 127.0.1.1, port: {web}}}, {{address: 127.0.1.2, port: {web}, weight: 2}}]
  mail: [{{address: 127.0.2.1, port: {mail}}}, "2001:db8:1234:5678:9abc:def0:1234:5678"]
policy: {{panic: 100}}
services:
  - {{name: web, vip: 192.0.2.10, ports: [80, 443], pool: web, checks: [alive]}}
  - name: a_name_as_long_as_a_name_may_be_and_without_a_place_to_break_it_
    vip: "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"
    port: 25
    pool: mail
    checks: [alive]
"""
# The page in a frame as wide as a phone, and what is too wide or too small for one.
MEASURE = """<!DOCTYPE html><pre id=said></pre>
<iframe id=f src="/" style="width:{width}px;height:800px;border:0"></iframe>
<script>document.getElementById("f").onload = e => {{
    const page = e.target.contentDocument, small = new Set();
    page.querySelectorAll("details").forEach(d => d.open = true);
    for (const one of page.querySelectorAll("main *"))
        if ([...one.childNodes].some(n => n.nodeType == 3 && n.data.trim()) && one.getClientRects().length &&
            parseFloat(getComputedStyle(one).fontSize) < 14)
            small.add(one.tagName);
    document.getElementById("said").textContent = JSON.stringify({{
        scroll: page.documentElement.scrollWidth, inner: e.target.contentWindow.innerWidth, small: [...small],
        services: page.querySelectorAll("details").length}});
}};</script>"""
# The page in a frame without scripts, and what is there then.
SILENT = """<!DOCTYPE html><iframe id=f src="/" sandbox="allow-same-origin"></iframe><textarea id=said></textarea>
<script>document.getElementById("f").onload = e => {
    document.getElementById("said").textContent = e.target.contentDocument.documentElement.outerHTML;
};</script>"""
# What a browser asks its maker, whatever page it shows.
MAKER = re.compile(r"^(https?://)?((accounts|clients[0-9]*|www|clientservices)\.google\.com|[a-z0-9.]*gvt1\.com|"
                   r"(update|optimizationguide-pa|safebrowsing|content-autofill)\.googleapis\.com)[:/]")
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def poll(what, ready):
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, f"{what}: not within {PATIENCE:.0f} s"
        time.sleep(.05)


class Backend:
    """What accepts connections, or does not."""

    def __init__(self, address, port=0):
        self.socket = socket.create_server((address, port), backlog=64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                self.socket.accept()[0].close()
            except OSError:
                return

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


class Maglevd:
    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.port = free_port()
        self.web = [Backend("127.0.1.1")]
        self.web.append(Backend("127.0.1.2", self.web[0].port))
        self.mail = Backend("127.0.2.1")
        config = Path(self.directory.name) / "maglevd.yaml"
        config.write_text(CONFIG.format(port=self.port, web=self.web[0].port, mail=self.mail.port), encoding="utf-8")
        self.log = (Path(self.directory.name) / "log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen([PROGRAM, "-c", config, "-r", self.directory.name], stderr=self.log,
                                        env={**os.environ, "MAGLEV_ALONE_TRAFFIC": "1"})
        poll("backends are up", lambda: self.states() == {"127.0.1.1": "up", "127.0.1.2": "up", "127.0.2.1": "up",
                                                          "[2001:db8:1234:5678:9abc:def0:1234:5678]": "down"})
        return self

    def __exit__(self, *_):
        self.process.terminate()
        same(self.process.wait(PATIENCE), 0, "maglevd's exit status")
        for one in [*self.web, self.mail]:
            one.close()
        self.log.close()
        self.directory.cleanup()

    def ask(self, path):
        assert self.process.poll() is None, Path(self.log.name).read_text(encoding="utf-8")
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE) as answer:
            return answer.read()

    def states(self):
        try:
            status = json.loads(self.ask("/status"))
        except OSError:
            return None
        return {one["backend"].rpartition(":")[0]: one["state"] for service in status["services"]
                for one in service["backends"]}


class Proxy:
    """Between the browser and the world, which is maglevd and nothing else."""

    def __init__(self, maglevd, before=lambda n: None, change=lambda page: page):
        self.maglevd, self.before, self.change, self.asked = maglevd, before, change, []
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                with contextlib.suppress(ConnectionError):  # it has seen enough
                    proxy.answer(self)

            do_POST = do_CONNECT = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request):
        path = request.path.removeprefix(self.url)
        if MAKER.match(path):
            request.send_error(403)
            return
        self.asked.append((request.command, path, request.headers.get("Sec-Fetch-Mode", "")))
        if path == "/":
            self.before(sum(one[1] == "/" for one in self.asked))
            body = self.change(self.maglevd.ask("/"))
        elif path == "/measure":
            body = MEASURE.format(width=PHONE).encode()
        elif path == "/silent":
            body = SILENT.encode()
        else:
            request.send_error(404)
            return
        request.send_response(200)
        request.send_header("Content-Type", "text/html; charset=utf-8")
        request.end_headers()
        request.wfile.write(body)


def command_of(proxy, home, path, *options):
    return [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--enable-logging=stderr", f"--user-data-dir={home}", f"--proxy-server={proxy.url}",
            "--proxy-bypass-list=<-loopback>", "--hide-scrollbars", *options, proxy.url + path]


def browse_once(proxy, path, *options):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        return subprocess.run(command_of(proxy, home, path, *options), capture_output=True, text=True, check=True,
                              timeout=2 * PATIENCE)


def browse(proxy, path, *options):
    """What is there in the end, and what the browser's console had to say. A browser that dies is started again, once."""
    asked = len(proxy.asked)
    try:
        done = browse_once(proxy, path, *options)
    except subprocess.SubprocessError as error:
        print(f"# {error}")
        del proxy.asked[asked:]
        done = browse_once(proxy, path, *options)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def expect_page(dom):
    for text in ("tcp 192.0.2.10:80", "tcp 192.0.2.10:443", "tcp [2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:25",
                 "127.0.1.1:", "127.0.1.2:", "127.0.2.1:", "▲ up", "▼ down", "<svg", "b88fb28d06d5efe1"):
        assert text in dom, f"no {text} in {dom[-3000:]}"


@test
def the_page_is_whole_asks_nobody_else_and_the_console_is_silent():
    with Maglevd() as maglevd, Proxy(maglevd) as proxy:
        dom, said = browse(proxy, "/", "--dump-dom")
    expect_page(dom)
    same(said, [])
    same({(command, path) for command, path, _ in proxy.asked}, {("GET", "/")})


@test
def it_is_whole_without_a_script():
    with Maglevd() as maglevd, Proxy(maglevd) as proxy:
        dom, _ = browse(proxy, "/silent", "--dump-dom")
    dom = html.unescape(re.search(r'<textarea id="said">(.*)</textarea>', dom, re.S).group(1))
    expect_page(dom)
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in dom, dom[:3000]


@test
def without_a_script_it_is_loaded_anew():
    with Maglevd() as maglevd, Proxy(maglevd) as proxy, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        with subprocess.Popen(command_of(proxy, home, "/", "--blink-settings=scriptEnabled=false"),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as browser:
            try:
                poll("it is loaded twice", lambda: [one[2] for one in proxy.asked].count("navigate") >= 2)
            finally:
                os.killpg(browser.pid, signal.SIGKILL)
    same({(command, path) for command, path, _ in proxy.asked}, {("GET", "/")})


@test
def a_backend_that_goes_down_is_seen_to_without_the_page_being_loaded_anew():
    with Maglevd() as maglevd:
        def before(count):
            if count == 2:
                maglevd.web[1].close()
                # The browser's time runs faster than that of a page, which may be a second old.
                poll("it is down", lambda: b"3 of 6 up" in maglevd.ask("/"))

        with Proxy(maglevd, before) as proxy:
            dom, said = browse(proxy, "/", "--dump-dom", f"--virtual-time-budget={LIVE_MS}")
        maglevd.web.pop()
    same(said, [])
    row, = re.findall(r"<tr><th scope=\"row\">127\.0\.1\.2:.*?</tr>", dom, re.S)[:1]
    assert "▼ down" in row and "Connection refused" in row, row
    same([mode for _, _, mode in proxy.asked].count("navigate"), 1, proxy.asked)
    assert len(proxy.asked) >= 2, proxy.asked
    assert "<title>3 of 6 up " in dom, dom[:2000]


@test
def a_page_that_is_not_renewed_says_so():
    with Maglevd() as maglevd:
        def before(count):
            if count > 1:
                raise ConnectionError("as if it were gone")

        with Proxy(maglevd, before) as proxy:
            proxy.server.handle_error = lambda *_: None
            dom, _ = browse(proxy, "/", "--dump-dom", f"--virtual-time-budget={LIVE_MS}")
    assert 'class="stale"' in dom and "▼ not live: as of " in dom, dom[-3000:]


@test
def nothing_is_too_wide_or_too_small_for_a_phone():
    with Maglevd() as maglevd, Proxy(maglevd) as proxy:
        dom, said = browse(proxy, "/measure", "--dump-dom", "--window-size=1000,900")
    same(said, [])
    measured = json.loads(re.search(r'<pre id="said">(.*?)</pre>', dom).group(1))
    same(measured["inner"], PHONE)
    same(measured["services"], 3)
    assert measured["scroll"] <= measured["inner"], measured
    same(measured["small"], [])


@test
def what_is_not_ours_does_not_run():
    """Should somebody's words become HTML after all, the policy is there."""
    evil = b"<script>document.title='run'</script><img src=http://192.0.2.1/x.png><b onclick=x style=color:red>"
    with Maglevd() as maglevd, Proxy(maglevd, change=lambda page: page.replace(b"<main", evil + b"<main")) as proxy:
        dom, said = browse(proxy, "/", "--dump-dom")
    assert "<title>run" not in dom, dom[:2000]
    assert any("Content Security Policy" in line for line in said), said
    same({path for _, path, _ in proxy.asked}, {"/"})


@test
def the_policy_allows_what_the_page_has_and_no_more():
    with Maglevd() as maglevd:
        page = maglevd.ask("/").decode()
    policy = re.search(r'Content-Security-Policy content="([^"]*)"', page).group(1)
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.S)
        wanted = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{wanted}'" in policy, f"{tag}: page_policy is to have sha256-{wanted}"
    assert policy.startswith("default-src 'none';"), policy
    for word in ("unsafe", "http:", "https:", "*"):
        assert word not in policy, policy
    for pattern in (r"<form", r"<input", r"\son[a-z]+=", r"\sstyle=", r"(src|href)=\"?(https?:)?//"):
        assert not re.search(pattern, re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.S)), pattern


@test
def pictures_can_be_taken():
    shots = os.environ.get("MAGLEV_SCREENSHOTS")
    with tempfile.TemporaryDirectory() as scratch, Maglevd() as maglevd, Proxy(maglevd) as proxy:
        for name, size, scheme in (("light", "1400,1000", 1), ("dark", "500,2000", 0)):
            file = Path(shots or scratch) / f"{name}.png"
            browse(proxy, "/", f"--window-size={size}", f"--screenshot={file}", "--virtual-time-budget=4000",
                   f"--blink-settings=preferredColorScheme={scheme}")
            same(file.read_bytes()[:4], b"\x89PNG")


if __name__ == "__main__":
    if not BROWSER:
        print("1..0 # SKIP chromium is missing")
        sys.exit(4)
    made = subprocess.run(["make", "-s", "-C", ROOT, "build/maglevd-alone"], capture_output=True, text=True,
                          check=False)
    if made.returncode:
        print(f"1..1\nnot ok 1 - builds\n# {made.stderr}")
        sys.exit(1)
    sys.exit(run_tests(TESTS))
