"""How the parent of workers gives up its rights, and so theirs: to be called once its library has been loaded."""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

_MOST_FILES = 64
_NOBODY = 65534
"""The user and the group that own nothing."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 1, 4, 24, 38, 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_CAPABILITIES = 64  # more than there are: those that the kernel lacks are refused, which changes nothing


def limit(most_memory: int) -> None:
    """Bound what this process, and each that it forks, may take of the machine; *most_memory* in bytes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would hold passwords
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    for what, most in ((resource.RLIMIT_AS, most_memory), (resource.RLIMIT_NOFILE, _MOST_FILES)):
        _, hard = resource.getrlimit(what)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))


def drop(parent: int) -> None:
    """Give up all capabilities and, as root, the user: what takes this process over gains nothing by it.

    The process ends with its *parent*; raises OSError where a right cannot be given up.
    """
    libc = _libc()
    _call(libc.prctl, _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    with suppress(OSError):  # kernels before 4.3
        _call(libc.prctl, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for number in range(_CAPABILITIES):
        libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)
    if os.geteuid() == 0:
        _become_nobody()
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _call(libc.capset, header, (ctypes.c_uint32 * 6)())
    _call(libc.prctl, _PR_SET_DUMPABLE, 0, 0, 0, 0)
    # Last, for the kernel forgets it where the user changes.
    end_with(parent)


def end_with(parent: int) -> None:
    """Have the kernel end this process when its *parent* ends; raises OSError where it cannot."""
    _call(_libc().prctl, _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent has ended")


def _become_nobody() -> None:
    """Become a user that owns nothing, if that one can read what Python may still have to load; else stay root.

    Root without capabilities may do what root may to root's own files, so that is the second choice.
    """
    places = [path for path in sys.path if Path(path).exists()]
    with suppress(OSError):  # a user namespace may have neither such a user nor the right to change groups
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, 0)
        os.setresuid(_NOBODY, _NOBODY, 0)
        if all(os.access(path, os.R_OK | os.X_OK) for path in places):
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)
            return
    os.setresuid(0, 0, 0)
    os.setresgid(0, 0, 0)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(function: "ctypes._NamedFuncPointer", *words: object) -> None:
    if function(*words) != 0:
        raise OSError(ctypes.get_errno(), f"{function.__name__}: {os.strerror(ctypes.get_errno())}")
