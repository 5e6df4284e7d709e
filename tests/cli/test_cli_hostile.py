"""Nothing that comes with a request or from a module can forge a line or steer a terminal."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from certsim._engine.journal import EventLogEntry
from certsim.cli import timeline
from certsim.cli.tour import Scene

Run = Callable[..., Any]
Write = Callable[..., str]

EVIL = "x\n99. FORGED\r\n    answer   ISSUED\x1b[2J\x9b31m\u202e"


def assert_plain(text: str) -> None:
    """Check that a text has no control character but its own line ends, and no forged line."""
    assert [char for char in text if not char.isprintable() and char != "\n"] == []
    assert not any(line.startswith("99.") for line in text.splitlines())
    assert text.count("\n    answer   ") == 25


@pytest.fixture
def evil_request(tmp_path: Path) -> str:
    """Return the path of a request whose common name tries to forge lines."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, EVIL)])
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(name)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    path = tmp_path / "evil.csr"
    path.write_bytes(request.public_bytes(Encoding.PEM))
    return str(path)


READER = """
    import certsim

    class Mine(Whole):
        def Initialize(self, config):
            return certsim.ExitEvent.CERTISSUED

        def Notify(self, event, context):
            server = certsim.CCertServerExit()
            server.SetContext(context)
            server.GetRequestProperty("CommonName", certsim.PropType.STRING)
"""


def test_values_of_a_request_are_escaped(run: Run, write: Write, evil_request: str) -> None:
    """A name with line ends and escape sequences is read back with each of them spelled out."""
    ran = run("run", "--request", evil_request, write(READER))
    assert ran.status == 0
    assert_plain(ran.out)
    assert r"x\n99. FORGED\r\n" in ran.out
    assert r"\x1b[2J\x9b31m\u202e" in ran.out


def test_words_of_a_module_are_escaped(run: Run, write: Write) -> None:
    """Descriptions and error texts come from a module, and are escaped like the rest."""
    ran = run(
        "run",
        write(f"""
            EVIL = {EVIL!r}

            class Mine(Whole):
                def Notify(self, event, context): raise RuntimeError(EVIL)
                def GetDescription(self): return EVIL
        """),
    )
    assert ran.status == 1
    assert_plain(ran.out)


def test_a_hostile_progid_is_refused(run: Run, write: Write) -> None:
    """A ProgID names a registry key and stands in every line, so it has to be plain."""
    ran = run("run", write(f"class Mine(Whole):\n  _reg_progid_ = {EVIL + '.Exit'!r}"))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert "\x1b" not in ran.err


def test_names_on_the_command_line_are_escaped(run: Run, write: Write, evil_request: str) -> None:
    """A CA's name and a file's name may come from a script that took them from elsewhere."""
    spec = write("Mine = Whole")
    ran = run("run", "--name", EVIL, "--request", evil_request, spec)
    assert_plain(ran.out)
    refused = run("run", "--request", EVIL, spec)
    assert refused.err.count("\n") == 1
    assert "\x1b" not in refused.err


def test_hostile_values_keep_the_document_whole(run: Run, write: Write, evil_request: str) -> None:
    """JSON has its own escapes: the values come back as they were."""
    ran = run("run", "--json", "--name", EVIL, "--request", evil_request, write(READER))
    assert json.loads(ran.out)["ca"]["name"] == EVIL
    assert ran.out.isascii()


def test_output_keeps_to_what_its_encoding_can_say(spawn: Run, write: Write) -> None:
    """On an ASCII terminal other letters become escapes, and nothing fails."""
    ran = spawn(
        "run",
        "--name",
        "J\xfcrgens CA",
        write(READER),
        env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[0].endswith(r"a guided tour of J\xfcrgens CA")


def test_a_policys_name_hides_no_failure(run: Run, write: Write) -> None:
    """A policy module's reads are left out; a module that only sounds like one is not."""
    ran = run(
        "run",
        write("""
            class Mine(Whole):
                def Notify(self, event, context): raise RuntimeError("seen")
                def GetDescription(self): return "Sly.Policy"
        """),
    )
    assert ran.out.count("    FAILED   event 45: Sly.Policy: Notify") == 21


@given(st.text("ab .\x1b", min_size=60, max_size=300))
def test_a_wrapped_name_cannot_stand_where_lines_begin(name: str) -> None:
    """Names of CAs and files go on further in than any label, whatever blanks they have."""
    out = io.StringIO()
    with redirect_stdout(out):
        timeline.tell_beginning(name)
        timeline.tell_title(1, name)
    rows = [row for row in out.getvalue().split("\n") if row]
    begins = [row for row in rows if not row.startswith(" " * 8)]
    assert [row[:3] for row in begins] == ["cer", "A s", " 1."]


@given(st.text(max_size=400), st.text(max_size=80))
def test_any_failure_is_one_entry_of_the_timeline(text: str, module: str) -> None:
    """Whatever a failure says, its first row has the label and every other row is indented."""
    when = datetime(2026, 1, 1, tzinfo=UTC)
    entry = EventLogEntry(when, 45, "Mine.Exit", module, "Notify", -2147467259, text, 7)
    out = io.StringIO()
    with redirect_stdout(out):
        timeline.tell_scene(Scene("title", None, None, (entry,)))
    first, *others = out.getvalue().removesuffix("\n").split("\n")
    assert first.startswith("    FAILED   event 45:")
    assert all(row.startswith(" " * 15) and row[15:].isprintable() for row in others)
