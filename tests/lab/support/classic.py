"""The classic scene: three real servers in direct routing, one of them the director itself, and a fallback."""

from dataclasses import dataclass, field

from tests.lab.support.scene import VIP, Real, Scene
from tests.lab.support.waiting import wait_until

VIRTUAL = f"{VIP}:80"
INTERVAL = 2
PAGE = "/alive.html"

CONFIG = """\
checktimeout={interval}
checkinterval={interval}
quiescent={quiescent}
virtual={virtual}
{reals}
	fallback={fallback} gate
	service=http
	request="alive.html"
	receive="I'm alive!"
	scheduler=wlc
	protocol=tcp
	checktype=negotiate
"""


@dataclass(eq=False)
class Classic:
    """Adds the classic servers to *scene*."""

    scene: Scene
    one: Real = field(init=False)
    two: Real = field(init=False)
    itself: Real = field(init=False)
    sorry: Real = field(init=False)

    def __post_init__(self) -> None:
        self.one, self.two = self.scene.real("one"), self.scene.real("two")
        self.itself = self.scene.director_itself()
        self.sorry = self.scene.real("sorry")

    @property
    def reals(self) -> tuple[Real, Real, Real]:
        """All real servers, the fallback not among them."""
        return self.one, self.two, self.itself

    def config(self, weights: dict[Real, int] | None = None, *, quiescent: bool = True) -> str:
        """Return the configuration file, with weights 3, 2 and 1, or with these reals and weights."""
        chosen = dict(zip(self.reals, (3, 2, 1), strict=True)) if weights is None else weights
        return CONFIG.format(
            interval=INTERVAL,
            quiescent="yes" if quiescent else "no",
            virtual=VIRTUAL,
            reals="\n".join(f"\treal={real.at} gate {weight}" for real, weight in chosen.items()),
            fallback=self.sorry.at,
        )

    def weights(self, one: int, two: int, itself: int) -> dict[str, int]:
        """Return what the table should say."""
        return {self.one.at: one, self.two.at: two, self.itself.at: itself}

    def named(self, name: str) -> Real:
        """Return the real server that calls itself *name* when it serves."""
        return next(real for real in self.reals if real.site.name == name)

    def checked_again(self, *reals: Real, times: int = 2) -> None:
        """Wait until each of these, or all, was checked so many *times* more: earlier verdicts are surely in force."""
        counters = [real.site.requests for real in reals or self.reals]
        goals = [counter[PAGE] + times for counter in counters]
        wait_until(lambda: all(counter[PAGE] >= goal for counter, goal in zip(counters, goals, strict=True)))
