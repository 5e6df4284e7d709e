"""A CA in a folder: what is in it, who may read it, and that it comes back as it was."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from cryptography import x509

from certsim import CertificationAuthority, CertSimError
from certsim.registry import StoredRegistry
from tests.codes import (
    E_ACCESSDENIED,
    E_INVALIDARG,
    ERROR_ALREADY_EXISTS,
    ERROR_FILE_NOT_FOUND,
    ERROR_INVALID_DATA,
    ERROR_PATH_NOT_FOUND,
    ERROR_WRITE_PROTECT,
    NTE_BAD_KEYSET,
    NTE_DECRYPTION_FAILURE,
    NTE_SILENT_CONTEXT,
    refused,
)
from tests.conftest import Recorder
from tests.folder.folder_kit import make, module_file, output, reopen
from tests.marks import needs_openssl
from tests.requests_kit import make_csr

posix = pytest.mark.skipif(os.name == "nt", reason="modes of files are POSIX")


def test_a_new_folder_holds_what_a_ca_consists_of(tmp_path: Path) -> None:
    """Registry, database, key, certificate and the published folder are there, and no more."""
    make(tmp_path / "ca")
    found = {str(path.relative_to(tmp_path / "ca")) for path in (tmp_path / "ca").rglob("*")}
    assert found == {
        "registry.reg",
        "registry.lock",
        "database.sqlite",
        "keys",
        "keys/0.pem",
        "certificates",
        "certificates/0.cer",
        "CertEnroll",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["ca"]


@posix
def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Whatever the umask, nobody else may read a key or look into its folder."""
    before = os.umask(0)
    try:
        ca = make(tmp_path / "ca")
        with ca:
            ca.renew(new_key=True)
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "ca/keys").iterdir()}
    assert modes == {"0.pem": 0o600, "1.pem": 0o600}
    assert (tmp_path / "ca/keys").stat().st_mode & 0o077 == 0
    assert (tmp_path / "ca/registry.reg").stat().st_mode & 0o077 == 0


@needs_openssl
def test_openssl_finds_the_key_to_be_the_certificates(tmp_path: Path) -> None:
    """The public halves are the same, as another program reads them."""
    make(tmp_path / "ca")
    of_key = output("openssl", "pkey", "-in", tmp_path / "ca/keys/0.pem", "-pubout")
    certificate = tmp_path / "ca/certificates/0.cer"
    of_cer = output("openssl", "x509", "-inform", "DER", "-in", certificate, "-pubkey", "-noout")
    assert of_key == of_cer


@needs_openssl
def test_a_passphrase_encrypts_every_key(tmp_path: Path) -> None:
    """Neither the first key nor that of a renewal stands in the folder in plain."""
    with make(tmp_path / "ca", passphrase=b"correct horse") as ca:
        ca.renew(new_key=True)
    for name in ("0.pem", "1.pem"):
        path = tmp_path / "ca/keys" / name
        assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        opened = output("openssl", "pkey", "-in", path, "-passin", "pass:correct horse", "-noout")
        assert opened == ""


@pytest.mark.parametrize(
    ("passphrase", "code", "words"),
    [
        (None, NTE_SILENT_CONTEXT, "is encrypted; give its passphrase"),
        (b"wrong", NTE_DECRYPTION_FAILURE, "does not open with this passphrase"),
    ],
)
def test_a_start_needs_the_passphrase(
    tmp_path: Path, passphrase: bytes | None, code: int, words: str
) -> None:
    """Without the right one the CA can be looked at, and is not started."""
    make(tmp_path / "ca", passphrase=b"right")
    ca = reopen(tmp_path / "ca", passphrase=passphrase)
    assert ca.certificate.subject.rfc4514_string() == "CN=Test CA"
    with refused(code, words):
        ca.start()
    with reopen(tmp_path / "ca", passphrase=b"right", lock_timeout=0) as running:
        assert running.submit(make_csr()).certificate is not None


def test_a_passphrase_is_in_no_representation(tmp_path: Path) -> None:
    """Neither the CA nor its parts show it to whoever prints them."""
    ca = make(tmp_path / "ca", passphrase=b"correct horse")
    assert "correct horse" not in repr(ca.__dict__) + repr(vars(ca._state.home))


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_key_that_is_missing_or_damaged_keeps_the_ca_from_starting(
    tmp_path: Path, content: bytes | None
) -> None:
    """The message names the file, and nothing of what is in it."""
    ca = make(tmp_path / "ca")
    key = tmp_path / "ca/keys/0.pem"
    key.unlink()
    if content is not None:
        key.write_bytes(content)
    with refused(NTE_BAD_KEYSET, str(key)):
        reopen(tmp_path / "ca").start()
    assert not ca.running


def test_the_key_of_another_ca_is_refused(tmp_path: Path) -> None:
    """A key that does not belong to the certificate would sign what nobody can verify."""
    make(tmp_path / "ca", seed=1)
    make(tmp_path / "other", seed=2)
    (tmp_path / "other/keys/0.pem").replace(tmp_path / "ca/keys/0.pem")
    with refused(NTE_BAD_KEYSET, "is not the key of its certificate"):
        reopen(tmp_path / "ca").start()


@pytest.mark.parametrize("content", [b"", b"certificate"])
def test_a_damaged_certificate_is_told_with_its_file(tmp_path: Path, content: bytes) -> None:
    """It names the file, when the CA is opened."""
    make(tmp_path / "ca")
    path = tmp_path / "ca/certificates/0.cer"
    path.write_bytes(content)
    with refused(ERROR_INVALID_DATA, str(path)):
        reopen(tmp_path / "ca")
    path.unlink()
    with refused(ERROR_FILE_NOT_FOUND, str(path)):
        reopen(tmp_path / "ca")


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    """No CA is made where a file is, nor over another CA; an empty folder will do."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").write_text("mine")
    (tmp_path / "empty").mkdir()
    for name in ("file", "full"):
        with refused(ERROR_ALREADY_EXISTS, "is there already and not empty"):
            make(tmp_path / name)
    make(tmp_path / "empty")
    with refused(ERROR_ALREADY_EXISTS, "is there already"):
        make(tmp_path / "empty")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "full", "empty"}
    assert (tmp_path / "full/mine").read_text() == "mine"


@pytest.mark.parametrize(
    "options",
    [
        {"exit_modules": ["no.such:Module"]},
        {"policy_module": "no.such:Module"},
        {"config": {"": 1}},
    ],
)
def test_a_ca_that_cannot_be_finished_leaves_no_folder(
    tmp_path: Path, options: dict[str, object]
) -> None:
    """Whoever mends the mistake can say the same command again."""
    with pytest.raises(CertSimError):
        make(tmp_path / "ca", **options)
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_no_ca_none_is_opened(tmp_path: Path) -> None:
    """Neither in an empty folder nor where nothing is."""
    for path in (tmp_path, tmp_path / "nowhere"):
        with refused(ERROR_PATH_NOT_FOUND, "certsim init"):
            reopen(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "option",
    [{"passphrase": b""}, {"passphrase": "text"}, {"synchronous": "OFF"}, {"lock_timeout": -1}],
)
def test_an_option_that_cannot_be_is_refused(tmp_path: Path, option: dict[str, object]) -> None:
    """It is told at once, before anything is written."""
    with refused(E_INVALIDARG):
        make(tmp_path / "ca", **option)
    assert list(tmp_path.iterdir()) == []


def test_a_ca_comes_back_as_it_was(tmp_path: Path, recorder: Recorder) -> None:
    """Rows, views, configuration, journal and event log outlive the object, and go on."""
    with make(tmp_path / "ca", exit_modules=[recorder]) as before:
        first = before.submit(make_csr("one.example.test"), attributes="A:b")
        before.revoke(first.serial_number, 1)
        before.publish_crls()
        before.set_config(r"ca\CRLPeriodUnits", 3)
    told = [str(entry) for entry in before.journal]
    after = reopen(tmp_path / "ca")
    assert [str(entry) for entry in after.journal] == told
    assert after.event_log == before.event_log
    assert list(after.view("request")) == list(before.view("request"))
    assert list(after.view("crl")) == list(before.view("crl"))
    assert after.get_config(r"ca\CRLPeriodUnits") == 3
    assert after.certificate == before.certificate
    assert after.crl() == before.crl()
    with after:
        second = after.submit(make_csr("two.example.test"))
        assert second.request_id == first.request_id + 1
        assert after.retrieve(first.request_id).raw_certificate == first.raw_certificate
        numbers = [crl.number for crl in after.publish_crls()]
    assert numbers == [2, 2]


def test_ids_of_deleted_rows_are_not_used_again(tmp_path: Path) -> None:
    """Neither a request's nor a CRL's, not even that of the last one."""
    with make(tmp_path / "ca") as ca:
        last = [ca.submit(make_csr()).request_id for _ in range(3)][-1]
        ca.publish_crls()
        ca.delete_rows(row_id=last)
        assert ca.delete_rows("crl", row_id=2) == 1
    with reopen(tmp_path / "ca") as ca:
        assert ca.submit(make_csr()).request_id == last + 1
        assert [crl.number for crl in ca.publish_crls()] == [2, 2]
        assert [row["CRLRowId"] for row in ca.view("crl")] == [1, 3, 4]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_stopped_ca_holds_nothing_open(tmp_path: Path) -> None:
    """Neither the lock nor the database, before, between and after runs, and after each look."""

    def held() -> list[str]:
        files = Path("/proc/self/fd").iterdir()
        return [str(link.resolve()) for link in files if str(tmp_path) in str(link.resolve())]

    ca = make(tmp_path / "ca")
    assert held() == []
    for _ in range(2):
        with ca:
            ca.submit(make_csr())
            assert held() != []
        assert held() == []
    list(ca.view())
    assert ca.journal
    ca.set_config(r"ca\KRAFlags", 1)
    assert held() == []


def test_a_ca_that_was_opened_for_reading_is_looked_at_alone(tmp_path: Path) -> None:
    """It shows what a running CA commits, and neither starts nor writes."""
    running, looking = make(tmp_path / "ca"), reopen(tmp_path / "ca", read_only=True)
    with running:
        outcome = running.submit(make_csr())
        assert [row["SerialNumber"] for row in looking.view()] == [outcome.serial_number]
        running.publish_crls()
        assert looking.crl() == running.crl()
        assert looking.journal[:-1] == running.journal  # the last one is the look at the view
        running.renew(new_key=True)
        assert looking.certificate == running.certificate
    with refused(E_ACCESSDENIED, "for reading alone"):
        looking.start()
    with refused(ERROR_WRITE_PROTECT, "for reading alone"):
        looking.set_config(r"ca\KRAFlags", 1)
    assert not looking.running


@pytest.mark.skipif(
    os.name == "nt" or (hasattr(os, "geteuid") and os.geteuid() == 0),
    reason="root may write anywhere",
)
def test_a_folder_that_cannot_be_written_can_be_read(tmp_path: Path) -> None:
    """Everything is shown, and a start says what stands in the way."""
    with make(tmp_path / "ca") as ca:
        outcome = ca.submit(make_csr())
    (tmp_path / "ca").chmod(0o500)
    try:
        looking = reopen(tmp_path / "ca", read_only=True)
        assert [row["SerialNumber"] for row in looking.view()] == [outcome.serial_number]
        with refused(E_ACCESSDENIED, str(tmp_path / "ca")):
            reopen(tmp_path / "ca").start()
    finally:
        (tmp_path / "ca").chmod(0o700)


def test_a_folder_may_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is published goes to the folder's CertEnroll, wherever both are and whoever looks."""
    make(tmp_path / "ca")
    (tmp_path / "ca").rename(tmp_path / "moved")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with reopen(tmp_path / "moved") as ca:
        published = ca.publish_crls()
    assert [crl.status for crl in published] == [0, 0]
    files = {path.name for path in (tmp_path / "moved/CertEnroll").iterdir()}
    assert files == {"Test CA.crl", "Test CA+.crl", "ca.certsim.test_Test CA.crt"}
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_relative_path_counts_from_the_folder_it_is_opened_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that changes its folder meanwhile does not lose its CA."""
    monkeypatch.chdir(tmp_path)
    ca = make(Path("ca"))
    monkeypatch.chdir("/")
    with ca:
        assert ca.submit(make_csr()).certificate is not None


def test_a_subordinate_needs_its_issuer_for_a_renewal(tmp_path: Path) -> None:
    """Without it the certificate would sign itself; with it the chain is as before."""
    make(tmp_path / "root")
    root = reopen(tmp_path / "root")
    make(tmp_path / "sub", issuer=root, seed=3)
    with reopen(tmp_path / "sub") as ca, refused(E_INVALIDARG, "say which it is, as its issuer"):
        ca.renew()
    with reopen(tmp_path / "sub", issuer=reopen(tmp_path / "root")) as ca:
        ca.renew(new_key=True)
        first, second = ca.certificates
    for certificate in (first, second):
        certificate.verify_directly_issued_by(root.certificate)
    again = reopen(tmp_path / "sub")
    assert again.certificates == (first, second)
    assert isinstance(again.certificate, x509.Certificate)


def test_a_renewal_that_ends_before_its_certificate_changes_nothing(tmp_path: Path) -> None:
    """A key without a certificate is no key of the CA, and gives way to the next renewal's."""
    with make(tmp_path / "ca") as ca:
        old = ca.certificates
    (tmp_path / "ca/keys/1.pem").write_text("what a renewal left behind")
    (tmp_path / "ca/keys/.1.pem.certsim-77-88").write_text("what it did not finish")
    with reopen(tmp_path / "ca") as ca:
        assert ca.certificates == old
        ca.renew(new_key=True)
    with reopen(tmp_path / "ca") as ca:
        assert len(ca.certificates) == 2
        outcome = ca.submit(make_csr())
    assert {path.name for path in (tmp_path / "ca/keys").iterdir()} == {"0.pem", "1.pem"}
    assert outcome.certificate is not None
    outcome.certificate.verify_directly_issued_by(ca.certificate)


def test_a_kind_of_ca_that_cannot_be_is_told(tmp_path: Path) -> None:
    """A registry that was edited by hand may say anything."""
    ca = make(tmp_path / "ca")
    for name, value in (("CAType", 77), ("CAType", "root"), ("CommonName", ""), ("CommonName", 5)):
        with refused(E_INVALIDARG, "is of the CA's making"):
            ca.set_config(rf"ca\{name}", value)
        registry = StoredRegistry.open(tmp_path / "ca/registry.reg")
        before = registry.read("", name)
        assert before is not None
        registry.write("", name, value)
        with refused(ERROR_INVALID_DATA, str(tmp_path / "ca/registry.reg")):
            reopen(tmp_path / "ca")
        registry.write("", name, before)
    assert reopen(tmp_path / "ca").name == "Test CA"


def test_a_ca_does_not_take_another_name(tmp_path: Path) -> None:
    """Its certificate says who it is; a registry that says otherwise is not believed."""
    make(tmp_path / "ca")
    StoredRegistry.open(tmp_path / "ca/registry.reg").write("", "CommonName", "Evil CA")
    with refused(ERROR_INVALID_DATA, "0.cer is no certificate of this CA"):
        reopen(tmp_path / "ca")


def test_a_name_that_no_key_can_have_makes_no_folder(tmp_path: Path) -> None:
    """A name of 64 characters may be five times as long once it is sanitized."""
    with refused(E_INVALIDARG, "choose a shorter one"):
        CertificationAuthority.create(tmp_path / "ca", "漢" * 52)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_stays_the_folder_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stands in it goes on standing there, and its mode is as it was."""
    (tmp_path / "ca").mkdir(mode=0o700)
    inode = (tmp_path / "ca").stat().st_ino
    monkeypatch.chdir(tmp_path / "ca")
    ca = make(Path())
    assert ((tmp_path / "ca").stat().st_ino, Path.cwd()) == (inode, tmp_path / "ca")
    assert (tmp_path / "ca").stat().st_mode & 0o777 == 0o700
    with ca:
        assert ca.submit(make_csr()).certificate is not None


def test_a_text_that_is_plugged_in_already_is_the_same_module(tmp_path: Path) -> None:
    """A script may name its module each time it opens the folder."""
    spec = module_file(tmp_path)
    make(tmp_path / "ca", exit_modules=[spec])
    names = [reopen(tmp_path / "ca", exit_modules=[spec]).exit_modules for _ in range(2)]
    assert names == [("CertificateAuthority_MicrosoftDefault.Exit", "Hearing.Exit")] * 2


def test_a_wrong_active_policy_can_be_mended(tmp_path: Path) -> None:
    """Nobody needs to know the policy module to set another value, this one among them."""
    ca = make(tmp_path / "ca")
    ca.set_config(r"PolicyModules\Active", 5)
    assert ca.get_config(r"ca\ClockSkewMinutes") == 10
    with refused(E_INVALIDARG):
        ca.start()
    ca.install_policy_module(None, "CertificateAuthority_MicrosoftDefault.Policy")
    with ca:
        assert ca.running


def test_a_wrong_configuration_can_be_mended(tmp_path: Path) -> None:
    """The CA opens, does not start, and starts once the value is right."""
    make(tmp_path / "ca").set_config(r"ca\ValidityPeriod", "Fortnights")
    ca = reopen(tmp_path / "ca")
    with refused(E_INVALIDARG, "Fortnights"):
        ca.start()
    ca.set_config(r"ca\ValidityPeriod", "Years")
    with ca:
        assert ca.running


def test_open_is_for_the_class_and_its_children(tmp_path: Path) -> None:
    """A subclass gets an object of its own."""

    class Mine(CertificationAuthority):
        """Be one's own CA."""

    assert isinstance(Mine.create(tmp_path / "ca"), Mine)
    assert isinstance(Mine.open(tmp_path / "ca"), Mine)
