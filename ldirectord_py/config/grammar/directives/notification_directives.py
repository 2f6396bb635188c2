"""Whom the director tells, and how: the directives, one row each."""

from ldirectord_py.config.grammar import value_types
from ldirectord_py.config.grammar.defaults import ALERTING, VIRTUAL
from ldirectord_py.config.grammar.directive import Directive, Scope

_GLOBAL, _SECTION, _BOTH = Scope.GLOBAL, Scope.SECTION, Scope.BOTH


FALLBACKCOMMAND: Directive[str | None] = Directive(
    "fallbackcommand",
    _GLOBAL,
    value_types.SHELL,
    VIRTUAL.fallbackcommand,
    "A command that is told when no real server serves any more, and when one does again",
    refusal="invalid fallback command",
)
SECTION_FALLBACKCOMMAND: Directive[str | None] = Directive(
    "fallbackcommand",
    _SECTION,
    value_types.QUOTED_OR_TEXT,
    VIRTUAL.fallbackcommand,
    FALLBACKCOMMAND.help,
    refusal=FALLBACKCOMMAND.refusal,
)
EMAILALERT = Directive(
    "emailalert",
    _BOTH,
    value_types.RECIPIENTS,
    ALERTING.recipients,
    "Whom to tell of changes by mail, with commas between them",
    refusal="no email address specified",
)
EMAILALERTFROM: Directive[str | None] = Directive(
    "emailalertfrom",
    _GLOBAL,
    value_types.TEXT,
    ALERTING.sender,
    "Whom mails are from; by default who runs the director",
    refusal="no email from address specified",
)
EMAILALERTFREQ = Directive(
    "emailalertfreq",
    _BOTH,
    value_types.LEADING_NUMBER,
    ALERTING.frequency,
    "Seconds between reminders while a server is down; 0: none",
    refusal="invalid email alert frequency",
)
EMAILALERTSTATUS = Directive(
    "emailalertstatus", _BOTH, value_types.STATUS, ALERTING.status, "The states of the director in which mail is sent"
)
SMTP: Directive[str | None] = Directive(
    "smtp",
    _BOTH,
    value_types.HOST,
    ALERTING.smtp,
    "The mail server, asked at port 25; by default this machine's sendmail",
    refusal="invalid SMTP server address",
)
MONITORFILE: Directive[str | None] = Directive(
    "monitorfile",
    _SECTION,
    value_types.QUOTED_OR_TEXT,
    VIRTUAL.monitorfile,
    "A file to which a line is appended for each check's result",
    refusal="unable to open monitorfile",
)
SERVICENAME: Directive[str | None] = Directive(
    "servicename", _SECTION, value_types.RAW, VIRTUAL.servicename, "A name for mails, before their subject"
)
COMMENT: Directive[str | None] = Directive(
    "comment", _SECTION, value_types.RAW, VIRTUAL.comment, "A remark for mails, at their end"
)
