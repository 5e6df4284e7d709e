"""`getreg`, `setreg` and `delreg` on a CA's configuration: what is found, shown and changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from certsim import CertificationAuthority
from certsim.cli.command import UsageError
from certsim.sources import SeededSources
from tests.cli.show_kit import report, shown
from tests.codes import (
    E_INVALIDARG,
    ERROR_FILE_NOT_FOUND,
    ERROR_INVALID_DATA,
    refused,
)

ROOT = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\CertSvc\Configuration\Test CA"
ERROR_FILE_EXISTS = 0x80070050
POLICY = rf"{ROOT}\PolicyModules\CertificateAuthority_MicrosoftDefault.Policy"


@pytest.fixture
def ca(sources: SeededSources) -> CertificationAuthority:
    """Return a stopped CA without exit modules, its policy flags as a test wants them."""
    return CertificationAuthority(
        "Test CA",
        sources=sources,
        config={
            r"policy\EditFlags": 0x40022,
            r"policy\RequestDisposition": 0x101,
            r"ca\Blob": bytes(range(18)),
            r"ca\Text": "line\n  forged REG_DWORD = 1",
            r"ca\Sub\Deep": 5,
            r"ca\sub\Deeper\x": 1,
        },
    )


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        (
            r"policy\EditFlags",
            [
                f"{POLICY}:",
                "",
                "  EditFlags REG_DWORD = 40022 (262178)",
                "    EDITF_REQUESTEXTENSIONLIST -- 2",
                "    EDITF_ATTRIBUTEENDDATE -- 20 (32)",
                "    EDITF_ATTRIBUTESUBJECTALTNAME2 -- 40000 (262144)",
            ],
        ),
        (
            r"POLICY\requestdisposition",
            [
                f"{POLICY}:",
                "",
                "  RequestDisposition REG_DWORD = 101 (257)",
                "    REQDISP_ISSUE -- 1",
                "    REQDISP_PENDINGFIRST -- 100 (256)",
            ],
        ),
        ("CRLPeriod", [f"{ROOT}:", "", "  CRLPeriod REG_SZ = Weeks"]),
        (
            r"ca\Blob",
            [
                f"{ROOT}:",
                "",
                "  Blob REG_BINARY =",
                "    0000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  ................",
                "    0010  10 11                                            ..",
            ],
        ),
        (
            r"ca\CRLPub*",
            [
                f"{ROOT}:",
                "",
                "  CRLPublicationURLs REG_MULTI_SZ =",
                "    0: 79:ldap:///CN=%7%8,CN=%2,CN=CDP,CN=Public Key Services,CN=Services,%6%10",
                "      CSURL_SERVERPUBLISH -- 1",
                "      CSURL_ADDTOCERTCDP -- 2",
                "      CSURL_ADDTOFRESHESTCRL -- 4",
                "      CSURL_ADDTOCRLCDP -- 8",
                "      CSURL_SERVERPUBLISHDELTA -- 40 (64)",
                "    1: 6:http://%1/CertEnroll/%3%8%9.crl",
                "      CSURL_ADDTOCERTCDP -- 2",
                "      CSURL_ADDTOFRESHESTCRL -- 4",
                "    2: 0:file://%1/CertEnroll/%3%8%9.crl",
            ],
        ),
        (
            r"ca\Sub",
            [rf"{ROOT}\Sub:", "", "  Deep REG_DWORD = 5", "", "Keys:", "  Deeper"],
        ),
        (r"ca\sub\deep", [rf"{ROOT}\sub:", "", "  Deep REG_DWORD = 5"]),
        (
            "PolicyModules",
            [
                rf"{ROOT}\PolicyModules:",
                "",
                "  Active REG_SZ = CertificateAuthority_MicrosoftDefault.Policy",
                "",
                "Keys:",
                "  CertificateAuthority_MicrosoftDefault.Policy",
            ],
        ),
    ],
)
def test_getreg(ca: CertificationAuthority, path: str, lines: list[str]) -> None:
    """Values with type, number in two spellings, bits and members; keys with what is below."""
    assert shown(ca, "getreg", path).lines == lines


def test_getreg_shows_the_cas_own_key(ca: CertificationAuthority) -> None:
    """Without a path the CA's own values and the keys below are listed."""
    lines = shown(ca, "getreg").lines
    assert lines[0] == f"{ROOT}:"
    assert "  CRLPeriodUnits REG_DWORD = 1" in lines
    assert lines[lines.index("Keys:") :] == ["Keys:", "  PolicyModules", "  Sub"]
    assert lines == shown(ca, "getreg", "ca").lines


def test_getreg_prefix_chooses_values(ca: CertificationAuthority) -> None:
    """A name with a star at its end stands for all that begin alike, keys left out."""
    made = report(ca, "getreg", r"ca\crlp*")
    assert isinstance(made.data, dict)
    assert [value["name"] for value in made.data["values"]] == [
        "CRLPublicationURLs",
        "CRLPeriod",
        "CRLPeriodUnits",
    ]


def test_getreg_for_programs(ca: CertificationAuthority) -> None:
    """Numbers are unsigned numbers with their symbols, bytes hexadecimal."""
    assert report(ca, "getreg", r"policy\EditFlags").data == {
        "key": POLICY,
        "keys": [],
        "values": [
            {
                "name": "EditFlags",
                "type": "REG_DWORD",
                "value": 0x40022,
                "flags": [
                    "EDITF_REQUESTEXTENSIONLIST",
                    "EDITF_ATTRIBUTEENDDATE",
                    "EDITF_ATTRIBUTESUBJECTALTNAME2",
                ],
            }
        ],
    }
    made = report(ca, "getreg", r"ca\Blob")
    assert isinstance(made.data, dict)
    assert made.data["values"][0]["value"] == bytes(range(18)).hex()


@pytest.mark.parametrize("path", [r"ca\Nope", r"ca\Nope*", "Nope", r"exit\x", r"Nope\Nope"])
def test_what_is_not_there(ca: CertificationAuthority, path: str) -> None:
    """Neither a value nor a key, and no exit module to have one."""
    with refused(ERROR_FILE_NOT_FOUND):
        report(ca, "getreg", path)


@pytest.mark.parametrize("path", ["", "ca\\", r"ca\\x", "\\"])
def test_what_is_no_path(ca: CertificationAuthority, path: str) -> None:
    """A path has a name in each of its parts."""
    with refused(E_INVALIDARG):
        report(ca, "getreg", path)


def test_setreg_shows_before_and_after(ca: CertificationAuthority) -> None:
    """The whole path, the old value if there was one, and the new one; then the reminder."""
    made = shown(ca, "setreg", r"policy\editflags", "-EDITF_ATTRIBUTESUBJECTALTNAME2")
    assert made.lines == [
        rf"{POLICY}\EditFlags:",
        "",
        "Old Value:",
        "  EditFlags REG_DWORD = 40022 (262178)",
        "    EDITF_REQUESTEXTENSIONLIST -- 2",
        "    EDITF_ATTRIBUTEENDDATE -- 20 (32)",
        "    EDITF_ATTRIBUTESUBJECTALTNAME2 -- 40000 (262144)",
        "",
        "New Value:",
        "  EditFlags REG_DWORD = 22 (34)",
        "    EDITF_REQUESTEXTENSIONLIST -- 2",
        "    EDITF_ATTRIBUTEENDDATE -- 20 (32)",
    ]
    (reminder,) = made.report.after
    assert "restart" in reminder
    assert ca.get_config(r"policy\EditFlags") == 0x22


@pytest.mark.parametrize(
    ("words", "path", "value"),
    [
        ((r"policy\EditFlags", "+EDITF_ATTRIBUTECA"), r"policy\EditFlags", 0x40222),
        ((r"policy\EditFlags", "-34"), r"policy\EditFlags", 0x40000),
        ((r"policy\EditFlags", "--", "-0x22"), r"policy\EditFlags", 0x40000),
        ((r"policy\RequestDisposition", "+REQDISP_DENY"), r"policy\RequestDisposition", 0x102),
        ((r"ca\AuditFilter", "+REVOCATION"), r"ca\AuditFilter", 8),
        ((r"ca\CRLPeriodUnits", "52"), r"ca\CRLPeriodUnits", 52),
        ((r"ca\ValidityPeriod", "Months"), r"ca\ValidityPeriod", "Months"),
        ((r"ca\New\Key\List", r"a\n"), r"ca\New\Key\List", ["a"]),
        ((r"policy\DisableExtensionList", "+1.2.3"), r"policy\DisableExtensionList", ["1.2.3"]),
    ],
)
def test_setreg(
    ca: CertificationAuthority, words: tuple[str, ...], path: str, value: object
) -> None:
    """Bits by number and name, numbers, text and lists; a minus sign is no option."""
    report(ca, "setreg", *words)
    assert ca.get_config(path) == value


def test_setreg_names_who_did_it(ca: CertificationAuthority) -> None:
    """The account of --as is the administrator that the journal tells."""
    with ca:
        report(ca, "setreg", r"ca\CRLPeriodUnits", "2", "--as", r"CONTOSO\carol")
        assert r"CONTOSO\carol" in str(ca.journal[-1])


@pytest.mark.parametrize(
    "words",
    [(), (r"ca\x",), (r"ca\x", "1", "--import", "f"), (r"ca\x", "--import", "f")],
)
def test_setreg_wants_a_path_and_a_value(
    ca: CertificationAuthority, words: tuple[str, ...]
) -> None:
    """Or a file and neither."""
    with pytest.raises(UsageError) as caught:
        report(ca, "setreg", *words)
    assert "setreg takes PATH and VALUE, or --import FILE and neither" in str(caught.value)


def test_a_refused_change_changes_nothing(ca: CertificationAuthority) -> None:
    """A misspelt bit leaves the value as it was."""
    with pytest.raises(UsageError):
        report(ca, "setreg", r"policy\EditFlags", "+EDITF_NOPE")
    assert ca.get_config(r"policy\EditFlags") == 0x40022


def test_delreg(ca: CertificationAuthority) -> None:
    """The value that goes is shown, and is gone."""
    assert shown(ca, "delreg", r"ca\sub\deep").lines == [
        rf"{ROOT}\sub\Deep:",
        "",
        "Old Value:",
        "  Deep REG_DWORD = 5",
    ]
    assert ca.get_config(r"ca\Sub\Deep") is None
    with refused(ERROR_FILE_NOT_FOUND):
        report(ca, "delreg", r"ca\sub\deep")


def test_what_is_exported_can_be_imported(
    ca: CertificationAuthority, sources: SeededSources, tmp_path: Path
) -> None:
    """A file in regedit's encoding takes the configuration to another CA of that name."""
    file = tmp_path / "ca.reg"
    assert shown(ca, "getreg", "--export", str(file)).lines == [f"Exported to {file}."]
    assert file.read_bytes().startswith(
        "\ufeffWindows Registry Editor Version 5.00\r\n".encode("utf-16-le")
    )
    other = CertificationAuthority("Test CA", sources=sources)
    lines = shown(other, "setreg", "--import", str(file)).lines
    assert lines[1:] == ["Values deleted: 0", "Entries of other owners, left alone: 0"]
    assert other.export_config() == ca.export_config()


def test_an_export_replaces_no_file_unasked(ca: CertificationAuthority, tmp_path: Path) -> None:
    """A file that is there stays, unless --force is given."""
    file = tmp_path / "ca.reg"
    file.write_text("precious")
    with refused(ERROR_FILE_EXISTS):
        report(ca, "getreg", "--export", str(file))
    assert file.read_text() == "precious"
    report(ca, "getreg", "--export", str(file), "--force")
    assert file.read_bytes()[:2] == b"\xff\xfe"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"not a registry file", b"\x80"])
def test_what_is_no_registry_file_is_refused(
    ca: CertificationAuthority, tmp_path: Path, content: bytes
) -> None:
    """Nothing of it is taken over."""
    before = ca.export_config()
    (tmp_path / "x.reg").write_bytes(content)
    with refused(ERROR_INVALID_DATA):
        report(ca, "setreg", "--import", str(tmp_path / "x.reg"))
    assert ca.export_config() == before
