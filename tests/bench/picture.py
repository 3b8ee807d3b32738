# SPDX-License-Identifier: Apache-2.0
"""Throughput over time as an SVG, written by hand: a stall is a line that touches the ground."""

WIDTH, PANEL, TOP, LEFT, RIGHT, GAP = 960, 190, 56, 76, 20, 62
PANELS = (("embedded-3min", "embedded log, synced"), ("kafka-3min", "Kafka, acks=all"))
INK, QUIET, GRID, LINE, DUE = "#222", "#666", "#ddd", "#2a6fb0", "#c2571a"


def step_of(most, lines=4):
    """A round distance between grid lines."""
    step = 1
    while step * lines < most:
        for factor in (2, 2.5, 2):
            if step * lines < most:
                step = step * factor
    return step


def text(x, y, words, size=12, anchor="start", colour=INK):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">'
            f"{words}</text>")


def line(x1, y1, x2, y2, colour, more=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" {more}/>'


def panel(top, title, found):
    """One run: a point for each 100 ms, as a rate."""
    rates = [10 * count for count in found["verified_per_100_ms"]]
    load = found["loads"][0]
    seconds, right, ground = len(rates) / 10, WIDTH - RIGHT, top + PANEL
    # What catches up after a pause may leave the picture at the top; that there was one stays to be seen.
    highest = min(max(rates), 2.5 * load["due_per_s"])
    step = step_of(highest)
    most = step * (-(-highest // step))

    def x_of(second):
        return LEFT + (right - LEFT) * second / seconds

    def y_of(rate):
        return ground - PANEL * min(rate / most, 1.05)

    parts = [text(LEFT, top - 10, f"{title}: {load['percent']} % of the peak, {load['due_per_s']:,.0f} transfers/s due; "
                  f"longest pause {load['longest_pause_ms']:.0f} ms", 13)]
    rate = 0
    while rate <= most:
        parts.append(line(LEFT, y_of(rate), right, y_of(rate), GRID))
        parts.append(text(LEFT - 8, y_of(rate) + 4, f"{rate:,.0f}", 11, "end", QUIET))
        rate += step
    every = max(1, round(seconds / 6))
    for second in range(0, int(seconds) + 1, every):
        parts.append(text(x_of(second), ground + 18, f"{second} s", 11, "middle", QUIET))
    points = " ".join(f"{x_of((i + 0.5) / 10):.1f},{y_of(rate):.1f}" for i, rate in enumerate(rates))
    parts.append(f'<polyline points="{points}" fill="none" stroke="{LINE}" stroke-width="0.8"/>')
    parts.append(line(LEFT, y_of(load["due_per_s"]), right, y_of(load["due_per_s"]), DUE, 'stroke-dasharray="5 4"'))
    return parts


def draw(path, lines):
    found = {one["case"]: one for one in lines if "verified_per_100_ms" in one}
    panels = [(title, found[name]) for name, title in PANELS if name in found]
    if not panels:
        return
    height = TOP + len(panels) * (PANEL + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        text(LEFT, 24, "Transfers verified a second, each 100 ms; dashed: due", 15),
    ]
    for i, (title, run) in enumerate(panels):
        parts += panel(TOP + 10 + i * (PANEL + GAP), title, run)
    path.write_text("\n".join(parts + ["</svg>"]) + "\n", encoding="utf-8")
