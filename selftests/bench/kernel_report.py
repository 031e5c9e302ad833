# SPDX-License-Identifier: GPL-2.0-only
"""What the figures of the kernel benchmark say: medians, a table for each column, and the bounds.

Two rows are compared round by round, and the median is taken of that: within a round they are measured seconds apart,
while a machine whose cores have other guests as well may be faster or slower in the next one.
"""

from statistics import median

FLOOR = "mirred"  # receive and transmit, nothing else
STOCK = {"gre": "ipvs-gre", "ipip": "ipvs-ipip"}


class Figures:
    """ns per packet of each column and row, from the lines that the guest said."""

    def __init__(self, plan, lines):
        self.plan = plan
        self.lines = lines
        self.rounds = {}
        self.delays = {}
        for line in lines:
            if "ns" in line:
                self.rounds.setdefault((line["column"], line["row"]), []).append(line["ns"])

    def whole(self, column, *rows):
        """Have all these rows been measured in all rounds?"""
        return all(len(self.rounds.get((column, row), [])) == self.plan["rounds"] for row in rows)

    def compare(self, column, function, *rows):
        """The median of what the function makes of these rows, round by round; None if one is missing."""
        if not self.whole(column, *rows):
            return None
        return median(function(*ns) for ns in zip(*(self.rounds[column, row] for row in rows)))

    def ns(self, column, row):
        """The median; None if there is an error or nothing."""
        return self.compare(column, lambda ns: ns, row)

    def times(self, column, row, other):
        """How many times as fast a row is as another one."""
        return self.compare(column, lambda ns, other_ns: other_ns / ns, row, other)

    def columns(self):
        return [column["name"] for column in self.plan["columns"]]

    def add_delays(self, lines):
        self.lines = self.lines + lines
        for line in lines:
            if "delays" in line:
                self.delays.setdefault((line["column"], line["row"]), []).append(line["delays"])

    def delay(self, column, row, percentile):
        """ns, the median of the rounds; None if there is an error or nothing."""
        rounds = self.delays.get((column, row), [])
        return median(one[percentile] for one in rounds) if len(rounds) == self.plan["rounds"] else None

    def errors(self):
        return [line for line in self.lines if "error" in line]

    def table(self):
        """One dict for each figure, for JSON and for people."""
        return [self.cell(column, row) for column in self.columns() for row in self.plan["rows"]]

    def cell(self, column, row):
        ns = self.ns(column, row["name"])
        cell = {"column": column, "row": row["name"], "rounds": self.rounds.get((column, row["name"]), [])}
        if ns is None:
            return {**cell, "error": True}
        cell |= {"ns": ns, "kpps": 1e6 / ns}
        above = self.compare(column, lambda ns, floor: ns - floor, row["name"], FLOOR)
        times = self.times(column, row["name"], STOCK[row.get("tunnel", "gre")])
        cell |= {"above_floor": above} if above is not None else {}
        cell |= {"times_stock": times} if times is not None else {}
        for percentile in "p50", "p99":
            if self.delay(column, row["name"], percentile) is not None:
                cell[percentile] = self.delay(column, row["name"], percentile)
        return cell


def number(cell, key, form):
    return format(cell[key], form) if key in cell else "-"


def print_table(figures):
    for name in figures.columns():
        print(f"\n{name:<18} {'kpps':>8} {'ns':>8} {'(least..most)':>17} {'above floor':>12} {'x stock':>8}"
              f" {'p50':>6} {'p99':>6}")
        for cell in figures.table():
            if cell["column"] != name:
                continue
            if "error" in cell:
                print(f"  {cell['row']:<16} {'error':>8}")
                continue
            spread = f"({min(cell['rounds']):.0f}..{max(cell['rounds']):.0f})"
            print(f"  {cell['row']:<16} {cell['kpps']:8.0f} {cell['ns']:8.0f} {spread:>17}"
                  f" {number(cell, 'above_floor', '12.0f'):>12} {number(cell, 'times_stock', '8.2f'):>8}"
                  f" {number(cell, 'p50', '6.0f'):>6} {number(cell, 'p99', '6.0f'):>6}")


def established_bounds(figures, column):
    if not figures.whole(column, FLOOR, "forward", "ipvs-gre", "local-gre", "early-gre"):
        return []
    above = figures.compare(column, lambda early, stock, floor: (early - floor) / (stock - floor), "early-gre", "ipvs-gre",
                            FLOOR)
    early, local = (figures.times(column, row, "ipvs-gre") for row in ("early-gre", "local-gre"))
    forward = figures.times(column, "early-gre", "forward")
    return [(above <= 1 / 3, f"{column}: early above the floor: {above:.2f} of stock (<= 0.33)"),
            (early >= 1.5, f"{column}: early: {early:.2f}x stock (>= 1.50)"),
            (local >= 1.2, f"{column}: local: {local:.2f}x stock (>= 1.20)"),
            (forward >= 1, f"{column}: early: {forward:.2f}x plain forwarding (stretch: >= 1.00)")]


def new_bounds(figures, column):
    early = figures.times(column, "early-gre", "ipvs-gre")
    return [] if early is None else [(early >= 2.2, f"{column}: early: {early:.2f}x stock (>= 2.20)")]


def many_bounds(figures, column):
    few = column.replace("1M", "10k")
    bounds = []
    for row in "local-gre", "early-gre":
        times = (figures.ns(column, row) or 0) / (figures.ns(few, row) or 1)
        if figures.ns(column, row) and figures.ns(few, row):
            bounds.append((times <= 1.5, f"{column}: {row}: {times:.2f}x the time of 10k (<= 1.50)"))
    return bounds


BOUNDS = {"10k": established_bounds, "new": new_bounds, "1M": many_bounds}


def find_bounds(figures):
    """What must hold for tunnels of GRE: whether it does, and the words."""
    return [bound for column in figures.plan["columns"] for bound in BOUNDS[column["load"]](figures, column["name"])]


def print_bounds(bounds):
    print("\nBounds")
    for met, text in bounds:
        print("PASS" if met else "MISS", text)


def as_json(figures, bounds):
    return {"plan": figures.plan, "figures": figures.table(), "errors": figures.errors(),
            "bounds": [{"met": met, "text": text} for met, text in bounds]}
