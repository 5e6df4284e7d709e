"""The CA's names: sanitized for paths and keys, shortened for an RDN, and tokens for URLs.

Three spellings of one name are about: the name as given, the sanitized one (what a module gets
as strConfig, and the key in the registry) and the short one, which leaves room for a suffix
within the 64 characters of an RDN. Nothing here reads the registry or knows a CA.
Source: MS-WCCE 3.1.1.4.1.1 (characters, short form); MS-CSRA, product note 15 (tokens, numbers
in front of URLs); docs/rulings.md (Names and formats; Certificates).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from urllib.parse import quote

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 $-.@_~")
# All printable ASCII but & ' * \ { } [ ] ^ : , = ! ` > < # ( ) % | + ? " ; /
_SHORT_LIMIT = 51
"""Characters kept of a name that is cut; a minus sign and five digits make it 57."""
# The tokens of two digits come first, or `%10` would be read as `%1` and a 0.
_TOKEN = re.compile(r"%(1[01]|[1-9])")
_NUMBER = re.compile("[0-9]{1,10}")
# The percent sign is among them, so that what is encoded already is not encoded twice.
_URL_CHARACTERS = "".join(map(chr, range(0x21, 0x7F)))
_LDAP = "ldap:"
_SAFE = "?=+,()"


def sanitize(name: str) -> str:
    """Return *name* with each character that is not plain spelled `!xxxx` by UTF-16 unit.

    The digits are lower-case hexadecimal; a character beyond the first 65,536 takes two escapes.
    `!` itself is escaped, so different names stay different. Source: MS-WCCE 3.1.1.4.1.1.
    """
    return "".join(char if char in _PLAIN else _escape(char) for char in name)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"!{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def sanitize_short(name: str) -> str:
    """Return the sanitized name, cut to at most 57 characters with a hash of what was cut.

    The cut keeps at most 51 characters and never splits an escape. The hash is 16 bits wide:
    rotate left by one, add the character code, for each character that was cut; it is written
    as five decimal digits after a minus sign. Source: MS-WCCE 3.1.1.4.1.1.
    """
    whole = sanitize(name)
    if len(whole) <= _SHORT_LIMIT:
        return whole
    keep = _SHORT_LIMIT
    escape = whole.rfind("!", keep - 4, keep)
    if escape >= 0 and escape + 5 > keep:
        keep = escape
    digest = 0
    for char in whole[keep:]:
        rotated = ((digest << 1) | (digest >> 15)) & 0xFFFF
        digest = (rotated + ord(char)) & 0xFFFF
    return f"{whole[:keep]}-{digest:05d}"


def suffix(index: int) -> str:
    """Return the file-name suffix of a certificate or key index: nothing for 0, else `(n)`.

    Source: sdk-api certif/nf-certif-icertserverexit-getcertificateproperty (CertSuffix,
    CRLSuffix); win32 SecCrypto/certification-authority-renewal.
    """
    return f"({index})" if index else ""


def chosen(lines: Iterable[str], flag: int) -> list[str]:
    """Return the places of those *lines* (`flags:place`) that have *flag*, tokens as they stand.

    *flag* is one of the CSURL_ bits; the order is that of the lines. Lines without a number in
    front are passed over, and so are blanks around a place. Source: MS-CSRA, product note 15.
    """
    places = []
    for line in lines:
        number, colon, place = line.partition(":")
        if colon and _NUMBER.fullmatch(number.strip()) and int(number) & flag:
            places.append(place.strip())
    return places


def filled(place: str, tokens: Mapping[str, str], *, encoded: bool) -> str:
    """Return *place* with its tokens filled in, each text percent-encoded if *encoded*.

    *tokens* maps `1` … `11` to text; a token without a text becomes nothing. What a URL may hold
    stands as it is: the plus of a delta, the parentheses of a key, the commas of a directory's
    names. Source: MS-CSRA, product note 15; TechNet dd379478 (plus); KB289749 (commas).
    """
    encode = partial(quote, safe=_SAFE) if encoded else str
    return _TOKEN.sub(lambda match: encode(tokens.get(match[1], "")), place)


def locations(lines: Iterable[str], flag: int, tokens: Mapping[str, str]) -> list[str]:
    """Return the URLs of those *lines* that have *flag*, tokens filled in.

    The tokens' texts are percent-encoded; of the line's own characters only blanks, controls and
    what is not ASCII are.
    *flag* and *tokens* are as above.
    Source: MS-CSRA, product note 15; docs/rulings.md (Certificates) for the encoding.
    """
    return [
        quote(filled(url, tokens, encoded=True), safe=_URL_CHARACTERS, errors="replace")
        for url in chosen(lines, flag)
    ]


def usable(lines: Iterable[str], *, directory: bool) -> tuple[str, ...]:
    """Return *lines* without those of LDAP, unless the CA uses a *directory*."""
    return tuple(
        line
        for line in lines
        if directory or not line.partition(":")[2].strip().lower().startswith(_LDAP)
    )
