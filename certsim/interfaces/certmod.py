"""certmod.h: the socket through which administration tools know and configure a module.

The object lives in the tool's process and not in the CA's; what the two share is the registry.

Source: sdk-api certmod.
"""

from typing import Protocol

from certsim.interfaces.certif import PropertyValue


class ICertManageModule(Protocol):
    r"""Tell an administration tool what a module is, and configure it.

    Implemented beside an exit or policy module, by a class whose ProgID is the module's with
    `Manage` at its end (`.ExitManage`, `.PolicyManage`); called by administration tools. All
    methods take:

    - `strConfig`: machine and CA, `MACHINE\CA`. This differs from what `Initialize` is given.
    - `strStorageLocation`: path of the module's own registry key, which is named by its ProgID and
      stands below `ExitModules` or `PolicyModules` in the CA's configuration.

    IID: e7d7ad42-bd3d-11d1-9a4d-00c04fc297eb
    Source: sdk-api certmod/nn-certmod-icertmanagemodule
    Basis: IID, and the spelling of the two parent keys, header.
    """

    def GetProperty(
        self, strConfig: str, strStorageLocation: str, strPropertyName: str, Flags: int, /
    ) -> PropertyValue | None:
        """Return one fact about the module, or None for a name it does not know (S_FALSE).

        Names: `Name`, `Description`, `Copyright`, `File Version`, `Product Version`, all text;
        besides `HWND` and `IsMultiThreaded`. `Flags` is reserved and 0.

        Errors: E_INVALIDARG (0x80070057) without a name.

        Source: sdk-api certmod/nf-certmod-icertmanagemodule-getproperty
        Basis: the last two names header; None for S_FALSE assumed.
        """

    def SetProperty(
        self,
        strConfig: str,
        strStorageLocation: str,
        strPropertyName: str,
        Flags: int,
        pvarProperty: PropertyValue,
        /,
    ) -> None:
        """Take over one value from the tool; to ignore it is enough.

        `Flags` is reserved and 0. Names as for `GetProperty`.

        Source: sdk-api certmod/nf-certmod-icertmanagemodule-setproperty
        Basis: which names a tool sets is assumed.
        """

    def Configure(self, strConfig: str, strStorageLocation: str, Flags: int, /) -> None:
        """Let the administrator change the module's settings.

        `Flags`: 0 shows a dialog, CMM_REFRESHONLY (1) shows none and makes stored settings count,
        CMM_READONLY (2) shows a dialog without changes.

        Source: sdk-api certmod/nf-certmod-icertmanagemodule-configure
        Basis: CMM_READONLY header.
        """
