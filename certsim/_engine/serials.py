"""Serial numbers: the four documented layouts.

Bytes are laid out low byte first; the number itself is written big-endian, so the request id
stands at its right end: request 0x15 of a first CA certificate has a serial number that ends in
`000000000015`. That helps people who read them, and is why a serial number gives the id away.

Nothing here looks for a number that is in use already. The document promises no uniqueness, and the
id inside every layout makes a repetition within one CA all but impossible.
Source: MS-WCCE 3.2.1.4.2.1.4.6; docs/rulings.md (Certificates).
"""

from __future__ import annotations

from collections.abc import Callable

from certsim.errors import ComError, shown
from certsim.facts.hresults import HRESULT
from certsim.registry import Registry

AUTO = 0xFFFFFFFF
"""The HighSerial value that asks for eight random bytes, made once and then kept as a string."""


def new_serial(
    request_id: int,
    index: int,
    high_serial: int | str | None,
    random_bytes: Callable[[int], bytes],
) -> str:
    """Return a serial number as the database keeps it: lower-case hexadecimal, whole bytes.

    *index* is the CA certificate's, *high_serial* the registry value HighSerial: absent or 0,
    another number, or hexadecimal text (`settle` has dealt with `AUTO`). The length is 10 bytes,
    19 bytes, or 6 and those of the text, up to 19; *random_bytes* is asked for 4, 8 or none.
    Errors: `ComError` E_INVALIDARG for a HighSerial that is text and not hexadecimal (assumed).
    """
    low = request_id.to_bytes(4, "little") + index.to_bytes(2, "little")
    if not high_serial:
        body = low + random_bytes(4)
    elif isinstance(high_serial, int):
        body = low + random_bytes(8) + low[:4] + bytes((high_serial & 0xFF,))
    else:
        body = low + _high_bytes(high_serial)
    return _positive(body)[::-1].hex()


def _high_bytes(text: str) -> bytes:
    """Return up to 13 bytes of a hexadecimal HighSerial, low byte first."""
    try:
        return bytes.fromhex(text)[::-1][:13]
    except ValueError as error:
        raise ComError(
            HRESULT.E_INVALIDARG, f"HighSerial {shown(text, 60)} is no hexadecimal text"
        ) from error


def _positive(body: bytes) -> bytes:
    """Return *body* with a top byte that is positive and not small, as the document asks.

    So DER needs no leading zero, and all serial numbers of one layout are equally long.
    """
    top = body[-1] & 0x7F
    if top == 0:
        top = 0x61
    elif top & 0xF0 == 0:
        top ^= 0x10
    return body[:-1] + bytes((top,))


def text_of(number: int) -> str:
    """Return the serial *number* of a certificate as the database keeps it.

    It is what the CA made the certificate of, and for an imported one the shortest whole bytes.
    """
    return f"{number:0{2 * max(1, (number.bit_length() + 7) // 8)}x}"


def settle(registry: Registry, random_bytes: Callable[[int], bytes]) -> None:
    """Make the text that a HighSerial of `AUTO` becomes, once, and keep it in *registry*.

    Called at each start, before the settings are read; later starts find text and leave it.
    """
    held = registry.read("", "HighSerial")
    if isinstance(held, int) and held & AUTO == AUTO:
        registry.write("", "HighSerial", random_bytes(8).hex())
