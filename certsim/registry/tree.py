r"""The tree itself: keys and values by their paths below HKEY_LOCAL_MACHINE, never edited.

A change makes another tree, so whoever holds one may read it without a lock and need not fear to
see half of a change. Paths are texts with backslashes, `SOFTWARE\Key\Subkey`. Names are found
whatever their case and keep the spelling that they were first written with.

Keys exist by having values, in them or below them: there is nothing to create and no empty key to
tell from an absent one.
Source: win32 SysInfo, structure of the registry; docs/rulings.md (Configuration).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import attrs

from certsim.regfile import RegistryValue

_Parts = tuple[str, ...]


class _Key(NamedTuple):
    """Hold a key that has values: its path as it is spelt, and the values by folded name."""

    parts: _Parts
    values: Mapping[str, tuple[str, RegistryValue]]


def _folded(path: str) -> _Parts:
    return tuple(path.lower().split("\\"))


def _copied(value: RegistryValue) -> RegistryValue:
    """Return *value* so that nobody can edit the tree through it."""
    return list(value) if isinstance(value, list) else value


@attrs.frozen(eq=False)
class Tree:
    """Hold keys and values; methods that change something return another tree."""

    _keys: Mapping[_Parts, _Key] = attrs.field(factory=dict)

    def read(self, path: str, name: str) -> RegistryValue | None:
        """Return a value, or `None`."""
        key = self._keys.get(_folded(path))
        held = key and key.values.get(name.lower())
        return _copied(held[1]) if held else None

    def values(self, path: str) -> dict[str, RegistryValue]:
        """Return the values of a key by their names, in the order they were first written."""
        key = self._keys.get(_folded(path))
        return {name: _copied(value) for name, value in key.values.values()} if key else {}

    def keys(self, path: str) -> list[str]:
        """Return the names of the keys directly below a key, sorted as if in lower case."""
        above = _folded(path)
        below = {
            where[len(above)]: key.parts[len(above)]
            for where, key in self._keys.items()
            if where[: len(above)] == above and len(where) > len(above)
        }
        return [below[folded] for folded in sorted(below)]

    def __iter__(self) -> Iterator[tuple[str, str, RegistryValue]]:
        """Go through all values as path, name, value: by path, a key before those below it."""
        for where in sorted(self._keys):
            path = "\\".join(self._keys[where].parts)
            yield from ((path, name, value) for name, value in self.values(path).items())

    def __len__(self) -> int:
        """Count all values."""
        return sum(len(key.values) for key in self._keys.values())

    def write(self, path: str, name: str, value: RegistryValue) -> Tree:
        """Set a value, and make its key if need be; the tree is the same if it has it already."""
        where = _folded(path)
        key = self._keys.get(where) or _Key(self._spelt(path), {})
        spelt, held = key.values.get(name.lower(), (name, None))
        if held == value:
            return self
        values = {**key.values, name.lower(): (spelt, _copied(value))}
        return Tree({**self._keys, where: key._replace(values=values)})

    def _spelt(self, path: str) -> _Parts:
        """Return the parts of *path*, those that exist already in their own spelling."""
        where, parts = _folded(path), tuple(path.split("\\"))
        for depth in range(len(where), 0, -1):
            for held, key in self._keys.items():
                if held[:depth] == where[:depth]:
                    return key.parts[:depth] + parts[depth:]
        return parts

    def without(self, path: str, name: str) -> Tree:
        """Take a value away; the tree is the same if there was none."""
        where = _folded(path)
        key = self._keys.get(where)
        if key is None or name.lower() not in key.values:
            return self
        values = {folded: held for folded, held in key.values.items() if folded != name.lower()}
        keys = {**self._keys, where: key._replace(values=values)}
        if not values:
            del keys[where]
        return Tree(keys)

    def without_key(self, path: str) -> Tree:
        """Take a key away with all that is below it; the tree is the same if there was none."""
        above = _folded(path)
        kept = {where: key for where, key in self._keys.items() if where[: len(above)] != above}
        return self if len(kept) == len(self._keys) else Tree(kept)
