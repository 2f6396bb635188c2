"""A peer in memory that works its answers out of what it hears."""

from collections.abc import Callable, Iterable

from tests.peers.scripted import Said, ScriptedPeer

Answers = Callable[[bytes], Iterable[Said]]


class AnsweringPeer(ScriptedPeer):
    """Says what *answer* makes of each thing that is sent: pieces of a stream, or datagrams."""

    def __init__(self, answer: Answers) -> None:
        super().__init__()
        self._answer = answer

    async def send(self, data: bytes) -> None:
        await super().send(data)
        self._pieces += self._answer(data)
