"""A ROC chart as SVG text, so that no plotting library has to be installed for one picture."""

from collections.abc import Sequence
from html import escape

SIZE, MARGIN, POINTS = 360, 40, 200
COLORS = ("#1c5d99", "#b3541e")


def polyline(x: Sequence[float], y: Sequence[float]) -> str:
    """The curve's points in picture coordinates, thinned to at most POINTS and the last one."""
    step = max(1, len(x) // POINTS)
    pairs = [*zip(x[::step], y[::step], strict=True), (x[-1], y[-1])]
    return " ".join(f"{MARGIN + px * SIZE:.1f},{MARGIN + (1 - py) * SIZE:.1f}" for px, py in pairs)


def roc_svg(curves: dict[str, tuple[Sequence[float], Sequence[float]]]) -> str:
    """One line per named curve of (false positive rate, true positive rate); at most two curves."""
    side, edge = SIZE + 2 * MARGIN, MARGIN + SIZE
    lines = "".join(
        f'<polyline points="{polyline(x, y)}" fill="none" stroke="{color}" stroke-width="2"/>'
        f'<text x="{edge - 8}" y="{edge - 12 - 18 * row}" text-anchor="end" fill="{color}">{escape(name)}</text>'
        for row, (color, (name, (x, y))) in enumerate(zip(COLORS, curves.items(), strict=False))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" font-family="sans-serif" font-size="13">'
        f'<rect width="{side}" height="{side}" fill="#fff"/>'
        f'<path d="M{MARGIN} {MARGIN}V{edge}H{edge}" fill="none" stroke="#555"/>'
        f'<path d="M{MARGIN} {edge}L{edge} {MARGIN}" stroke="#bbb" stroke-dasharray="4"/>{lines}'
        f'<text x="{side / 2}" y="{side - 10}" text-anchor="middle">false positive rate</text>'
        f'<text x="14" y="{side / 2}" text-anchor="middle" transform="rotate(-90 14 {side / 2})">'
        "true positive rate</text>"
        "</svg>"
    )
