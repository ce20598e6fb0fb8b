# SPDX-License-Identifier: BSD-3-Clause
"""A program that shows a difference, made as short as halving finds it (delta debugging)."""

from trial import replay


def shortest(items, shows):
    """The fewest items that still show it, found by leaving out ever smaller runs of them."""
    size = max(1, len(items) // 2)
    while True:
        start, before = 0, len(items)
        while start < len(items):
            fewer = items[:start] + items[start + size:]
            if shows(fewer):
                items = fewer
            else:
                start += size
        if size == 1 and len(items) == before:
            return items
        size = max(1, size // 2)


def minimise(steps, difference, program, driver):
    """The shorter program's trial and difference, which is of the same kind."""
    begin, rest = steps[:1], steps[1:]

    def shows(some):
        _, found = replay(begin + some, program, driver)
        return found is not None and found.kind == difference.kind

    if not shows(rest):
        return None  # aliases fell otherwise
    rest = shortest(rest, shows)
    for at, step in enumerate(rest):
        if step[0] == "burst":
            frames = shortest(step[-1], lambda some, at=at, step=step: shows(rest[:at] + [(*step[:-1], some)] + rest[at + 1:]))
            rest = rest[:at] + [(*step[:-1], frames)] + rest[at + 1:]
    return replay(begin + rest, program, driver)
