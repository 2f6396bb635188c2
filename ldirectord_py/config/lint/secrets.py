"""Secrets that everybody on a machine can read."""

from collections.abc import Iterable, Iterator

from ldirectord_py.checks.http.headers import is_secret
from ldirectord_py.config.grammar.directives.check_directives import HTTPHEADER, PASSWD, SECRET, TLSCERTFILE, TLSKEYFILE
from ldirectord_py.config.grammar.server_lines import RealLine
from ldirectord_py.config.grammar.tree import Line
from ldirectord_py.config.lint.rule import Context, LintedVirtual

_READABLE = 0o004


def readable_secrets(context: Context) -> Iterator[tuple[int, str]]:
    """Yield what is to be said of each file with a secret in it: of the configuration, or named by it."""
    told: set[str] = set()
    for path, number, what in _secrets(context):
        mode = context.machine.mode(path)
        if path not in told and mode is not None and mode & _READABLE:
            told.add(path)
            yield number, f"{what}: everybody on this machine can read it (mode {mode:04o}); chmod o-r {path}"


def _secrets(context: Context) -> Iterator[tuple[str, int, str]]:
    """Yield the files with secrets, the numbers of lines, and what is there."""
    for lines in (context.tree.lines, *(section.lines for section in context.tree.sections)):
        for line in _with_checks(lines):
            if _is_secret(line):
                yield context.files.place(line.number)[0], line.number, line.name
    for place in context.places:
        yield from _keys(place)
    for source in context.config.sources.files:
        if source.path not in context.files.paths:
            yield source.path, 0, f"{source.path}, from which a value is taken"


def _with_checks(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield *lines*, and those of the checks of a virtual or of one real server."""
    for line in lines:
        yield line
        checks = line.meant.checks if isinstance(line.meant, RealLine) else line.meant
        if isinstance(checks, tuple):
            for one in checks:
                yield from one


def _is_secret(line: Line) -> bool:
    value = (line.value or "").strip('" ')
    if line.redacted or not value:
        return False
    if line.name == HTTPHEADER.name:
        return is_secret(value.partition(":")[0])
    return line.name in {PASSWD.name, SECRET.name}


def _keys(place: LintedVirtual) -> Iterator[tuple[str, int, str]]:
    for options in place.all_options:
        if options.tls.certificate is not None:
            row = TLSCERTFILE if options.tls.key is None else TLSKEYFILE
            pem = options.tls.key or options.tls.certificate
            yield pem.path, place.line(row.name), f"{row.name}: the private key in {pem.path}"
