"""What the command says of itself."""

import platform

from ldirectord_py import __version__

COMPATIBLE = "v1.186-ha"
"""The version of the original whose behaviour this is; programs look for it in the first line of `-v`."""

USAGE = """\
Usage:
    ldirectord [options] [--] [CONFIG] ACTION
    ldirectord -h | --help | -v | --version

Options:
    -d, --debug             stay in the foreground, log to standard error, say more;
                            no pid file is written, and ldirectorctl does not
                            find the daemon
    --foreground            stay in the foreground, otherwise as in the background:
                            log where the configuration says, write the pid file
                            (for systemd and containers)
    --leave-table           with stop: leave the table as it is, whatever cleanstop says
    --shadow                check the servers, but write nothing: log in what the table
                            differs from what this daemon would make of it; run it
                            beside the daemon that keeps the table (it has a pid file
                            and a log of its own, NAME.shadow)
    --force                 reload or restart even if that takes away more of the
                            virtual services than 'reloadlimit' permits; may stand
                            behind the action
    --table auto|kernel|memory
                            which IPVS table to keep: the kernel's, or one in memory
                            that affects nobody; auto (the default): the kernel's, but
                            with -d one in memory where the kernel has none
    --log-format text|json  how log lines are written; default text
    -h, -?, --help          print all of this manual
    -v, --version           print the version

    Options stand before CONFIG and ACTION; one-letter options may be bundled.

Actions:
    start         start the daemon, unless it runs; returns when it is at work
    stop          stop the daemon, say what that does to the table, and wait until it
                  is gone; this does not take the configuration, nor a name server
    restart       see whether a daemon can start; only then stop the one that runs, if
                  any, and start.  The table stays as it is, whatever cleanstop says
    try-restart   restart it, if it runs
    reload        have the daemon read its configuration again; returns when that is
                  in force, or says why it is not
    force-reload  the same; it does not stand for --force
    status        say whether the daemon runs, and what is wrong with the file on disk;
                  this asks no name server, and leaves no line in the log
    configtest    say everything that is wrong with the configuration; change nothing
"""

HELP = f"""\
ldirectord - check the real servers of Linux Virtual Server, and keep IPVS in step

{USAGE}
Configuration:
    CONFIG is looked for as /etc/ha.d/CONFIG, /etc/ha.d/conf/CONFIG and CONFIG, in
    this order; without CONFIG it is ldirectord.cf.  Each CONFIG is an instance of
    its own, named after the last part of its path.  A CONFIG in .yaml or .yml is
    YAML, any other is a ldirectord.cf.  When the configuration has errors, start,
    restart and reload leave things as they are; status and stop do without it.

Files:
    /etc/ha.d/ldirectord.cf             the configuration
    /var/run/ldirectord.ldirectord.pid  the pid file of 'ldirectord start'
    /var/run/ldirectord.NAME.pid        the pid file of 'ldirectord NAME start';
                                        locked by the daemon as long as it runs
    /run/ldirectord, /run/ldirectord@NAME
                                        where the units' daemons have theirs
    /var/log/ldirectord.log             the log, unless 'logfile' says otherwise

Environment:
    LDIRECTORD_RUN_DIR  where pid files are kept, instead of /var/run

Signals to the daemon:
    TERM, INT, QUIT     stop in order: with cleanstop, take the services out of IPVS
    RTMIN               stop, and leave the table as it is for the next daemon
    HUP                 read the configuration again; if it has errors, go on as before

Exit status:
    0    done; status: the daemon runs, whatever the file has come to; configtest: no
         errors
    1    it could not be done, or CONFIG was not found; reload: the daemon does not
         run; status: the daemon does not run, but has left its pid file
    2    the configuration has errors; reload: also if the daemon refuses it
    3    status: the daemon does not run
    4    status: whether it runs cannot be told, for instance because this user may not
         look into the run directory
    255  the command line means nothing
"""


def version() -> str:
    """Return what `-v` prints."""
    return (
        f"Linux Director {COMPATIBLE}\n"
        f"ldirectord_py {__version__} (Python {platform.python_version()}), which takes the place of that version\n"
        "Apache License 2.0; there is no warranty\n"
    )
