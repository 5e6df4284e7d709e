"""A base CRL of many entries, beside `openssl ca -gencrl` and `cryptography`'s builder.

What is revoked is there when the clock starts: certsim has rows with an encoded entry, as each
revocation leaves them; the builder has numbers, dates and reasons, or else a list of finished
entries, given to it whole since adding one by one copies the list each time. openssl has a text
file, and its start counts. All sign with P-256.

Each contestant runs in a process of its own, so that its peak of memory is its own, and the
processes take turns. Megabytes are those above what was taken before: certsim's rows and the
builder's finished entries do not count, openssl's do, since it reads its file only then. Needs the
openssl program and a POSIX system. Sizes may be given as arguments.
"""

from __future__ import annotations

import gc
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import certsim
from certsim._engine import crls
from certsim.database.rows import Row, Value

SIZES = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = 3
NOW = datetime.now(UTC).replace(microsecond=0)
YEAR = timedelta(days=365)
REASONS = ((0, ""), (1, "keyCompromise"), (4, "superseded"), (5, "cessationOfOperation"))
"""What entries tell in turn, in RFC 5280's numbers and openssl's words; the first tells nothing."""

T = TypeVar("T")


class Revoked(NamedTuple):
    """Be one revoked certificate with a number of ten bytes and a moment of its own."""

    number: int
    moment: datetime
    reason: int
    word: str


def revoked(size: int) -> Iterator[Revoked]:
    """Make up *size* revoked certificates."""
    for n in range(size):
        yield Revoked(
            0x61 << 72 | n, NOW - timedelta(seconds=size - n + 60), *REASONS[n % len(REASONS)]
        )


class Measured(NamedTuple):
    """Hold what one process took."""

    seconds: float
    megabytes: float


def measure(
    size: int,
    work: Callable[[], T],
    load: Callable[[T], x509.CertificateRevocationList],
    who: int = resource.RUSAGE_SELF,
) -> Measured:
    """Do *work* often enough to be timed, and look whether its list has *size* entries.

    Memory is looked at after the first time, since a CA keeps every list it has published. *who*
    is this process or its children.
    """
    gc.collect()
    gc.disable()
    before, peak, times = megabytes(who), 0.0, []
    for _ in range(max(1, 20_000 // size)):
        started = time.perf_counter()
        made = work()
        times.append(time.perf_counter() - started)
        peak = peak or megabytes(who)
    if len(load(made)) != size:
        raise ValueError("entries are missing")
    return Measured(statistics.median(times), peak - before)


def megabytes(who: int) -> float:
    """Return the most memory ever taken."""
    return resource.getrusage(who).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def with_certsim(size: int) -> Measured:
    """Measure `publish_crls` on rows in memory."""
    with certsim.CertificationAuthority("Benchmark CA") as ca:
        for request_id, one in enumerate(revoked(size), 1):
            serial = f"{one.number:020x}"
            columns: dict[str, Value] = {
                "SerialNumber": serial,
                "IssuerNameID": 0,
                "NotAfter": NOW + YEAR,
                "Request.Disposition": 21,
                "Request.RevokedReason": one.reason,
                "Request.RevokedWhen": one.moment,
                "Request.RevokedEffectiveWhen": one.moment,
            }
            entry = crls.entry(serial, one.moment, one.reason)
            ca._state.shelf.commit(Row(request_id, columns, crl_entry=entry))
        return measure(
            size,
            lambda: ca.publish_crls(delta=False),
            lambda lists: x509.load_der_x509_crl(lists[0].raw),
        )


def with_openssl(size: int) -> Measured:
    """Measure `openssl ca -gencrl` on an index of its own kind."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def openssl(command: str) -> None:
            subprocess.run(
                ["openssl", *command.split()], cwd=folder, check=True, stderr=subprocess.DEVNULL
            )

        with (folder / "index.txt").open("w") as index:
            for one in revoked(size):
                why = f"{one.moment:%y%m%d%H%M%SZ},{one.word}".rstrip(",")
                index.write(f"R\t491231235959Z\t{why}\t{one.number:X}\tunknown\t/CN=www\n")
        (folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=here\n[here]\ndatabase=index.txt\ncrlnumber=number\n"
            "default_md=sha256\ndefault_crl_days=7\ncrl_extensions=more\n"
            "[more]\nauthorityKeyIdentifier=keyid\n"
        )
        (folder / "number").write_text("01\n")
        openssl("ecparam -genkey -name prime256v1 -noout -out key.pem")
        openssl("req -new -x509 -key key.pem -subj /CN=Benchmark -days 10 -out ca.pem")
        return measure(
            size,
            lambda: openssl("ca -gencrl -config ca.cnf -keyfile key.pem -cert ca.pem -out list"),
            lambda _: x509.load_pem_x509_crl((folder / "list").read_bytes()),
            resource.RUSAGE_CHILDREN,
        )


def finished(one: Revoked) -> x509.RevokedCertificate:
    """Return an entry as the builder takes it."""
    builder = x509.RevokedCertificateBuilder(one.number, one.moment.replace(tzinfo=None))
    if one.word:
        reason = x509.CRLReason(x509.ReasonFlags(one.word))
        builder = builder.add_extension(reason, critical=False)
    return builder.build()


def signed(entries: list[x509.RevokedCertificate], key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a list of these entries, made by the builder."""
    builder = x509.CertificateRevocationListBuilder(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Benchmark CA")]),
        NOW.replace(tzinfo=None),
        (NOW + YEAR).replace(tzinfo=None),
        revoked_certificates=entries,
    )
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    builder = builder.add_extension(identifier, critical=False)
    builder = builder.add_extension(x509.CRLNumber(1), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def with_builder(size: int) -> Measured:
    """Measure the builder, its entries finished beforehand."""
    key = ec.generate_private_key(ec.SECP256R1())
    entries = [finished(one) for one in revoked(size)]
    return measure(size, lambda: signed(entries, key), x509.load_der_x509_crl)


def with_builder_and_entries(size: int) -> Measured:
    """Measure the builder and the making of its entries."""
    key = ec.generate_private_key(ec.SECP256R1())
    rows = list(revoked(size))
    return measure(
        size, lambda: signed([finished(one) for one in rows], key), x509.load_der_x509_crl
    )


FLOOR = "openssl ca -gencrl"
CONTESTANTS: dict[str, Callable[[int], Measured]] = {
    "certsim publish_crls": with_certsim,
    FLOOR: with_openssl,
    "builder, entries at hand": with_builder,
    "builder, entries to be made": with_builder_and_entries,
}
AIMS = {"certsim publish_crls": "aim at a million 0.20 and 250 MB"}


def run(name: str, size: int) -> Measured:
    """Let one contestant run in a fresh process."""
    command = [sys.executable, __file__, name, str(size)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return Measured(*map(float, done.stdout.split()))


def main(sizes: tuple[int, ...]) -> None:
    """Measure in turns; print ratios to openssl, and how the time of one entry grows."""
    grown: dict[str, list[str]] = {name: [] for name in CONTESTANTS}
    for size in sizes:
        rounds = [{name: run(name, size) for name in CONTESTANTS} for _ in range(ROUNDS)]
        print(f"{size:,} revoked certificates")
        for name in CONTESTANTS:
            ratio = statistics.median(done[name].seconds / done[FLOOR].seconds for done in rounds)
            middle = statistics.median(done[name].seconds for done in rounds)
            peak = max(done[name].megabytes for done in rounds)
            print(
                f"  {name:28} {middle:9.4f} s   ratio {ratio:6.3f}   {peak:6.0f} MB"
                f"   {AIMS.get(name, '')}"
            )
            grown[name].append(f"{middle / size * 1e6:8.2f}")
    print(f"microseconds for one entry of {', '.join(f'{size:,}' for size in sizes)}")
    for name, figures in grown.items():
        print(f"  {name:28} {' '.join(figures)}")


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in CONTESTANTS:
        print(*CONTESTANTS[sys.argv[1]](int(sys.argv[2])))
    else:
        main(tuple(map(int, sys.argv[1:])) or SIZES)
