"""What a child process may do, set between fork and exec; for applications on bad machines."""

from __future__ import annotations

import ctypes
import os
import resource

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


def obey_permissions() -> None:
    """Let even root obey the permission bits of files from the coming exec on."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")


def full_disk() -> None:
    """Let no write to a regular file succeed any more: EFBIG instead of ENOSPC."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
