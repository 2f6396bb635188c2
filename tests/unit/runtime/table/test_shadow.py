"""What a shadow tells of a table that it leaves alone."""

from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.events import Agreed, Diverged, Event
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.table.shadow import Shadow
from tests.unit.runtime.test_director import WEB, config, virtual


async def test_a_virtual_that_leaves_the_configuration_is_no_agreement() -> None:
    events: list[Event] = []
    table = MemoryTable()
    director = Director(config(virtual(3)), table, events.append, Shadow)
    await director.start()
    assert {event.virtual for event in events if isinstance(event, Diverged)} == {WEB}

    await director.reload(config())
    await director.reconciler.reconcile()
    assert not [event for event in events if isinstance(event, Agreed)]
    assert table.state == {}
