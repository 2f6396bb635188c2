"""What an error of the network says of a server, whoever met it."""

import errno

from ldirectord_py.model.outcome import Reason

OF_THE_SERVER = {
    errno.ECONNREFUSED: (Reason.REFUSED, "connection refused"),
    errno.ECONNRESET: (Reason.RESET, "the server reset the connection"),
    errno.EPIPE: (Reason.RESET, "the server closed the connection while we were sending"),
    errno.ENOTCONN: (Reason.RESET, "the server reset the connection"),
    errno.ECONNABORTED: (Reason.RESET, "the connection was aborted"),
    errno.ETIMEDOUT: (Reason.TIMEOUT, "no answer from the network (ETIMEDOUT)"),
    errno.EHOSTUNREACH: (Reason.UNREACHABLE, "the server does not answer on its network (no route to host)"),
    errno.EHOSTDOWN: (Reason.UNREACHABLE, "the server is down on its network (host is down)"),
    errno.ENOPROTOOPT: (Reason.UNREACHABLE, "the server has no such protocol"),
    errno.EMSGSIZE: (Reason.PROTOCOL, "the message does not fit the path to the server"),
}
"""By error number: why the server is down, and a sentence."""
