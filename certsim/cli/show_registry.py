r"""How values of the registry are shown: name, type, what they are, and what that is made of.

    EditFlags REG_DWORD = 22 (34)
      EDITF_REQUESTEXTENSIONLIST -- 2
      EDITF_ATTRIBUTEENDDATE -- 20 (32)

Numbers are in hexadecimal without prefix, with the decimal number behind if it differs.
Source: published output of certutil -getreg; docs/rulings.md (Command line).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from certsim.cli import show_values
from certsim.facts.display import NUMBERS
from certsim.facts.registry import FLAGS, Flag
from certsim.registry import RegistryValue

_URL_FLAGS = re.compile(r"([0-9]{1,10}):")
"""What stands before the place in a line of CRLPublicationURLs."""


def listing(where: str, values: Mapping[str, RegistryValue], keys: Sequence[str]) -> Iterator[str]:
    """Yield a key's path, the values that were asked for, and the keys below."""
    yield f"{where}:"
    for name, value in values.items():
        yield ""
        yield from lines(name, value)
    if keys:
        yield ""
        yield "Keys:"
        yield from (f"  {key}" for key in keys)


def lines(name: str, value: RegistryValue) -> Iterator[str]:
    """Yield a value: name, type, what it is, and below it what that is made of.

    In front of the place in a line of CRLPublicationURLs stands a number, which is told as well.
    """
    head = f"  {name} {_type(value)} ="
    match value:
        case int():
            yield f"{head} {show_values.hexadecimal(value)}"
            yield from _meanings(name, value)
        case str():
            yield f"{head} {value}"
        case bytes():
            yield head
            yield from (f"    {line}" for line in show_values.dump(value))
        case list():
            yield head
            for index, member in enumerate(value):
                yield f"    {index}: {member}"
                if found := _URL_FLAGS.match(member):
                    yield from (f"  {line}" for line in _meanings(name, int(found[1])))


def known(name: str) -> tuple[Flag, ...]:
    """Return the bits and numbers with names that the value called *name* is made of.

    It is known by its name alone, in whatever key it stands: EventFilter means the same in each.
    """
    if name in NUMBERS:
        return NUMBERS[name].meanings
    fact = FLAGS.get(name.lower())
    return fact.flags if fact else ()


def _meanings(name: str, value: int) -> Iterator[str]:
    """Yield a line for each thing that the number *value* in *name* says."""
    for text, bits in show_values.named(known(name), value):
        yield f"    {text} -- {show_values.hexadecimal(bits)}"


def _type(value: RegistryValue) -> str:
    """Return the type that *value* has in the registry."""
    match value:
        case int():
            return "REG_DWORD"
        case str():
            return "REG_SZ"
        case bytes():
            return "REG_BINARY"
    return "REG_MULTI_SZ"


def data(name: str, value: RegistryValue) -> dict[str, object]:
    """Return a value for JSON: bytes in hexadecimal, of numbers also what they are made of."""
    found: dict[str, object] = {"name": name, "type": _type(value), "value": value}
    if isinstance(value, bytes):
        found["value"] = value.hex()
    elif isinstance(value, int):
        found["flags"] = [symbol for symbol, _ in show_values.named(known(name), value)]
    return found
