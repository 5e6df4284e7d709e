"""Revocations, CRLs, imports and the renewal, as the tour tells them and as modules see them.

The judge of a list is `cryptography`, which reads it and checks its signature.
"""

import io
import json
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certsim import CertificationAuthority, Sources
from certsim.cli import document, timeline, tour
from certsim.cli.tour import Scene

Run = Callable[..., Any]
Write = Callable[..., str]

EVIL = "x\n99. FORGED\r\n    answer   ISSUED\x1b[2J\x9b31m\u202e"
RECORDER = """
    import certsim
    from certsim import PropType

    class Mine(Whole):
        def Notify(self, event, context):
            server = certsim.CCertServerExit()
            server.SetContext(context)
            if event == certsim.ExitEvent.CERTREVOKED:
                print("REASON", server.GetRequestProperty("RevokedReason", PropType.LONG))
            if event == certsim.ExitEvent.CERTIMPORTED:
                raw = server.GetCertificateProperty("RawCertificate", PropType.BINARY)
                print("IMPORTED", raw.hex())
"""
WALKER = """
    import certsim
    from certsim import PropType

    class Mine(Whole):
        def Initialize(self, config):
            return certsim.ExitEvent.CRLISSUED

        def Notify(self, event, context):
            server = certsim.Dispatch("CertificateAuthority.ServerExit")
            server.SetContext(context)
            count = server.GetCertificateProperty("CertCount", PropType.LONG)
            print("WALK", context, count)
            for i in range(count):
                if server.GetCertificateProperty(f"CRLState.{i}", PropType.LONG) != 3:
                    continue
                for name in ("RawCRL", "RawDeltaCRL"):
                    crl = server.GetCertificateProperty(f"{name}.{i}", PropType.BINARY)
                    print("CRL", crl.hex())
"""
Crl = x509.CertificateRevocationList


@pytest.fixture
def told(run: Run, write: Write) -> dict[str, Any]:
    """Return the document of a seeded tour."""
    ran = run("run", "--json", "--seed", "4", write("Mine = Whole"))
    assert (ran.status, ran.err) == (0, "")
    return json.loads(ran.out)


def answers(told: dict[str, Any], key: str) -> list[Any]:
    """Return the answers of one kind, in order."""
    return [
        step["answer"][key] for step in told["steps"] if step["answer"] and key in step["answer"]
    ]


def extension(crl: Crl, kind: type[Any]) -> Any:
    """Return the value of a list's extension, or `None`."""
    return next((found.value for found in crl.extensions if isinstance(found.value, kind)), None)


def parsed(told: dict[str, Any]) -> list[list[tuple[dict[str, Any], Crl]]]:
    """Return for each run its lists, each as told and as read."""
    return [
        [(one, x509.load_pem_x509_crl(one["crl"].encode())) for one in lists]
        for lists in answers(told, "crls")
    ]


def test_no_step_of_the_tour_is_refused(told: dict[str, Any]) -> None:
    """The script asks for what is possible only."""
    assert [step["title"] for step in told["steps"] if step["error"]] == []


def test_small_answers_are_told(told: dict[str, Any]) -> None:
    """Validity before and after the release, the ids of both imports, and the deleted row."""
    assert answers(told, "validity") == ["REVOKED", "VALID"]
    assert answers(told, "request_id") == [7, 8]
    assert answers(told, "deleted") == [1]


def test_an_answer_has_one_kind_and_no_outcome_beside_it(told: dict[str, Any]) -> None:
    """Programs tell answers apart by their one key."""
    answered = [step for step in told["steps"] if step["answer"]]
    assert {tuple(step["answer"]) for step in answered} == {
        ("validity",),
        ("crls",),
        ("deleted",),
        ("request_id",),
    }
    assert [step["title"] for step in answered if step["outcome"]] == []


def test_runs_have_the_lists_that_were_asked_for(told: dict[str, Any]) -> None:
    """One number for each run, none for the list written again; after the renewal two keys."""
    both = ["BASE", "DELTA"]
    runs = [
        [(one["kind"], one["key_index"], one["number"]) for one in lists]
        for lists in answers(told, "crls")
    ]
    assert runs == [
        [("BASE", 0, 1), ("DELTA", 0, 1)],
        [("DELTA", 0, 2)],
        [("DELTA", 0, 3)],
        [("BASE", 0, 1), ("DELTA", 0, 3)],
        [(kind, key, 4) for key in (0, 1) for kind in both],
        [(kind, key, 5) for key in (0, 1) for kind in both],
    ]


def test_a_list_has_the_keys_on_record(told: dict[str, Any]) -> None:
    """The keys of a list and of its entries are an interface."""
    lists = [one for lists in answers(told, "crls") for one in lists]
    assert {tuple(one) for one in lists} == {
        (
            *("kind", "key_index", "number", "status", "hresult"),
            *("locations", "entries", "crl"),
        )
    }
    assert {tuple(entry) for one in lists for entry in one["entries"]} == {
        ("serial_number", "reason")
    }
    # A CA as delivered names no file that this machine has.
    assert {(one["status"], one["hresult"], *one["locations"]) for one in lists} == {(0, None)}


def test_lists_verify_and_are_what_is_told_of_them(told: dict[str, Any]) -> None:
    """Signature, number, kind and entries are read off the PEM."""
    keys = [
        x509.load_pem_x509_certificate(pem.encode()).public_key()
        for pem in told["ca"]["certificates"]
    ]
    for one, crl in (pair for lists in parsed(told) for pair in lists):
        assert crl.is_signature_valid(keys[one["key_index"]])
        assert extension(crl, x509.CRLNumber).crl_number == one["number"]
        assert (extension(crl, x509.DeltaCRLIndicator) is not None) == (one["kind"] == "DELTA")
        assert [(int(entry["serial_number"], 16), entry["reason"]) for entry in one["entries"]] == [
            (
                entry.serial_number,
                entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value,
            )
            for entry in crl
        ]


def test_lists_tell_hold_and_release(told: dict[str, Any]) -> None:
    """Superseded stays; the hold is on one delta, its end on the next, and then on none."""
    shop, play = (
        next(
            step["outcome"]["serial_number"]
            for step in told["steps"]
            if step["outcome"] and step["outcome"]["request_id"] == request_id
            if step["outcome"]["serial_number"]
        )
        for request_id in (2, 6)
    )
    of_first_key = [
        {entry["serial_number"]: entry["reason"] for entry in one["entries"]}
        for lists in answers(told, "crls")
        for one in lists
        if one["key_index"] == 0
    ]
    superseded = {shop: "superseded"}
    assert of_first_key == [
        *(superseded, superseded),
        superseded | {play: "certificateHold"},
        superseded | {play: "removeFromCRL"},
        *(superseded, superseded | {play: "removeFromCRL"}),
        *4 * [superseded],
    ]


def test_the_clock_of_a_seed_is_a_week_on_for_the_last_run(told: dict[str, Any]) -> None:
    """The timer's lists begin a week after those before them."""
    *_, before, last = ([crl.last_update_utc for _, crl in lists] for lists in parsed(told))
    assert {(after - earlier).days for earlier, after in zip(before, last, strict=True)} == {7}


def test_without_a_seed_nothing_is_due_at_the_end(run: Run, write: Write) -> None:
    """A machine's clock does not move, and an empty run is an empty list."""
    told = json.loads(run("run", "--json", write("Mine = Whole")).out)
    assert answers(told, "crls")[-1] == []


def test_an_entry_without_a_reason_is_unspecified() -> None:
    """Reason 0 is not written into a list, and has a word all the same."""
    with CertificationAuthority(sources=Sources.seeded(1)) as ca:
        issued = ca.submit(tour.make_request("a.example.test", Sources.seeded(2)))
        ca.revoke(str(issued.serial_number))
        (base,) = ca.publish_crls(delta=False)
    assert tour.entries(base) == [(issued.serial_number, "unspecified")]


def test_modules_read_reasons_and_imported_certificates(run: Run, write: Write) -> None:
    """A change of the reason, a hold and its end are told; imports show what was taken in."""
    ran = run("run", "--seed", "4", write(RECORDER))
    assert re.findall(r"^REASON (.*)$", ran.out, re.MULTILINE) == ["1", "4", "6", "-1"]
    lost, foreign = (
        x509.load_der_x509_certificate(bytes.fromhex(raw))
        for raw in re.findall(r"^IMPORTED (\w+)$", ran.out, re.MULTILINE)
    )
    (handed_out,) = re.findall(r"request 6.*?serial number (\w+)", ran.out, re.DOTALL)
    assert lost.serial_number == int(handed_out, 16)
    assert foreign.subject == foreign.issuer != lost.issuer


def test_a_module_walks_the_lists_when_it_hears_of_them(run: Run, write: Write) -> None:
    """CertCount, CRLState.i, RawCRL.i and RawDeltaCRL.i lead to the newest lists of each key."""
    spec = write(WALKER)
    told = json.loads(run("run", "--json", "--seed", "4", spec).out)
    ran = run("run", "--seed", "4", spec)
    walks = [
        re.findall(r"^CRL (\w+)$", walk, re.MULTILINE) for walk in ran.out.split("\nWALK 0 ")[1:]
    ]
    newest: dict[tuple[int, str], str] = {}
    expected = []
    for lists in parsed(told):
        for one, crl in lists:
            newest[one["key_index"], one["kind"]] = crl.public_bytes(Encoding.DER).hex()
        expected.append([newest[place] for place in sorted(newest)])
    assert walks == expected
    assert re.findall(r"^WALK 0 (\d)$", ran.out, re.MULTILINE) == ["1", "1", "1", "1", "2", "2"]


def test_what_a_walker_reads_stands_below_the_event(run: Run, write: Write) -> None:
    """Names with an index are told as they were asked for, long values by their length."""
    lines = run("run", "--seed", "4", write(WALKER)).out.splitlines()
    event = lines.index("    heard    CRLISSUED by Mine.Exit")
    assert lines[event + 1 : event + 3] == [
        '      read     GetCertificateProperty("CertCount") = 1',
        '      read     GetCertificateProperty("CRLState.0") = 3',
    ]
    assert re.fullmatch(
        r' {6}read {5}GetCertificateProperty\("RawCRL\.0"\) = \d+ bytes', lines[event + 3]
    )


def test_timeline_tells_lists_and_their_entries(run: Run, write: Write) -> None:
    """Each list has a line when it is published, and one with its entries in the answer."""
    out = run("run", "--seed", "4", write("Mine = Whole")).out
    step = out.partition("\n16. ")[2].partition("\n\n")[0]
    entries = re.findall(r"^ {6}entry {4}(\w{20}) (\w+)$", step, re.MULTILINE)
    assert [reason for _, reason in entries] == ["certificateHold", "superseded"]
    kept = [line for line in step.splitlines()[1:] if " entry " not in line]
    assert kept == [
        r"    call     publish_crls by CERTSIM\administrator",
        "    crl      2026-01-01 12:00:00 delta CRL 2 of key 0 published, entries: 2",
        "    heard    CRLISSUED by Whole.Exit",
        "    answer   DELTA CRL 2 of key 0",
    ]


def test_timeline_tells_the_small_answers(run: Run, write: Write) -> None:
    """A validity is its name, an import the id of its row, a deletion a number of rows."""
    out = run("run", write("Mine = Whole")).out
    told = re.findall("^    answer   (.*)$", out, re.MULTILINE)
    assert [text for text in told if re.match("(?!.* CRL |.*\\().*", text)] == [
        "REVOKED",
        "VALID",
        "1 row deleted",
        "request 7",
        "request 8",
        "nothing was due",
    ]
    assert "    row      request 6 ISSUED -> deleted\n" in out
    assert "    row      request 8 new -> FOREIGN, fires CERTIMPORTED\n" in out


def test_a_call_about_no_request_names_none(run: Run, write: Write) -> None:
    """Only verbs about a request have one in their line."""
    assert "request None" not in run("run", write("Mine = Whole")).out


@pytest.fixture
def misplaced(tmp_path: Path) -> CertificationAuthority:
    """Return a stopped CA that is to put its CRLs where no folder is."""
    return CertificationAuthority(
        sources=Sources.seeded(1),
        config={r"ca\CRLPublicationURLs": [f"1:{tmp_path}/missing/a.crl", f"1:{tmp_path}/b.crl"]},
    )


def played(ca: CertificationAuthority) -> Scene:
    """Return the scene of a base CRL's publication."""
    step = tour.Step("A base CRL is published.", lambda stage: stage.ca.publish_crls(delta=False))
    with ca:
        return tour.play(step, tour.Stage(ca, Sources.seeded(1)))


def test_a_place_that_fails_is_told_and_fails_no_module(
    misplaced: CertificationAuthority, tmp_path: Path
) -> None:
    """The CA's own entry in the event log is told, but the exit status is about modules."""
    scene = played(misplaced)
    told = json.loads(document.compose(misplaced, [], [scene]))
    (one,) = told["steps"][0]["answer"]["crls"]
    code = {"status": -2147024893, "hresult": "0x80070003 ERROR_PATH_NOT_FOUND"}
    assert {key: one[key] for key in code} == code
    assert one["locations"] == [
        {"place": f"{tmp_path}/missing/a.crl", **code},
        {"place": f"{tmp_path}/b.crl", "status": 0, "hresult": None},
    ]
    assert [entry["event_id"] for entry in told["event_log"]] == [65]
    assert told["failed"] is False


def test_a_place_that_fails_stands_on_the_timeline(
    misplaced: CertificationAuthority, tmp_path: Path
) -> None:
    """The failure has its line, and the answer names each place."""
    out = io.StringIO()
    with redirect_stdout(out):
        timeline.tell_scene(played(misplaced))
    text = " ".join(out.getvalue().split())
    assert "FAILED event 65: Certificate Services: PublishCRLs failed with 0x80070003" in text
    assert (
        f"answer BASE CRL 1 of key 0; {tmp_path}/missing/a.crl:"
        f" 0x80070003 ERROR_PATH_NOT_FOUND; {tmp_path}/b.crl"
    ) in text


def test_a_place_cannot_forge_a_line() -> None:
    """Places come from the configuration, and are escaped like all that is foreign."""
    ca = CertificationAuthority(config={r"ca\CRLPublicationURLs": [f"1:none:{EVIL}"]})
    out = io.StringIO()
    with redirect_stdout(out):
        timeline.tell_scene(played(ca))
    lines = out.getvalue().removesuffix("\n").split("\n")
    assert all(line.isprintable() for line in lines)
    assert [line[4:13].strip() for line in lines if not line.startswith(" " * 15)] == [
        "call",
        "FAILED",
        "crl",
        "heard",
        "answer",
    ]
