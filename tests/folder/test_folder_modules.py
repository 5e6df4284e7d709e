"""Modules of a CA in a folder: installed by name, lent as objects, removed and put back."""

from __future__ import annotations

from pathlib import Path

import pytest

from certsim import ModuleLoadError, Verdict
from tests.codes import CO_E_CLASSSTRING, ISSUED, ON_ISSUED, ON_SHUTDOWN, signed
from tests.conftest import Recorder
from tests.engine.engine_kit import always
from tests.folder.folder_kit import heard, make, module_file, output, reopen
from tests.marks import needs_openssl
from tests.requests_kit import make_csr

DEFAULT = "CertificateAuthority_MicrosoftDefault.Exit"


def test_a_new_folder_has_the_default_modules(tmp_path: Path) -> None:
    """Both are Microsoft's by name, and certsim's by class."""
    ca = make(tmp_path / "ca")
    assert ca.exit_modules == (DEFAULT,)
    assert ca.policy_module == "CertificateAuthority_MicrosoftDefault.Policy"
    assert ca.module_class(DEFAULT) == "certsim.exits.default:Default"
    assert ca.get_config(r"exit\PublishCertFlags") == 0


def test_an_installed_module_is_there_when_the_folder_is_opened_again(tmp_path: Path) -> None:
    """It hears what happens in a process that never named it."""
    make(tmp_path / "ca").install_exit_module(module_file(tmp_path))
    with reopen(tmp_path / "ca") as ca:
        assert ca.exit_modules == (DEFAULT, "Hearing.Exit")
        ca.submit(make_csr())
    assert heard(tmp_path) == [f"Hearing {ON_ISSUED}", f"Hearing {ON_SHUTDOWN}"]


def test_an_installed_module_counts_from_the_next_start(tmp_path: Path) -> None:
    """A running CA goes on with the modules it was started with."""
    with make(tmp_path / "ca") as ca:
        ca.install_exit_module(module_file(tmp_path))
        ca.submit(make_csr())
    assert heard(tmp_path) == []
    with ca:
        pass
    assert heard(tmp_path) == [f"Hearing {ON_SHUTDOWN}"]


def test_a_module_gets_the_name_it_is_installed_under(tmp_path: Path) -> None:
    """The order is that of the installations, and a name that is active is a new class's."""
    ca = make(tmp_path / "ca")
    spec = module_file(tmp_path)
    assert ca.install_exit_module(spec, "One.Exit") == "One.Exit"
    assert ca.install_exit_module(spec, "Two.Exit") == "Two.Exit"
    other = module_file(tmp_path, "Other")
    assert ca.install_exit_module(other, "One.Exit") == "One.Exit"
    assert ca.exit_modules == (DEFAULT, "One.Exit", "Two.Exit")
    with reopen(tmp_path / "ca"):
        pass
    assert heard(tmp_path) == [f"Hearing {ON_SHUTDOWN}"]
    assert heard(tmp_path, "Other") == [f"Other {ON_SHUTDOWN}"]


def test_modules_of_one_event_hear_it_in_the_order_of_active(tmp_path: Path) -> None:
    """Several are active at once, and the journal tells in which order they were called."""
    ca = make(tmp_path / "ca")
    for name in ("C.Exit", "A.Exit", "B.Exit"):
        ca.install_exit_module(module_file(tmp_path), name)
    with ca:
        ca.submit(make_csr())
    told = [str(entry).split(" ")[0] for entry in ca.journal if "heard CERTISSUED" in str(entry)]
    assert told == [DEFAULT, "C.Exit", "A.Exit", "B.Exit"]


@pytest.mark.parametrize("name", ["", "Mine", "Mine.Policy", "a\\b.Exit", "a b.Exit", "Über.Exit"])
def test_a_name_that_is_no_progid_of_an_exit_module_is_refused(tmp_path: Path, name: str) -> None:
    """Nothing is installed then, and nothing registered."""
    ca = make(tmp_path / "ca")
    with pytest.raises(ModuleLoadError, match=r"to end in \.Exit"):
        ca.install_exit_module(module_file(tmp_path), name)
    assert ca.exit_modules == (DEFAULT,)
    assert "hearing_module" not in (tmp_path / "ca/registry.reg").read_text()


def test_a_module_that_does_not_load_is_not_installed(tmp_path: Path) -> None:
    """The message says what is wrong, and the folder is as it was."""
    ca = make(tmp_path / "ca")
    with pytest.raises(ModuleLoadError, match="there is no file"):
        ca.install_exit_module(f"{tmp_path / 'nowhere.py'}:Module", "Mine.Exit")
    assert ca.exit_modules == (DEFAULT,)
    assert ca.module_class("Mine.Exit") == ""


def test_the_default_module_is_removed_and_put_back(tmp_path: Path) -> None:
    """It goes by its name alone, for its class stays registered."""
    ca = make(tmp_path / "ca")
    ca.install_exit_module(module_file(tmp_path), "Mine.Exit")
    ca.remove_exit_module(DEFAULT.upper())
    assert reopen(tmp_path / "ca").exit_modules == ("Mine.Exit",)
    assert reopen(tmp_path / "ca").install_exit_module(None, DEFAULT) == DEFAULT
    assert reopen(tmp_path / "ca").exit_modules == ("Mine.Exit", DEFAULT)


def test_a_name_without_a_registered_class_cannot_be_put_back(tmp_path: Path) -> None:
    """Whoever asks is told what to say instead."""
    with pytest.raises(ModuleLoadError, match=r"no class is registered for 'My\.Exit'"):
        make(tmp_path / "ca").install_exit_module(None, "My.Exit")


def test_a_lent_object_is_called_and_written_down_nowhere(
    tmp_path: Path, recorder: Recorder
) -> None:
    """It is there for the CA object it was handed to, behind what is installed."""
    ca = make(tmp_path / "ca", exit_modules=[recorder])
    assert ca.exit_modules == (DEFAULT, "Recorder.Exit")
    with ca:
        ca.submit(make_csr())
    assert recorder.events == [ON_ISSUED, ON_SHUTDOWN]
    assert reopen(tmp_path / "ca").exit_modules == (DEFAULT,)
    assert "Recorder" not in (tmp_path / "ca/registry.reg").read_text()
    ca.remove_exit_module("recorder.exit")
    assert ca.exit_modules == (DEFAULT,)


def test_a_module_that_has_gone_is_left_out_and_logged(tmp_path: Path) -> None:
    """The CA runs, as a Windows CA does; the event log has the file's name."""
    ca = make(tmp_path / "ca")
    ca.install_exit_module(module_file(tmp_path))
    (tmp_path / "hearing_module.py").unlink()
    with ca:
        assert ca.submit(make_csr()).certificate is not None
    (entry,) = ca.event_log
    assert (entry.event_id, entry.progid) == (46, "Hearing.Exit")
    assert entry.hresult == signed(CO_E_CLASSSTRING)
    assert "hearing_module.py" in entry.text


def test_a_class_that_nobody_registered_is_left_out_and_logged(tmp_path: Path) -> None:
    """A name written into Active by hand is no module yet."""
    ca = make(tmp_path / "ca")
    ca.set_config(r"ExitModules\Active", ["Ghost.Exit"])
    with ca:
        pass
    (entry,) = ca.event_log
    assert (entry.event_id, entry.progid) == (46, "Ghost.Exit")


def test_a_policy_module_is_installed_by_name_or_lent(tmp_path: Path) -> None:
    """The name is kept; the object decides as long as the CA object lives."""
    path = tmp_path / "rules.py"
    path.write_text("import certsim\ndef deny(server, context):\n    return certsim.Verdict(2)\n")
    ca = make(tmp_path / "ca", policy_module=f"{path}:deny")
    assert ca.policy_module == "FunctionPolicy.Policy"
    with reopen(tmp_path / "ca") as denying:
        assert denying.submit(make_csr()).certificate is None
    with reopen(tmp_path / "ca", policy_module=always(Verdict.INSTANT_OK)) as issuing:
        assert issuing.submit(make_csr()).certificate is not None
    assert reopen(tmp_path / "ca").policy_module == "FunctionPolicy.Policy"


def test_a_policy_module_that_has_gone_keeps_the_ca_from_starting(tmp_path: Path) -> None:
    """Event 9 tells, and the default one can be put back by its name."""
    path = tmp_path / "rules.py"
    path.write_text("def deny(server, context):\n    return 2\n")
    ca = make(tmp_path / "ca", policy_module=f"{path}:deny")
    path.unlink()
    with pytest.raises(ModuleLoadError, match=r"rules\.py"):
        ca.start()
    assert [entry.event_id for entry in reopen(tmp_path / "ca").event_log] == [9]
    ca.install_policy_module(None, "CertificateAuthority_MicrosoftDefault.Policy")
    with reopen(tmp_path / "ca") as mended:
        mended.submit(make_csr())
        assert [row["Request.Disposition"] for row in mended.view()] == [ISSUED]


def test_a_relative_path_of_a_module_is_kept_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next process may run in another folder."""
    module_file(tmp_path)
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "ca").install_exit_module("hearing_module.py:Hearing")
    monkeypatch.chdir("/")
    with reopen(tmp_path / "ca"):
        pass
    assert heard(tmp_path) == [f"Hearing {ON_SHUTDOWN}"]


@needs_openssl
def test_the_default_module_publishes_where_the_folder_has_it(tmp_path: Path) -> None:
    """With EXITPUB_FILE a request that asks for a file gets one in CertEnroll."""
    ca = make(tmp_path / "ca", config={r"exit\PublishCertFlags": 1})
    with ca:
        outcome = ca.submit(make_csr(), attributes="CertFile:true")
    assert ca.event_log == ()
    path = tmp_path / "ca/CertEnroll" / f"{outcome.request_id}.cer"
    printed = output("openssl", "x509", "-inform", "DER", "-in", path, "-noout", "-serial").strip()
    assert printed.lower() == f"serial={outcome.serial_number}"


@pytest.mark.parametrize("read_only", [True, False])
def test_looking_runs_no_code_of_the_folder(tmp_path: Path, csr: bytes, *, read_only: bool) -> None:
    """Whoever opens somebody else's folder and does not start it imports no module it names."""
    module = tmp_path / "loud.py"
    module.write_text(
        "from pathlib import Path\n\nPath(__file__).with_suffix('.ran').touch()\n\n\n"
        "from hearing_module import Hearing as Loud\n"
    )
    module_file(tmp_path)
    with make(tmp_path / "ca", exit_modules=[f"{module}:Loud"]) as ca:
        ca.submit(csr)
        ca.publish_crls()
    (tmp_path / "loud.ran").unlink()
    looking = reopen(tmp_path / "ca", read_only=read_only)
    assert len(list(looking.view())) == 1
    assert looking.journal
    assert looking.crl().is_signature_valid(looking.certificate.public_key())
    assert looking.exit_modules == (DEFAULT, "Hearing.Exit")
    assert looking.module_class("Hearing.Exit") == f"{module}:Loud"
    assert looking.export_config()
    assert not (tmp_path / "loud.ran").exists()
