#!/usr/bin/env python3
"""Draws the modules ("rooms") and what each imports, from the table of rooms in docs/architecture.md.

Usage: draw-rooms.py [--check]    writes docs/images/rooms.svg; --check: exits with 1 if that file is not what it would write

An arrow leads from a room to a room that it uses. An arrow is left out if another path of arrows implies it.
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
WIDTH, BOX, GAP, HEIGHT, ROW = 168, 30, 26, 34, 92


def table(text):
    """Room to the rooms that it uses, in the order of the table headed `| room | … | uses |`; `all above` means every earlier room."""
    uses = {}
    for block in re.findall(r"^\| room \|.*?\| uses \|\n\|[-| ]+\|\n((?:\|.*\n)+)", text, re.M):
        for row in block.splitlines():
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            named = re.findall(r"`(\w+)`", cells[-1])
            if cells[-1].startswith("all above"):
                named = [room for room in uses if room not in named]
            for room in re.findall(r"`(\w+)`", cells[0]):
                uses[room] = named
    return {room: [other for other in used if other in uses] for room, used in uses.items()}


def reachable(uses, room):
    found, todo = set(), list(uses[room])
    while todo:
        other = todo.pop()
        if other not in found:
            found.add(other)
            todo += uses[other]
    return found


def reduced(uses):
    """Without arrows that a longer path implies."""
    return {room: [other for other in used if not any(other in reachable(uses, third) for third in used if third != other)]
            for room, used in uses.items()}


def layers(uses):
    """Rooms by depth, rooms without uses last; an arrow over several depths passes through unnamed places."""
    depth = {}

    def deep(room):
        if room not in depth:
            depth[room] = 1 + max((deep(other) for other in uses[room]), default=-1)
        return depth[room]

    for room in uses:
        deep(room)
    top = max(depth.values())
    rows, edges = [[] for _ in range(top + 1)], []
    for room in uses:
        rows[top - depth[room]].append(room)
    for room in uses:
        for other in uses[room]:
            before = room
            for level in range(depth[room] - 1, depth[other], -1):
                place = (room, other, level)
                rows[top - level].append(place)
                edges.append((before, place))
                before = place
            edges.append((before, other))
    return rows, edges


def ordered(rows, edges):
    """Orders each row by the mean position of its neighbours, to lessen crossings."""
    near = {}
    for a, b in edges:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    for turn in range(24):
        for number in (range(len(rows)) if turn % 2 == 0 else reversed(range(len(rows)))):
            beside = rows[number - 1] if turn % 2 == 0 else rows[number + 1] if number + 1 < len(rows) else []
            if turn % 2 == 0 and number == 0:
                continue
            place = {node: (i + 0.5) / len(beside) for i, node in enumerate(beside)}

            def mean(node):
                found = [place[other] for other in near.get(node, []) if other in place]
                return sum(found) / len(found) if found else 0.5

            rows[number].sort(key=mean)
    return rows


def width(node):
    return 14 if isinstance(node, tuple) else WIDTH


def positions(rows, edges):
    """The centre of each node; rows are centred, then moved towards their neighbours as far as there is room."""
    near = {}
    for a, b in edges:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    total = max(sum(width(n) + GAP for n in row) for row in rows) + GAP
    x = {}
    for row in rows:
        left = (total - sum(width(n) + GAP for n in row) + GAP) / 2
        for node in row:
            x[node] = left + width(node) / 2
            left += width(node) + GAP
    for _ in range(60):
        for row in rows:
            for i, node in enumerate(row):
                wanted = sum(x[o] for o in near.get(node, [node])) / len(near.get(node, [node]))
                low = GAP + width(node) / 2 if i == 0 else x[row[i - 1]] + (width(row[i - 1]) + width(node)) / 2 + GAP
                high = total - GAP - width(node) / 2 if i + 1 == len(row) else x[row[i + 1]] - (width(row[i + 1]) + width(node)) / 2 - GAP
                x[node] = min(max(wanted, low), max(low, high))
    return x, total


def svg(uses):
    uses = reduced(uses)
    rows, edges = layers(uses)
    rows = ordered(rows, edges)
    x, total = positions(rows, edges)
    y = {node: 20 + number * ROW for number, row in enumerate(rows) for node in row}
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total:.0f} {20 + (len(rows) - 1) * ROW + HEIGHT + 20}" '
           'font-family="Helvetica, Arial, sans-serif" font-size="14" role="img" aria-label="Rooms and what they use">',
           '<defs><marker id="a" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse">'
           '<path d="M0 0L10 5L0 10z" fill="#444"/></marker></defs>', '<rect width="100%" height="100%" fill="#ffffff"/>']
    for a, b in edges:
        start = y[a] + (0 if isinstance(a, tuple) else HEIGHT)
        end = y[b]
        half = (start + end) / 2
        mark = '' if isinstance(b, tuple) else ' marker-end="url(#a)"'
        out.append(f'<path d="M{x[a]:.0f} {start} C{x[a]:.0f} {half:.0f} {x[b]:.0f} {half:.0f} {x[b]:.0f} {end}" fill="none" '
                   f'stroke="#444" stroke-width="1.3"{mark}/>')
        if isinstance(b, tuple):
            out.append(f'<path d="M{x[b]:.0f} {y[b]} V{y[b]}" stroke="#444"/>')
    for node in uses:
        out.append(f'<rect x="{x[node] - WIDTH / 2:.0f}" y="{y[node]}" width="{WIDTH}" height="{HEIGHT}" rx="7" fill="#e6eefb" stroke="#444"/>')
        out.append(f'<text x="{x[node]:.0f}" y="{y[node] + 22}" text-anchor="middle" fill="#222">{node}</text>')
    return "\n".join(out + ["</svg>", ""])


def main():
    made = svg(table((HERE.parent / "architecture.md").read_text()))
    path = HERE / "rooms.svg"
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if path.exists() and path.read_text() == made else "docs/images/rooms.svg is not drawn from docs/architecture.md; "
                 "run docs/images/draw-rooms.py")
    path.write_text(made)


if __name__ == "__main__":
    main()
