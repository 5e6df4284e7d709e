r"""Import and export of .reg files: what belongs to the CA, all of it or nothing.

Source: certsrv.h, wszREG constants (paths); KB310516; docs/rulings.md (Configuration).
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import certsim
from certsim import regfile
from certsim.registry import Imported, Registry
from tests.codes import E_INVALIDARG, ERROR_FILE_NOT_FOUND, ERROR_INVALID_DATA, refused, signed
from tests.registry.drawn import HEADER, MACHINE, ROOT, SERVICE, keys, names, values

OWN = rf"{MACHINE}\{ROOT}"
CLASS = r"HKEY_CLASSES_ROOT\My.Exit\PythonCOM"


def registry() -> Registry:
    """Return the tree of a new CA."""
    return Registry("Lab CA")


def content(found: Registry) -> list[Any]:
    """Return all that is in a tree."""
    return list(found.dump())


def file(*lines: str) -> str:
    """Return a .reg file of these lines."""
    return "\n".join((HEADER, "", *lines, ""))


def test_a_new_registry_holds_what_its_places_are_for() -> None:
    """The service's key names the CA; its own key and that of the policy module have values."""
    held = content(registry())
    assert held[0] == (rf"{SERVICE}\Configuration", "Active", "Lab CA")
    assert {path for path, _, _ in held} == {
        rf"{SERVICE}\Configuration",
        ROOT,
        rf"{ROOT}\PolicyModules\CertificateAuthority_MicrosoftDefault.Policy",
    }
    assert (ROOT, "CRLPeriod", "Weeks") in held


@given(
    st.lists(
        st.tuples(
            st.lists(keys, max_size=3).map("\\".join), st.just("") | names, st.none() | values
        ),
        max_size=8,
    )
)
def test_an_export_makes_another_registry_the_same(told: list[Any]) -> None:
    """For all changes: a new CA that imports the export in place of its own values is as this."""
    first, second = registry(), registry()
    first.register_class("My.Exit", "package.module:Class")
    for key, name, value in told:
        if value is not None:
            first.write(key, name, value)
        elif name in first.values(key):
            first.delete_value(key, name)
    clean = regfile.compose([(OWN, None, None)])
    second.import_reg(clean + first.export_reg().removeprefix(HEADER))
    assert [(path.lower(), name, value) for path, name, value in content(second)] == [
        (path.lower(), name, value) for path, name, value in content(first)
    ]


def test_an_export_holds_the_ca_s_own_and_nothing_else() -> None:
    """The CA's keys by their full paths and its classes; `Active` is not a CA's to hand on."""
    held = registry()
    held.register_class("My.Exit", "package.module:Class")
    text = held.export_reg()
    assert text.startswith(f"{HEADER}\n\n[")
    assert f'[{OWN}]\n"ValidityPeriod"="Years"\n' in text
    assert f'[{CLASS}]\n@="package.module:Class"\n' in text
    assert rf"[{MACHINE}\{SERVICE}\Configuration]" not in text


def test_an_import_sets_deletes_and_passes_over() -> None:
    """It is told how many values were set, how many are gone, and what was not the CA's."""
    held = registry()
    held.write(r"ExitModules\My.Exit\SMTP", "Port", 25)
    held.write(r"ExitModules\My.Exit", "Mask", 1)
    done = held.import_reg(
        file(
            f"[{OWN}]",
            '"CRLPeriodUnits"=dword:00000002',
            '"New"="x"',
            '"ClockSkewMinutes"=-',
            '"NeverThere"=-',
            rf"[-{OWN}\exitmodules\my.exit]",
            f"[{CLASS}]",
            '@="package.module:Class"',
            rf"[{MACHINE}\{SERVICE}\Configuration]",
            '"Active"="Another CA"',
            rf"[{OWN} 2]",
            '"x"="y"',
            r"[-HKEY_CURRENT_USER\Software]",
            r"[HKEY_CLASSES_ROOT\My.Exit\CLSID]",
            '@="{x}"',
        )
    )
    assert done == Imported(set=3, deleted=3, skipped=4)
    assert held.integer("CRLPeriodUnits") == 2
    assert held.read("", "New") == "x"
    assert held.read("", "ClockSkewMinutes") is None
    assert held.keys("ExitModules") == []
    assert held.registered_class("my.exit") == "package.module:Class"
    assert content(held)[-2:][0][0].startswith(SERVICE)
    assert (rf"{SERVICE}\Configuration", "Active", "Lab CA") in content(held)


@pytest.mark.parametrize(
    "key",
    [
        OWN,
        OWN.upper(),
        OWN.replace("CurrentControlSet", "ControlSet001"),
        OWN.replace("CurrentControlSet", "controlset002"),
    ],
)
def test_control_sets_are_one(key: str) -> None:
    """Keys are known in any case, and below any control set."""
    held = registry()
    assert held.import_reg(file(f"[{key}]", '"X"="y"')) == Imported(1, 0, 0)
    assert held.read("", "x") == "y"


@pytest.mark.parametrize(
    "key",
    [
        OWN.replace("CurrentControlSet", "ControlSet01"),
        OWN.replace("HKEY_LOCAL_MACHINE", "HKLM"),
        OWN.replace("SYSTEM", r"x\SYSTEM").replace("CurrentControlSet", "ControlSet001"),
        OWN.replace("SYSTEM", "SOFTWARE"),
        OWN.replace("Lab CA", "Other CA"),
        OWN.replace("Lab CA", "Lab CA2"),
        r"HKEY_CLASSES_ROOT\PythonCOM",
        r"HKEY_CLASSES_ROOT\My.Exit\PythonCOM\Deeper",
        r"HKEY_CLASSES_ROOT\My.Exit",
        MACHINE,
    ],
)
def test_keys_of_others_are_passed_over_whatever_they_hold(key: str) -> None:
    """Values and types that no CA could keep are no matter there."""
    held = registry()
    before = content(held)
    text = file(f"[{key}]", '"X"="y"', '"Path"=hex(2):25,00,00,00', f"[-{key}]")
    assert held.import_reg(text) == Imported(0, 0, 3)
    assert content(held) == before


def test_both_names_of_a_class_s_key_are_one() -> None:
    r"""HKEY_CLASSES_ROOT is SOFTWARE\Classes of HKEY_LOCAL_MACHINE."""
    held = registry()
    key = rf"{MACHINE}\Software\CLASSES\My.Exit\pythoncom"
    held.import_reg(file(f"[{key}]", '@="a:B"'))
    assert held.registered_class("My.Exit") == "a:B"
    assert r"[HKEY_CLASSES_ROOT\My.Exit\pythoncom]" in held.export_reg()
    held.import_reg(file(f"[-{CLASS}]"))
    assert held.registered_class("My.Exit") is None


@pytest.mark.parametrize(
    ("lines", "line", "part"),
    [
        ((f"[{OWN}]", '"a"="b"', '"X"=hex(2):25,00,00,00'), 5, "REG_EXPAND_SZ"),
        ((f"[{OWN}]", '"a"="b"', '"X"=hex(7):61,00,\\', "00"), 5, "REG_MULTI_SZ"),
        ((f"[{OWN}]", '"a"="b"', "nonsense"), 5, "expected"),
        ((f"[{OWN}]", '"a"="b"', '"x\ty"="z"'), 5, "name of a value"),
        ((f"[{OWN}]", '"a"="b"', rf"[{OWN}\\x]", '"x"="z"'), 6, "is no key"),
        ((f"[{OWN}]", '"a"="b"', rf"[{OWN}\{'x' * 256}]", '"x"="z"'), 6, "is no key"),
    ],
)
def test_an_import_is_all_or_nothing(lines: tuple[str, ...], line: int, part: str) -> None:
    """What is wrong anywhere is named with its line, and nothing of the file has been done."""
    held = registry()
    before = content(held)
    with pytest.raises(certsim.ComError) as caught:
        held.import_reg(file(*lines))
    assert caught.value.hresult == signed(ERROR_INVALID_DATA)
    assert str(caught.value.strerror).startswith(f"line {line}: ")
    assert part in str(caught.value.strerror)
    assert content(held) == before


def test_a_file_as_a_server_exports_it_is_taken() -> None:
    """UTF-16, folded lists, a binary value and subkeys: what belongs to the CA arrives."""
    key = OWN.replace("CurrentControlSet", "ControlSet001")
    text = file(
        f"[{key}]",
        '"CommonName"="Lab CA"',
        '"Security"=hex:01,00,14,84,90,00,00,00,a0,00,00,00,14,00,00,00,30,00,00,00,02,\\',
        "  00,1c,00,01",
        '"CACertPublicationURLs"=hex(7):31,00,3a,00,78,00,00,00,32,00,3a,00,79,00,00,00,00,00',
        "",
        rf"[{key}\ExitModules]",
        '"Active"=hex(7):41,00,2e,00,45,00,78,00,69,00,74,00,00,00,00,00',
        "",
        rf"[{key}\ExitModules\A.Exit]",
        '"PublishCertFlags"=dword:00000001',
        "",
    )
    held = registry()
    data = b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le")
    assert held.import_reg(regfile.decode(data)) == Imported(5, 0, 0)
    assert held.strings("CACertPublicationURLs") == ["1:x", "2:y"]
    assert held.listed("ExitModules", "Active") == ["A.Exit"]
    assert held.read(r"ExitModules\A.Exit", "PublishCertFlags") == 1
    security = held.read("", "Security")
    assert isinstance(security, bytes)
    assert len(security) == 25
    assert ROOT in {path for path, _, _ in held.dump()}


def test_values_are_told_with_the_spelling_they_were_written_in() -> None:
    """Names, values and keys below a key."""
    held = registry()
    held.write(r"ExitModules\Zulu.Exit\SMTP", "SMTPServer", "mail")
    held.write(r"exitmodules\Alpha.Exit", "Mask", 1)
    held.write(r"EXITMODULES\alpha.exit", "MASK", 2)
    assert held.keys("ExitModules") == ["Alpha.Exit", "Zulu.Exit"]
    assert held.keys(r"ExitModules\Zulu.Exit") == ["SMTP"]
    assert held.values(r"ExitModules\ALPHA.Exit") == {"Mask": 2}
    assert held.names(r"ExitModules\Zulu.Exit\smtp") == ["SMTPServer"]
    assert held.keys("")[:2] == ["ExitModules", "PolicyModules"]


def test_values_and_keys_can_be_taken_away_once() -> None:
    """A second time there is nothing of the kind, which is 0x80070002 and names what is missing."""
    held = registry()
    held.write(r"ExitModules\A.Exit\SMTP", "Port", 25)
    held.write(r"ExitModules\A.Exit", "Mask", 1)
    held.delete_value(r"exitmodules\a.exit", "MASK")
    assert held.names(r"ExitModules\A.Exit") == []
    with pytest.raises(certsim.ComError, match="value Mask") as caught:
        held.delete_value(r"ExitModules\A.Exit", "Mask")
    assert caught.value.hresult == signed(ERROR_FILE_NOT_FOUND)
    held.delete_key("exitmodules")
    assert held.read(r"ExitModules\A.Exit\SMTP", "Port") is None
    with pytest.raises(certsim.ComError, match="key ExitModules"):
        held.delete_key("ExitModules")


def test_the_ca_s_own_key_stays() -> None:
    """To delete everything at once is refused."""
    held = registry()
    with refused(E_INVALIDARG):
        held.delete_key("")
    assert held.text("ValidityPeriod") == "Years"


@pytest.mark.parametrize("key", ["\\", "a\\", "\\a", "a\\\\b", "a\nb", "x" * 256, "half\ud800"])
def test_names_that_no_key_can_have_are_refused(key: str) -> None:
    """Parts of a path have 1 to 255 characters that print."""
    with refused(E_INVALIDARG):
        registry().write(key, "x", 1)


@pytest.mark.parametrize("name", ["a\0b", "two\nlines", "\x7f", "x" * 16_384, "half\udfff"])
def test_names_that_no_value_can_have_are_refused(name: str) -> None:
    """The name of a value has up to 16,383 characters that print; the empty one is a name."""
    held = registry()
    with refused(E_INVALIDARG):
        held.write("Key", name, 1)
    held.write("Key", "x" * 16_383, 1)
    held.write("Key", "", 2)
    assert list(held.values("Key").values()) == [1, 2]


def test_classes_are_written_down_away_from_the_ca_s_own_key() -> None:
    """A class is found by its ProgID in any case, forgotten once, and seen by no path below."""
    held = registry()
    assert held.registered_class("My.Exit") is None
    held.register_class("My.Exit", "package.module:Class")
    held.register_class("MY.EXIT", "path/to/file.py:Class")
    assert held.registered_class("my.exit") == "path/to/file.py:Class"
    assert content(held)[0] == (
        r"SOFTWARE\Classes\My.Exit\PythonCOM",
        "",
        "path/to/file.py:Class",
    )
    assert held.keys("") == ["PolicyModules"]
    for _ in range(2):
        held.unregister_class("My.Exit")
        assert held.registered_class("My.Exit") is None


@pytest.mark.parametrize("progid", ["", "a\\b", "a\nb", None])
def test_a_progid_is_the_name_of_a_key(progid: Any) -> None:
    """Anything else is E_INVALIDARG and cannot reach another key."""
    with refused(E_INVALIDARG):
        registry().register_class(progid, "a:B")
