"""How a guest boots: Debian's user-mode kernel on this machine's own files, with an init script and one task."""

import os
import shlex
import sys
from pathlib import Path

KERNEL = Path(os.environ.get("LAB_KERNEL", "/usr/bin/linux.uml"))
MODULES = Path("/usr/lib/uml/modules")
WORK = Path("/var/tmp")  # not below /tmp, which the guest covers with a tmpfs of its own
_MEMORY = "1G"
_SYSTEM = "/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for first: elsewhere may lie scripts before them, which cost a guest seconds (pyenv)."""

# Words in <> are filled in. The root file system is the host's own, so whatever a program may write to by habit
# is covered with a tmpfs; folders that the task needs from below those places (a checkout in /tmp) are bound in again.
_INIT = """#!/bin/bash
exec ><CONSOLE> 2>&1
export <ENVIRONMENT>
mount -t proc proc /proc
echo lab >/proc/sys/kernel/hostname
mount -t sysfs sys /sys
mount -t tmpfs kept <KEPT>
number=0
for place in <KEEP>; do
  case $place in /run/*|/tmp/*|/var/log/*) mkdir <KEPT>/$((++number)); mount --bind "$place" <KEPT>/$number ;; esac
done
for place in /run /tmp /var/log; do mount -t tmpfs tmpfs $place; done
number=0
for place in <KEEP>; do
  case $place in /run/*|/tmp/*|/var/log/*) mkdir -p "$place"; mount --bind <KEPT>/$((++number)) "$place" ;; esac
done
mkdir -p /run/netns /run/lock /dev/shm /lib/modules
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /lib/modules
mkdir -p /lib/modules/$(uname -r)
mount --bind <MODULES> /lib/modules/$(uname -r)
ip link set lo up
for module in ip_vs veth bridge ipip ip6_tunnel; do modprobe $module; done
cd <ROOT>
<TASK>
sync
<PYTHON> -I -S -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321fedc)'  # RB_POWER_OFF
"""


def write_init(work: Path, root: Path, task: str, **more: str) -> None:
    """Write the init script of the guest with the folder *work*; *task* is of a shell, and runs in the checkout *root*.

    *more* are variables of its environment.
    """
    (work / "kept").mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name.startswith(("LAB_", "PYTHON"))} | {
        "PATH": f"{_SYSTEM}:{os.environ.get('PATH', '')}",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "LAB_GUEST": str(work),
        **more,
    }
    kept = {root, work.parent, Path(sys.prefix), Path(sys.base_prefix)}
    words = {
        "CONSOLE": shlex.quote(str(work / "console")),
        "ENVIRONMENT": " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items()),
        "KEPT": shlex.quote(str(work / "kept")),
        "KEEP": shlex.join(str(path) for path in sorted(kept)),
        "MODULES": shlex.quote(str(max(MODULES.glob("*"), default=MODULES))),
        "PYTHON": shlex.quote(sys.executable),
        "ROOT": shlex.quote(str(root)),
        "TASK": task,
    }
    text = _INIT
    for word, value in words.items():
        text = text.replace(f"<{word}>", value)
    init = work / "init"
    init.write_text(text)
    init.chmod(0o755)


def kernel(work: Path, console: str = "null") -> list[str]:
    """Return the command that boots the guest with the folder *work*; *console* is its terminal, as UML names it."""
    return [
        *(str(KERNEL), f"mem={_MEMORY}", f"uml_dir={work}/uml/", f"init={work}/init"),
        *("rootfstype=hostfs", "rootflags=/", "rw", "con=null", f"con0={console}", "loglevel=4"),
    ]
