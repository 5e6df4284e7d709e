"""The tour plays what its titles say, with requests that are real."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certsim import Sources
from certsim.cli import script, tour

Run = Callable[..., Any]
Write = Callable[..., str]

RECORDER = """
    import certsim

    class Mine(Whole):
        def Notify(self, event, context):
            number = 0
            if context:
                server = certsim.CCertServerExit()
                server.SetContext(context)
                number = server.GetCertificateProperty("RequestID", 1)
            print("HEARD", event, number)
"""


def heard(out: str) -> list[tuple[int, ...]]:
    """Return the pairs of event and request that the recorder printed."""
    return [tuple(map(int, pair)) for pair in re.findall(r"^HEARD (\d+) (\d+)$", out, re.MULTILINE)]


def requests(tmp_path: Path, *encodings: Encoding) -> list[str]:
    """Write a request in each encoding and return the options that hand them in."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "given.example.test")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    options = []
    for number, encoding in enumerate(encodings):
        path = tmp_path / f"{number}.csr"
        path.write_bytes(made.public_bytes(encoding))
        options += ["--request", str(path)]
    return options


def test_modules_hear_the_life_cycle(run: Run, write: Write) -> None:
    """Every event comes in the order of the titles; those about no request have context 0."""
    ran = run("run", write(RECORDER))
    assert heard(ran.out) == [
        (0x01, 1),
        (0x02, 2),
        (0x01, 2),
        (0x10, 2),
        (0x02, 3),
        (0x04, 3),
        (0x04, 4),
        (0x04, 5),
        (0x08, 2),
        (0x08, 2),
        (0x20, 0),
        (0x01, 6),
        (0x08, 6),
        (0x20, 0),
        (0x08, 6),
        (0x20, 0),
        (0x20, 0),
        (0x200, 7),
        (0x200, 8),
        (0x20, 0),
        (0x40, 0),
    ]


def test_a_seed_moves_the_clock_on(run: Run, write: Write) -> None:
    """With a seed a week passes before the end, and the timer's run is one more CRLISSUED."""
    spec = write(RECORDER)
    still, moved = run("run", spec), run("run", "--seed", "1", spec)
    assert "    answer   nothing was due\n" in still.out
    assert heard(moved.out) == [*heard(still.out)[:-1], (0x20, 0), (0x40, 0)]
    assert re.findall(r"service  (\S+) .* (started|stopped)", moved.out) == [
        ("2026-01-01", "started"),
        ("2026-01-08", "stopped"),
    ]


def test_titles_fit_on_a_row() -> None:
    """A title is one sentence on a row of its own, number included, and no two are alike."""
    titles = [step.title for step in script.script([])]
    assert len(set(titles)) == len(titles)
    assert [title for title in titles if len(title) > 98 - len("99. ")] == []
    assert [title for title in titles if title[-1] != "." or ". " in title] == []


def test_given_requests_stand_in_for_the_first_one(run: Run, write: Write, tmp_path: Path) -> None:
    """Each --request is a step of its own before the rest of the tour, PEM and DER alike."""
    given = requests(tmp_path, Encoding.PEM, Encoding.DER)
    ran = run("run", *given, write(RECORDER))
    assert heard(ran.out)[:4] == [(0x01, 1), (0x01, 2), (0x02, 3), (0x01, 3)]
    assert " 1. A client submits " in " ".join(ran.out.split())  # a long path begins a new line
    assert "asks for a web server certificate; policy issues it at once" not in ran.out


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "0x80093102 CRYPT_E_ASN1_EOD"), (b"no request\n", "0x8009310B CRYPT_E_ASN1_BADTAG")],
    ids=["empty", "garbage"],
)
def test_a_given_request_that_is_none_is_answered_by_the_ca(
    content: bytes, code: str, run: Run, write: Write, tmp_path: Path
) -> None:
    """What can be read is submitted: the CA's answer is what the user wants to see."""
    path = tmp_path / "given.csr"
    path.write_bytes(content)
    ran = run("run", "--request", str(path), write(RECORDER))
    assert (ran.status, heard(ran.out)[0]) == (0, (0x04, 1))
    assert f"    answer   ERROR {code}" in ran.out
    assert heard(ran.out)[1:-1] == heard(run("run", write(RECORDER)).out)[1:-1]


def test_made_request_is_a_web_servers() -> None:
    """The request verifies, names its host, and asks for server authentication."""
    made = x509.load_der_x509_csr(tour.make_request("a.example.test", Sources.system()))
    assert made.is_signature_valid
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.example.test"]
    usage = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_made_requests_repeat_with_their_sources() -> None:
    """One seed gives one request; the next one from the same sources has another key."""
    sources = Sources.seeded(9)
    first, second = (tour.make_request("a.example.test", sources) for _ in range(2))
    assert tour.make_request("a.example.test", Sources.seeded(9)) == first
    assert first != second


def test_titles_come_before_what_modules_print(run: Run, write: Write) -> None:
    """A module's words stand below the title of the step they belong to, above its details."""
    lines = run("run", write(RECORDER)).out.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(" 1. "))
    assert lines[first + 1] == "HEARD 1 1"
    assert lines[first + 2].startswith("    call     submit request 1 by ")


def test_reads_and_failures_follow_the_event_they_belong_to(run: Run, write: Write) -> None:
    """A read that failed shows its code; the failure it led to stands below it."""
    ran = run(
        "run",
        write("""
            import certsim

            class Mine(Whole):
                def Initialize(self, config): return 0x02
                def Notify(self, event, context):
                    server = certsim.CCertServerExit()
                    server.SetContext(context)
                    server.GetCertificateProperty("SerialNumber", 4)
        """),
    )
    lines = ran.out.splitlines()
    event = lines.index("    heard    CERTPENDING by Mine.Exit")
    assert lines[event + 1] == (
        '      read     GetCertificateProperty("SerialNumber") ='
        " 0x80094004 CERTSRV_E_PROPERTY_EMPTY"
    )
    assert lines[event + 2].startswith("    FAILED   event 46: whole: Notify for request 2 failed")


def test_reads_are_written_as_calls(run: Run, write: Write) -> None:
    """Arguments have quotation marks; a call that gives nothing has no equals sign."""
    ran = run(
        "run",
        write("""
            import certsim

            class Mine(Whole):
                def Initialize(self, config): return 0x02
                def Notify(self, event, context):
                    server = certsim.CCertServerExit()
                    server.SetContext(context)
                    server.EnumerateAttributesSetup(0)
                    while name := server.EnumerateAttributes():
                        server.GetRequestAttribute(name)
        """),
    )
    assert re.findall("^ +read +(.*)$", ran.out, re.MULTILINE)[:4] == [
        "EnumerateAttributesSetup()",
        "EnumerateAttributes() = Disposition",
        'GetRequestAttribute("Disposition") = Pending',
        "EnumerateAttributes()",
    ]


def test_an_event_nobody_asked_for_is_told(run: Run, write: Write) -> None:
    """A module that hears nothing can see what it has missed."""
    ran = run("run", write("class Mine(Whole):\n  def Initialize(self, c): return 0"))
    assert ran.out.count("    heard    by nobody: no module asked for this event\n") == 20
    assert "    Mine.Exit: heard 0 events, 0 failures\n" in ran.out


def test_policy_reads_are_left_out(run: Run, write: Write) -> None:
    """The tour is about exit modules; a silent one leaves no read on the timeline."""
    assert " read " not in run("run", write("Mine = Whole")).out


def test_own_lines_fit_a_hundred_columns(run: Run, write: Write) -> None:
    """The timeline's own lines are wrapped."""
    lines = run("run", write(RECORDER), write(RECORDER)).out.splitlines()
    assert max(map(len, lines)) <= 98
