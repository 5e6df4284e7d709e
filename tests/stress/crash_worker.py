"""A process that uses a CA until it is killed: `python crash_worker.py FOLDER SEED`.

Each verb that was answered is noted in `answered.jsonl` beside the folder, by one write to a file
that is never buffered, so that a line stands there if and only if the answer had come.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

import certsim

EXIT_MODULE = '''\
import os
from pathlib import Path

import certsim

LOG = os.open(Path(__file__).with_name("heard.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)


class Hearing:
    """Note every event with the request it is about, one unbuffered line each."""

    def Initialize(self, strConfig):
        return 0x3FF & ~certsim.ExitEvent.SHUTDOWN

    def Notify(self, event, context):
        server = certsim.Dispatch("CertificateAuthority.ServerExit")
        server.SetContext(context)
        about = server.GetRequestProperty("RequestID", certsim.PropType.LONG) if context else 0
        os.write(LOG, f"{int(event)} {about}\\n".encode())

    def GetDescription(self):
        return "Notes what it hears"
'''


def request(number: int) -> bytes:
    """Return a request for a name that no other has."""
    key = ec.derive_private_key(number % 50 + 1, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"www{number}.example.test")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def use(ca: certsim.CertificationAuthority, chance: random.Random) -> dict[str, object]:
    """Call one verb and return what it answered."""
    match chance.choice(("submit", "submit", "pend", "revoke", "publish", "decide")):
        case "submit":
            outcome = ca.submit(request(chance.getrandbits(32)))
        case "pend":
            outcome = ca.submit(request(chance.getrandbits(32)), attributes="Disposition:Pending")
        case "decide":
            waiting = [row["RequestID"] for row in ca.view("queue", columns=["RequestID"])]
            if not waiting:
                return {}
            outcome = ca.resubmit(chance.choice(waiting))
        case "revoke":
            where = [("Request.Disposition", "=", 20)]
            issued = [row["SerialNumber"] for row in ca.view(columns=["SerialNumber"], where=where)]
            if not issued:
                return {}
            serial = chance.choice(issued)
            ca.revoke(serial, 1)
            return {"verb": "revoke", "serial": serial}
        case "publish":
            return {"verb": "publish", "number": ca.publish_crls()[0].number}
    return {
        "verb": "submit",
        "id": outcome.request_id,
        "disposition": int(outcome.disposition),
        "serial": outcome.serial_number,
    }


def main(folder: Path, seed: int) -> None:
    """Use the CA for ever."""
    chance = random.Random(seed)  # noqa: S311  (it chooses verbs)
    log = os.open(folder.with_name("answered.jsonl"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with certsim.CertificationAuthority.open(folder, journal_limit=10**6) as ca:
        for _ in itertools.count():
            answer = use(ca, chance)
            if answer:
                os.write(log, (json.dumps(answer) + "\n").encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
