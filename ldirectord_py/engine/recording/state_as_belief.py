"""What the engine believes, taken out of its state as a value, and put into one again: a recording begins with it."""

from ldirectord_py.engine.belief import Belief
from ldirectord_py.engine.servers import UNHEARD_OF, ServerState
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model.health import Rules


def belief_of(state: EngineState) -> Belief:
    """Return all that *state* believes, and what it has told, as a value."""
    return Belief(
        config=state.config,
        begun=state.begun,
        servers=tuple(server.belief(real) for real, server in state.servers.items()),
        subscribers=tuple(state.subscriptions.reals.items()),
        unasked=frozenset(state.subscriptions.unasked),
        faults=state.faults.belief(),
        serving=tuple(state.serving.told.items()),
        standing_in=frozenset(state.serving.standing_in),
        unwritten=frozenset(state.serving.unwritten),
        in_maintenance=tuple(state.interventions.in_maintenance),
        administered=tuple(state.interventions.administration.states),
        scopes=tuple(state.interventions.administration.scopes.items()),
        role=state.role.told,
        first_pass=state.first_pass,
        settling=state.settling,
    )


def state_of(belief: Belief) -> EngineState:
    """Return a state that goes on where *belief* was taken."""
    state = EngineState(belief.begun, belief.role)
    state.config = belief.config
    state.virtuals = {virtual.key: virtual for virtual in belief.config.virtuals}
    configured = {
        key: ServerState(real, Rules(virtual.failurecount), UNHEARD_OF)
        for virtual in belief.config.virtuals
        for key, real in virtual.servers
    }
    for known in belief.servers:
        state.servers[known.real] = configured[known.real].believing(known)
    state.subscriptions.restore(belief.subscribers, belief.unasked)
    state.faults.restore(belief.config.faults, belief.faults)
    state.serving.restore(belief.serving, belief.standing_in, belief.unwritten)
    state.interventions.restore(belief.in_maintenance, belief.administered, belief.scopes, state.servers)
    state.first_pass, state.settling = belief.first_pass, belief.settling
    return state
