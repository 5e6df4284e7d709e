"""The CA's database: rows, and the shelves that keep them.

A row is a frozen value: to change one means to commit another under its id, so a reader never sees
half a change and a context may hold on to what it was given. A shelf knows how to keep rows and
nothing of what may become of them; the engine decides that, and alone commits (CONTRIBUTING.md,
law 2). There are two shelves, one in memory and one in a file, and whoever holds one cannot tell
which it is.
"""
