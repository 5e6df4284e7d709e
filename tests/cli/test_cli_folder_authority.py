"""A CA of one's own: made in a folder, its certificate fetched, renewed, below another."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.cli.folder_kit import Home, openssl

Run = Callable[..., Any]
Write = Callable[..., str]


def test_a_new_ca_says_loudly_that_it_is_none_to_trust(run: Run, tmp_path: Path) -> None:
    """So does its help; and keys without a passphrase are told of."""
    ran = run("init", str(tmp_path / "CA"))
    assert (ran.status, ran.err) == (0, "")
    assert "NO CA TO TRUST" in ran.out
    assert "not encrypted" in ran.out
    assert "NO CA TO TRUST" in run("init", "--help").out


def test_a_new_folder_has_what_it_should(home: Home) -> None:
    """The names are promised; keys are for their owner alone."""
    names = {path.relative_to(home.folder).as_posix() for path in home.folder.rglob("*")}
    assert names >= {
        "registry.reg",
        "database.sqlite",
        "keys/0.pem",
        "certificates/0.cer",
        "CertEnroll",
    }
    if sys.platform != "win32":
        assert stat.S_IMODE((home.folder / "keys").stat().st_mode) == 0o700
        assert stat.S_IMODE((home.folder / "keys" / "0.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--key", "P-384", "--name", "Other"), ("id-ecPublicKey", "384 bit", "CN = Other")),
        (("--key", "RSA-2048"), ("rsaEncryption", "2048 bit", "CN = Teaching CA")),
    ],
)
def test_name_and_key_are_the_operators_choice(
    arguments: tuple[str, ...], words: tuple[str, ...], found: Callable[..., Home], tmp_path: Path
) -> None:
    """The certificate that cacert writes is what `openssl` reads."""
    path = tmp_path / "root.cer"
    found(*arguments).lines("cacert", str(path))
    text = openssl("x509", "-inform", "DER", "-in", str(path), "-noout", "-text")
    assert all(word in text for word in words)


def test_host_and_type_are_the_operators_choice_too(
    found: Callable[..., Home], tmp_path: Path
) -> None:
    """The host stands in the URLs of certificates, the type in the registry."""
    home = found("--dns-name", "pki.contoso.test", "--type", "enterprise-root")
    home.submit("www.example.test", "--out", str(tmp_path / "web.cer"))
    text = openssl("x509", "-in", str(tmp_path / "web.cer"), "-noout", "-text")
    assert "http://pki.contoso.test/" in text
    assert "CAType REG_DWORD = 0" in "\n".join(home.lines("getreg", r"ca\CAType"))


def test_settings_and_modules_are_taken_from_the_start(
    found: Callable[..., Home], write: Write
) -> None:
    r"""Numbers are DWORDs, `\n` makes a list, all else is text."""
    home = found(
        "--config",
        r"policy\RequestDisposition=257",
        "--config",
        r"ca\CRLPublicationURLs=65:CertEnroll/%3.crl\n",
        "--config",
        r"exit\Note=a=b",
        "--exit-module",
        write("Mine = Whole"),
    )
    assert home.submit()["disposition"] == "UNDER_SUBMISSION"
    assert [one["name"] for one in home.result("module list")][-1] == "Whole.Exit"
    (published,) = home.result("crl")[0]["locations"]
    assert published["place"] == "CertEnroll/Teaching CA.crl"
    assert "a=b" in "".join(home.lines("getreg", r"exit\Note"))


def test_a_folder_that_is_there_is_left_alone(home: Home) -> None:
    """A second init changes nothing."""
    before = {path: path.read_bytes() for path in home.folder.rglob("*") if path.is_file()}
    failed, told = home.failure("init")
    assert "ERROR_ALREADY_EXISTS" in failed
    assert str(home.folder) in told
    assert {path: path.read_bytes() for path in home.folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("arguments", "symbol"),
    [
        (("--name", " "), "E_INVALIDARG"),
        (("--name", "x" * 65), "CERTSRV_E_BAD_REQUESTSUBJECT"),
        (("--type", "standalone-sub"), "E_INVALIDARG"),
    ],
)
def test_a_ca_that_cannot_be_leaves_no_folder(
    arguments: tuple[str, ...], symbol: str, run: Run, tmp_path: Path
) -> None:
    """What the CA refuses is told with its code."""
    ran = run("init", str(tmp_path / "CA"), *arguments)
    assert ran.status == 1
    assert f"({symbol})" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_module_that_does_not_fit_leaves_no_folder(
    run: Run, write: Write, tmp_path: Path
) -> None:
    """A new CA is whole or not there."""
    ran = run("init", str(tmp_path / "CA"), "--exit-module", write("Other = Whole"))
    assert ran.status == 1
    assert "defines no Mine" in ran.err
    assert not (tmp_path / "CA").exists()


@pytest.mark.parametrize(
    "arguments",
    [("--key", "DSA"), ("--type", "root"), ("--config", "nothing"), ("--config", "=1")],
)
def test_wrong_arguments_are_wrong_usage(
    arguments: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    """Nothing is made."""
    ran = run("init", str(tmp_path / "CA"), *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert not (tmp_path / "CA").exists()


def test_a_subordinate_is_signed_by_the_ca_above(
    home: Home, found: Callable[..., Home], tmp_path: Path
) -> None:
    """The chain of three certificates verifies; nothing happens in the folder above."""
    secret = tmp_path / "secret"
    secret.write_text("correct horse")
    below = found("--issuer", str(home.folder), "--passphrase-file", str(secret), folder="Sub")
    root, sub, end = (tmp_path / name for name in ("root.cer", "sub.cer", "end.cer"))
    home.lines("cacert", str(root))
    below.lines("cacert", str(sub))
    below.submit("www.example.test", "--out", str(end), "--passphrase-file", str(secret))
    for path in (root, sub):
        openssl("x509", "-inform", "DER", "-in", str(path), "-out", str(path.with_suffix(".pem")))
    told = openssl(
        "verify",
        "-CAfile",
        str(root.with_suffix(".pem")),
        "-untrusted",
        str(sub.with_suffix(".pem")),
        str(end),
    )
    assert told.endswith("OK\n")
    assert home.result("view")["rows"] == []


def test_the_keys_above_have_a_passphrase_of_their_own(
    found: Callable[..., Home], run: Run, tmp_path: Path
) -> None:
    """Without it nothing is made."""
    secret = tmp_path / "secret"
    secret.write_text("correct horse")
    above = found("--passphrase-file", str(secret))
    below = str(tmp_path / "Sub")
    arguments = ("init", below, "--issuer", str(above.folder))
    assert run(*arguments).status == 1
    assert not Path(below).exists()
    assert run(*arguments, "--issuer-passphrase-file", str(secret)).status == 0


def test_a_renewal_gives_a_new_certificate_and_a_new_key(home: Home, tmp_path: Path) -> None:
    """Old ones stay by their index; the new key signs both kinds of list from now on."""
    assert home.lines("renew")[0].startswith("CA certificate 1, valid until ")
    assert home.result("renew", "--new-key")["index"] == 2
    keys = []
    for index in ("0", "1", "2"):
        path = tmp_path / f"{index}.cer"
        home.lines("cacert", str(path), index)
        keys.append(x509.load_der_x509_certificate(path.read_bytes()).public_key())
    assert keys[0] == keys[1] != keys[2]
    assert sorted(path.name for path in (home.folder / "keys").iterdir()) == ["0.pem", "2.pem"]
    assert [one["key_index"] for one in home.result("crl") if one["kind"] == "BASE"] == [0, 2]


def test_a_subordinate_is_renewed_by_the_ca_above(
    home: Home, found: Callable[..., Home], tmp_path: Path
) -> None:
    """Without naming it a renewal fails, since nobody else can sign."""
    below = found("--issuer", str(home.folder), folder="Sub")
    below.failure("renew")
    below.lines("renew", "--issuer", str(home.folder))
    root, path = tmp_path / "root.cer", tmp_path / "sub.cer"
    home.lines("cacert", str(root))
    below.lines("cacert", str(path), "1")
    certificate = x509.load_der_x509_certificate(path.read_bytes())
    certificate.verify_directly_issued_by(x509.load_der_x509_certificate(root.read_bytes()))


@pytest.mark.parametrize("index", ["1", "-1"])
def test_a_certificate_that_is_not_there_fails(index: str, home: Home, tmp_path: Path) -> None:
    """The newest is named."""
    failed, told = home.failure("cacert", str(tmp_path / "x.cer"), index)
    assert "E_INVALIDARG" in failed
    assert "the newest is 0" in told


def test_a_certificate_is_written_over_another_by_force(home: Home, tmp_path: Path) -> None:
    """As for every file that is the user's own; and into a folder that is there."""
    path = tmp_path / "root.cer"
    path.write_text("mine")
    assert "ERROR_FILE_EXISTS" in home.failure("cacert", str(path))[0]
    home.lines("cacert", str(path), "-f")
    assert path.read_bytes() == (home.folder / "certificates" / "0.cer").read_bytes()
    nowhere = str(tmp_path / "nowhere" / "root.cer")
    assert "ERROR_PATH_NOT_FOUND" in home.failure("cacert", nowhere)[0]
