#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""plot.py TEXT SVG: what bench-dpdk printed, as a picture: ns a packet above io by flows, and what was wanted."""
import io
import re
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "maglev"
import matplotlib.pyplot as plt  # noqa: E402 pylint: disable=wrong-import-position

WANTED = {10000: 50, 1000000: 80, 8000000: 100}


def read(name):
    """By what is measured: flows and ns above io."""
    series, label = {}, None
    with open(name, encoding="ascii") as file:
        for line in file:
            head = re.match(r"# IP(v\d), burst (\d+), \d+ rounds: ns a packet, median", line)
            if head:
                label = "IP%s, burst %s" % head.groups()
            elif line.startswith("#"):
                label = None
            row = re.match(r"tracked (\d+) .* (\d+\.\d)$", line)
            if row and label:
                series.setdefault(label, []).append((int(row[1]), float(row[2])))
    return series


def main():
    figure, axes = plt.subplots(figsize=(7, 4))
    for label, points in read(sys.argv[1]).items():
        axes.plot(*zip(*points), marker="o", label=label)
    axes.plot(WANTED.keys(), WANTED.values(), "k_", markersize=16, label="wanted (IPv4, burst 32)")
    axes.set(xscale="log", ylim=(0, None), xlabel="flows", ylabel="ns a packet above io")
    axes.grid(True, alpha=0.3)
    axes.legend()
    svg = io.StringIO()
    figure.savefig(svg, format="svg", metadata={"Date": None})
    with open(sys.argv[2], "w", encoding="ascii") as file:
        file.writelines(line.rstrip() + "\n" for line in svg.getvalue().splitlines())


main()
