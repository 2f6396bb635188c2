from ldirectord_py.checks.goodbye import say_goodbye
from tests.peers.scripted import ScriptedPeer


class Gone(ScriptedPeer):
    async def send(self, data: bytes) -> None:
        raise BrokenPipeError


async def test_goodbye_is_said() -> None:
    peer = ScriptedPeer()
    await say_goodbye(peer, b"QUIT\r\n")
    assert peer.heard == [b"QUIT\r\n"]


async def test_a_server_that_is_gone_does_not_mind() -> None:
    await say_goodbye(Gone(), b"QUIT\r\n")
