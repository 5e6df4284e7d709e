"""The JSON document is whole, valid and says what the timeline says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

Run = Callable[..., Any]
Write = Callable[..., str]

EXAMPLES = Path(__file__).parents[2] / "examples"
HELLO = f"{EXAMPLES / 'hello_exit.py'}:HelloExit"
FAILING = f"{EXAMPLES / 'failing_exit.py'}:FailingExit"


@pytest.fixture
def told(run: Run) -> dict[str, Any]:
    """Return the document of a tour with a module that succeeds and one that fails."""
    ran = run("run", "--json", "--seed", "3", "--name", "J\xfcrgens CA", HELLO, FAILING)
    assert ran.status == 1
    return json.loads(ran.out)


def test_document_has_the_keys_on_record(told: dict[str, Any]) -> None:
    """The keys are an interface: programs read them."""
    assert list(told) == ["certsim", "ca", "modules", "steps", "event_log", "failed"]
    assert {tuple(step) for step in told["steps"]} == {
        ("title", "outcome", "answer", "error", "journal")
    }
    outcomes = [step["outcome"] for step in told["steps"] if step["outcome"]]
    assert {tuple(outcome) for outcome in outcomes} == {
        (
            "request_id",
            "disposition",
            "status",
            "hresult",
            "message",
            "serial_number",
            "certificate",
        )
    }


def test_document_counts_for_each_module(told: dict[str, Any]) -> None:
    """Modules come in their order, each with what it heard and how often it failed."""
    assert told["modules"] == [
        {"spec": HELLO, "progid": "HelloExit.Exit", "loaded": True, "heard": 22, "failures": 0},
        {"spec": FAILING, "progid": "FailingExit.Exit", "loaded": True, "heard": 8, "failures": 6},
    ]
    assert told["failed"] is True
    assert [entry["event_id"] for entry in told["event_log"]] == [46, 46, 45, 45, 45, 46]


def test_outcomes_tell_the_life_cycle(told: dict[str, Any]) -> None:
    """The tour issues, pends, issues, hands out, pends, refuses, fails and issues once more."""
    ends = [
        (step["outcome"]["request_id"], step["outcome"]["disposition"], step["outcome"]["hresult"])
        for step in told["steps"]
        if step["outcome"]
    ]
    assert ends == [
        (1, "ISSUED", None),
        (2, "UNDER_SUBMISSION", None),
        (2, "UNDER_SUBMISSION", None),
        (2, "ISSUED", None),
        (2, "ISSUED", None),
        (3, "UNDER_SUBMISSION", None),
        (4, "DENIED", "0x80094014 CERTSRV_E_ADMIN_DENIED_REQUEST"),
        (5, "ERROR", "0x80090006 NTE_BAD_SIGNATURE"),
        (6, "ISSUED", None),
    ]


def test_certificates_in_the_document_verify(told: dict[str, Any]) -> None:
    """What is handed out was signed by the CA's first key, since the second came afterwards."""
    certificates = told["ca"]["certificates"]
    assert told["ca"]["certificate"] == certificates[-1]
    ca, renewed = (x509.load_pem_x509_certificate(pem.encode()) for pem in certificates)
    assert ca.public_key() != renewed.public_key()
    assert told["ca"]["name"] == "J\xfcrgens CA"
    for step in told["steps"]:
        if step["outcome"] and step["outcome"]["certificate"]:
            issued = x509.load_pem_x509_certificate(step["outcome"]["certificate"].encode())
            issued.verify_directly_issued_by(ca)
            assert issued.serial_number == int(step["outcome"]["serial_number"], 16)


def test_same_seed_same_bytes(spawn: Run) -> None:
    """A seed repeats the whole document; another seed does not."""
    first, second, other = (
        spawn("run", "--json", "--seed", seed, HELLO).out for seed in ("5", "5", "6")
    )
    assert first == second
    assert first != other


def test_module_that_prints_does_not_spoil_the_document(run: Run, write: Write) -> None:
    """What a module prints, from its import on, goes to standard error."""
    ran = run(
        "run",
        "--json",
        write("""
            print("while imported")

            class Mine(Whole):
                def __init__(self): print("while made")
                def Initialize(self, config): print("in Initialize"); return 0x3FF
                def Notify(self, event, context): print("in Notify", event)
        """),
    )
    assert json.loads(ran.out)["failed"] is False
    assert ran.err.splitlines()[:3] == ["while imported", "while made", "in Initialize"]
    assert [line for line in ran.err.splitlines() if line.startswith("in Notify")] == [
        f"in Notify {event}"
        for event in (
            *(1, 2, 1, 16, 2, 4, 4, 4),  # requests
            *(8, 8, 32, 1, 8, 32, 8, 32, 32),  # revocations and CRLs
            *(512, 512, 32, 64),  # imports, the CRLs of two keys, the end
        )
    ]


def test_a_module_that_stays_out_is_counted_as_failed(run: Run, write: Write) -> None:
    """A failed Initialize is one failure of a module that was not loaded."""
    spec = write("class Mine(Whole):\n  def Initialize(self, c): return 'all'")
    ran = run("run", "--json", spec)
    assert ran.status == 1
    assert json.loads(ran.out)["modules"] == [
        {"spec": spec, "progid": "Mine.Exit", "loaded": False, "heard": 0, "failures": 1}
    ]


def test_a_verb_that_raises_is_an_error_of_its_step(run: Run, tmp_path: Path) -> None:
    """A request over the size limit makes no row; the step has an error and the tour goes on."""
    path = tmp_path / "large.der"
    path.write_bytes(b"\x30" + bytes(65_536))
    ran = run("run", "--json", "--request", str(path), HELLO)
    steps = json.loads(ran.out)["steps"]
    assert steps[1]["outcome"] is None
    assert steps[1]["error"]["hresult"] == "0x80070057 E_INVALIDARG"
    assert steps[2]["outcome"]["request_id"] == 1
