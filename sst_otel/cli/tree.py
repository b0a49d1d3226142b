"""A tree drawn with lines, wrapped to the terminal's width."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sst_otel.cli.paragraphs import indented

_DEEPEST = 30
"""Characters of indentation; what is deeper stands there, so that the texts keep their room."""


@dataclass(slots=True)
class Node:
    """A text and what hangs below it."""

    text: str
    children: list[Node] = field(default_factory=list)


def draw(*nodes: Node) -> Iterator[str]:
    """Yield the lines of trees, one below the other."""
    waiting = [(node, "", "") for node in reversed(nodes)]
    while waiting:  # a line of computed values may be deeper than Python recurses
        node, first, rest = waiting.pop()
        inner = rest[:_DEEPEST]
        yield from indented(node.text, first, inner + ("│  " if node.children else "   "))
        for index in range(len(node.children) - 1, -1, -1):
            last = index == len(node.children) - 1
            branch, below = ("└─ ", "   ") if last else ("├─ ", "│  ")
            waiting.append((node.children[index], inner + branch, inner + below))
