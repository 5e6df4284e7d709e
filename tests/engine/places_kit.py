"""What the tests of places and publication share: a line, flags of a list, and how places fared."""

from __future__ import annotations

import os

import pytest

from certsim import CertificationAuthority

PLAIN = "65:{}/%3%8%9.crl"
BADURL, LDAP, FILE, FTP, HTTP = 0x20, 0x100, 0x200, 0x400, 0x800
# Source: certsrv.h, CPF constants
posix_only = pytest.mark.skipif(os.name == "nt", reason="about files of POSIX systems")


def statuses(ca: CertificationAuthority, *, delta: bool = False) -> list[int]:
    """Publish a base, with *delta* a delta too; return how the places of the last list fared."""
    return [place.hresult for place in ca.publish_crls(delta=delta)[-1].locations]
