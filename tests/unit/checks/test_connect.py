from ldirectord_py.checks.connect import Connect
from ldirectord_py.model.checks.outcome import up
from tests.peers.scripted import Reset, ScriptedPeer


async def test_a_connection_is_enough_and_nothing_is_said() -> None:
    peer = ScriptedPeer(Reset)
    assert await Connect().probe(peer) == up("connected")
    assert (peer.heard, peer.reads) == ([], 0)
