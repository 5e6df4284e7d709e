r"""A CA's configuration: a tree of keys and values in the places where Windows keeps them.

`Registry` is the tree of one CA as the CA sees it, from its own key at `Configuration\<sanitized
CA name>` on; `StoredRegistry` is the same, kept in a file. `config=` and certutil-style paths
(`ca\KRAFlags`, `policy\RequestDisposition`, `exit\SMTP\EventFilter`) lead into it by `resolve`. A
module knows only its `ModuleRegistryLocation`, a path below HKEY_LOCAL_MACHINE, and reads its own
key with `open_key`, here and on Windows.

There are four types of value and no others, no access rights and no notice of a change: the engine
takes a snapshot at each start (of CRL periods at each run), and so do modules. Any name may be
written, known or not; a misspelt one has no effect, as in the registry it stands for.
Source: certsrv.h, wszREG constants (paths); windowsserverdocs certutil (roots of `-getreg`);
MS-CSRA 3.1.4.2.15 (when a change counts).
"""

from certsim.regfile import RegistryValue
from certsim.registry.configuration import Imported, Registry, resolve
from certsim.registry.reader import Key, mount, open_key, serving, unmount
from certsim.registry.stored import StoredRegistry

__all__ = [
    "Imported",
    "Key",
    "Registry",
    "RegistryValue",
    "StoredRegistry",
    "mount",
    "open_key",
    "resolve",
    "serving",
    "unmount",
]
