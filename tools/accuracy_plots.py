# SPDX-License-Identifier: Apache-2.0
"""The plots of docs/accuracy.md: self-contained SVG that reads on light and dark pages.

Terms: band = typical 90 % interval of a mode: where the measurement is to lie when so much is
predicted (medians of low and high over predicted).
"""
import math
from statistics import median

STYLE = """<style>
  .page { fill: #ffffff; }
  text { font: 12px sans-serif; fill: #24292f; }
  .title { font-size: 16px; font-weight: bold; }
  .faint { fill: #57606a; }
  .grid { stroke: #d8dee4; stroke-width: 1; }
  .axis { stroke: #57606a; stroke-width: 1; }
  .equal { stroke: #24292f; stroke-width: 1.5; stroke-dasharray: 6 4; }
  .dots { fill: none; stroke-width: 5; stroke-linecap: round; stroke-opacity: 0.6; }
  .dots.aggregated { stroke: #0969da; }
  .dots.disaggregated { stroke: #bc4c00; }
  .band { fill-opacity: 0.13; stroke: none; }
  .band.aggregated, .bar { fill: #0969da; }
  .band.disaggregated { fill: #bc4c00; }
  .row { fill: #f6f8fa; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; }
    text { fill: #e6edf3; }
    .faint { fill: #9198a1; }
    .grid { stroke: #30363d; }
    .axis { stroke: #9198a1; }
    .equal { stroke: #e6edf3; }
    .dots.aggregated { stroke: #58a6ff; }
    .dots.disaggregated { stroke: #f0883e; }
    .band.aggregated, .bar { fill: #58a6ff; }
    .band.disaggregated { fill: #f0883e; }
    .row { fill: #161b22; }
  }
</style>"""

MODES = ("aggregated", "disaggregated")
CHIPS = ("a100", "h100", "h800", "b200", "l40s", "ascend-910c")
CHIP_NAMES = {"a100": "A100", "h100": "H100", "h800": "H800", "b200": "B200", "l40s": "L40S",
              "ascend-910c": "910C die"}


def opening(width, height, label):
    return [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" aria-label="{label}">', STYLE,
            f'<rect class="page" width="{width}" height="{height}"/>']


# What a plot of deployments shows: name, short name, unit, the unit a second.
MEASURES = {"tpot_mean_s": ("Time per output token", "TPOT", "ms", 1000.0),
            "ttft_mean_s": ("Time to first token, simulated", "TTFT", "s", 1.0)}


class LogAxes:
    """A square of equal logarithmic axes; name: what they show, with its unit."""
    LEFT, TOP, SIDE = 70, 66, 560

    def __init__(self, values, name):
        self.name = name
        self.low = math.log10(min(values)) - 0.03
        self.high = math.log10(max(values)) + 0.03

    def place(self, value):
        return (math.log10(value) - self.low) / (self.high - self.low) * self.SIDE

    def point(self, x, y):
        return f"{self.LEFT + self.place(x):.1f} {self.TOP + self.SIDE - self.place(y):.1f}"

    def ticks(self):
        for power in range(math.floor(self.low), math.ceil(self.high) + 1):
            for step in (1, 2, 5):
                value = step * 10.0 ** power
                if self.low <= math.log10(value) <= self.high:
                    yield value

    def lines(self):
        right, floor = self.LEFT + self.SIDE, self.TOP + self.SIDE
        for value in self.ticks():
            x, y = self.LEFT + self.place(value), floor - self.place(value)
            yield f'<line class="grid" x1="{x:.1f}" y1="{self.TOP}" x2="{x:.1f}" y2="{floor}"/>'
            yield f'<line class="grid" x1="{self.LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>'
            yield (f'<text class="faint" x="{x:.1f}" y="{floor + 18}" text-anchor="middle">'
                   f'{value:g}</text>')
            yield (f'<text class="faint" x="{self.LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
                   f'{value:g}</text>')
        yield f'<line class="axis" x1="{self.LEFT}" y1="{floor}" x2="{right}" y2="{floor}"/>'
        yield f'<line class="axis" x1="{self.LEFT}" y1="{self.TOP}" x2="{self.LEFT}" y2="{floor}"/>'
        middle = self.LEFT + self.SIDE / 2
        yield (f'<text x="{middle:.0f}" y="{floor + 40}" text-anchor="middle">'
               f'measured {self.name}</text>')
        yield (f'<text transform="translate(22 {self.TOP + self.SIDE / 2:.0f}) rotate(-90)" '
               f'text-anchor="middle">predicted {self.name}</text>')

    def band(self, below, above):
        """Outline of measured in [below, above] x predicted; reaches beyond the frame."""
        ends = (10 ** (self.low - 2), 10 ** (self.high + 2))
        edges = [self.point(y * below, y) for y in ends]
        edges += [self.point(y * above, y) for y in reversed(ends)]
        return "M" + "L".join(edges) + "Z"


def deployments(validation, kinds, metric):
    """Predicted over measured values of the rows not fitted on; metric: one of MEASURES."""
    title, name, unit, scale = MEASURES[metric]
    rows = [x for x in validation["cases"]
            if x["metric"] == metric and not x["fit"] and x["predicted"]]
    axes = LogAxes([scale * x[key] for x in rows for key in ("measured", "predicted")],
                   f"{name}, {unit}")
    out = opening(660, 700, f"predicted over measured {name} of deployments")
    out.append(f'<text class="title" x="{axes.LEFT}" y="26">{title}: predicted '
               'against measured</text>')
    out += axes.lines()
    out.append(f'<clipPath id="frame"><rect x="{axes.LEFT}" y="{axes.TOP}" width="{axes.SIDE}" '
               f'height="{axes.SIDE}"/></clipPath>')
    parts = [(mode, [x for x in rows if kinds[x["id"]][0] == mode]) for mode in MODES]
    parts = [x for x in parts if x[1]]
    for mode, mine in parts:
        below = median(x["low"] / x["predicted"] for x in mine)
        above = median(x["high"] / x["predicted"] for x in mine)
        out.append(f'<path class="band {mode}" clip-path="url(#frame)" '
                   f'd="{axes.band(below, above)}"/>')
    for number, (mode, mine) in enumerate(parts):
        dots = sorted({axes.point(scale * x["measured"], scale * x["predicted"]) for x in mine},
                      key=lambda x: [float(y) for y in x.split()])
        out.append(f'<path class="dots {mode}" d="{"".join(f"M{x}h0" for x in dots)}"/>')
        left = axes.LEFT + 6 + 140 * number
        out.append(f'<path class="dots {mode}" d="M{left} 47h0"/><text class="faint" '
                   f'x="{left + 10}" y="51">{mode} ({len(mine)})</text>')
    ends = [10 ** axes.low, 10 ** axes.high]
    out.append(f'<path class="equal" d="M{axes.point(ends[0], ends[0])}'
               f'L{axes.point(ends[1], ends[1])}"/>')
    out.append(f'<text class="faint" x="{axes.LEFT + axes.SIDE}" y="51" '
               'text-anchor="end">shaded: typical (median) 90 % interval</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def medians(validation):
    """(operator, chip) -> median size of the error, per cent, over the rows not fitted on."""
    sizes = {}
    for case in validation["cases"]:
        if not case["fit"] and case["predicted"]:
            chip, operator = case["id"].split(" ", 2)[:2]
            sizes.setdefault((operator, chip), []).append(abs(case["error"]))
    return {key: 100 * median(x) for key, x in sizes.items()}


def operators(validation):
    """Bars of the median error: an operator a row, a chip a column."""
    found = medians(validation)
    rows = sorted({x[0] for x in found})
    chips = [x for x in CHIPS if any(y[1] == x for y in found)]
    chips += sorted({x[1] for x in found} - set(chips))
    left, top, cell, line, full = 190, 84, 128, 24, 40.0
    width, height = left + cell * len(chips) + 16, top + line * len(rows) + 16
    out = opening(width, height, "median error by operator and chip")
    out.append('<text class="title" x="16" y="26">Operators: median error on rows not fitted '
               'on</text>')
    out.append('<text class="faint" x="16" y="47">per cent of the measured time; bars end at '
               f'{full:.0f} %; no bar: nothing measured</text>')
    for column, chip in enumerate(chips):
        out.append(f'<text x="{left + cell * column}" y="{top - 10}">'
                   f'{CHIP_NAMES.get(chip, chip)}</text>')
    for number, operator in enumerate(rows):
        y = top + line * number
        if number % 2 == 0:
            out.append(f'<rect class="row" x="8" y="{y}" width="{width - 16}" height="{line}"/>')
        out.append(f'<text x="16" y="{y + 16}">{operator.replace("_", " ")}</text>')
        for column, chip in enumerate(chips):
            value = found.get((operator, chip))
            if value is not None:
                x, long = left + cell * column, 80 * min(value, full) / full
                out.append(f'<rect class="bar" x="{x}" y="{y + 5}" width="{long:.1f}" '
                           f'height="{line - 10}" rx="2"/><text class="faint" '
                           f'x="{x + long + 5:.1f}" y="{y + 16}">{value:.1f}</text>')
    for column in range(len(chips)):
        x = left + cell * column
        out.append(f'<line class="axis" x1="{x}" y1="{top}" x2="{x}" y2="{height - 16}"/>')
    return "\n".join([*out, "</svg>"]) + "\n"
