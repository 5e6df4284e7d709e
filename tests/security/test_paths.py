"""No path leaves the folder of published files, whatever a CA is called and clients ask for.

Everything that writes files is at work: base and delta CRLs, the CA's own certificates before and
after a renewal, and the default exit module. Afterwards the whole tree around the folder, working
folder included, is looked at: all there may be is files directly in the folder.
Source: MS-WCCE 3.1.1.4.1.1 (which characters a sanitized name has); learn.microsoft.com, Naming
Files (what a file name may not hold).
"""

from __future__ import annotations

import ntpath
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from certsim import CertificationAuthority, ComError, Sources
from certsim._engine import ca_names
from tests.engine import der_builder as der
from tests.requests_kit import make_csr, make_key

PIECES = (
    "..", ".", "/", "\\", ":", "C:", r"\\server\share", "//server/share", "~", "$HOME", "%3", "%1",
    "%11", "%2e%2e%2f", "%00", "%5c", "!002f", "CON", "NUL", "COM1", "LPT1.crl", "\x00", "\n", " ",
    "\u202e", "\u2044", "\uff0f", "\uff0e\uff0e", "*", "?", "|", "<", '"', "`id`", "a", "published",
    "file:", "http:", "\U0001f511",
)  # fmt: skip
"""What has ever led out of a folder: parents, drives, shares, devices, escapes, streams, tokens."""
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), min_size=1, max_size=12).map(
    "".join
)
LINES = {
    "CRLPublicationURLs": ("65:{}/%3%8%9.crl", "65:{}/%7%8%9.short.crl", "65:file://{}/u%3%8%9"),
    "CACertPublicationURLs": ("1:{}/%1_%3%4.crt", "1:file://{}/c%7%4"),
}
"""Where a CA publishes to, with every token that its name gets into."""


@contextmanager
def tree() -> Iterator[tuple[Path, Path]]:
    """Make a folder three floors down and work in another one; yield the top and the folder."""
    with TemporaryDirectory() as top:
        folder, working = Path(top, "a", "b", "published"), Path(top, "a", "working")
        folder.mkdir(parents=True)
        working.mkdir()
        with chdir(working):
            yield Path(top), folder


def authority(name: str, folder: Path) -> CertificationAuthority:
    """Return a stopped CA called *name* that publishes all it can to *folder*."""
    return CertificationAuthority(
        name,
        sources=Sources.seeded(1),
        exit_modules=["certsim.exits:Default"],
        config={
            r"exit\PublishCertFlags": 1,
            r"exit\CertEnrollDirectory": str(folder),
            **{
                rf"ca\{value}": [line.format(folder.as_posix()) for line in lines]
                for value, lines in LINES.items()
            },
        },
    )


def left_in(top: Path, folder: Path) -> list[str]:
    """Return the names in *folder* after checking that nothing else is below *top*."""
    files = [path for path in top.rglob("*") if not path.is_dir() or path.is_symlink()]
    assert {path.parent for path in files} <= {folder}
    assert sorted(path.name for path in top.rglob("*") if path.is_dir()) == [
        "a",
        "b",
        "published",
        "working",
    ]
    return sorted(path.name for path in files)


@settings(max_examples=60, deadline=None)
@given(HOSTILE)
@example("..")
@example("../../x")
@example(r"..\..\x")
@example("%3/../../x")
@example("/etc/x")
@example("C:x")
@example("CON")
@example("a\nb")
@example("x" * 64)
def test_no_name_of_a_ca_leads_out_of_the_folder(name: str) -> None:
    """Each of a CA's lists and certificates is one file in the folder, all of them different."""
    with tree() as (top, folder):
        try:
            ca = authority(name, folder)
        except ComError:
            reject()  # no CA is called so
        with ca:
            lists = ca.publish_crls()
            ca.renew(new_key=True)
            lists += ca.publish_crls()
        published = left_in(top, folder)
        failed = [place for crl in lists for place in crl.locations if place.hresult]
    # A base and a delta of each of two keys at three places, a certificate of each at two; a name
    # of many escapes is too long for a file system, and then its places fail.
    assert len(published) == 16 or failed


@settings(max_examples=100)
@given(HOSTILE)
def test_a_sanitized_name_is_a_plain_part_of_a_file_name(name: str) -> None:
    """On Windows too: no separator, drive, stream, wildcard or control is left in it."""
    for spelled in (ca_names.sanitize(name), ca_names.sanitize_short(name)):
        assert not set(spelled) & set('<>:"/\\|?*')
        assert spelled.isascii()
        assert spelled.isprintable()
        assert ntpath.split(ntpath.join(r"C:\CertEnroll", f"{spelled}.crl")) == (
            r"C:\CertEnroll",
            f"{spelled}.crl",
        )


def hostile_request(text: str) -> bytes:
    """Return a request that says *text* wherever a request can name a file or a template."""
    plain = "".join(char for char in text if ord(char) < 0xD800) or "x"
    return der.pkcs10(
        make_key(),
        der.attribute("1.3.6.1.4.1.311.13.2.1", der.seq(der.bmp("CertFile"), der.bmp(plain))),
        der.attribute(
            "1.2.840.113549.1.9.14",
            der.seq(der.extension("1.3.6.1.4.1.311.20.2", der.bmp(plain))),
        ),
        subject=der.seq(der.set_of(der.seq(der.oid("2.5.4.3"), der.der(0x0C, plain.encode())))),
    )


@settings(max_examples=60, deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE)
@example("../../x", "../../x", "../../x")
@example("/etc/x.cer", "CON", r"..\..\x")
def test_nothing_that_a_client_sends_leads_out_of_the_folder(
    file: str, template: str, requester: str
) -> None:
    """Whatever a request calls its file, its template and its subject, it becomes `<id>.cer`."""
    wishes = f"CertFile:{file}\nCertificateTemplate:{template}\nCertFile{file}:x"
    with tree() as (top, folder):
        with authority("Test CA", folder) as ca:
            ca.submit(make_csr(), attributes=f"{wishes}\nCert-File:x", requester=requester)
            ca.submit(hostile_request(file), requester=requester)
        # The second one's subject may be no name at all, and then it is refused.
        assert left_in(top, folder) in (["1.cer"], ["1.cer", "2.cer"])
        assert ca.event_log == ()


def test_the_working_folder_is_where_relative_paths_would_show() -> None:
    """The look-out works: a file beside the folder is seen."""
    with tree() as (top, folder):
        Path("stray").touch()
        with pytest.raises(AssertionError):
            left_in(top, folder)
