"""Which real servers each plan speaks for, and who has not been asked yet."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from ldirectord_py.model.checks.check_plan import CheckPlan, Polled
from ldirectord_py.model.service import RealKey, VirtualKey


class Subscriptions:
    """Plans, and the real servers that share each."""

    def __init__(self) -> None:
        self.reals: dict[Polled, tuple[RealKey, ...]] = {}
        """Never another dict: it is looked into at each check."""
        self.unasked: set[Polled] = set()
        """Plans that have not ended once."""
        self._awaited: Counter[VirtualKey] = Counter()

    def replace(self, subscribers: Mapping[Polled, Mapping[RealKey, None]]) -> None:
        """Be as *subscribers* says; plans that were there before have been asked as far as they had been."""
        unasked = {polled for polled in self.unasked if polled in subscribers}
        unasked.update(polled for polled in subscribers if polled not in self.reals)
        self.unasked = unasked
        self.reals.clear()
        self.reals.update((polled, tuple(reals)) for polled, reals in subscribers.items())
        self._count()

    def restore(self, subscribers: Iterable[tuple[Polled, tuple[RealKey, ...]]], unasked: Collection[Polled]) -> None:
        """Be as *subscribers* says, of whom the *unasked* have not ended once."""
        self.reals.clear()
        self.reals.update(subscribers)
        self.unasked = set(unasked)
        self._count()

    def move(self, real: RealKey, old: CheckPlan, new: CheckPlan) -> dict[Polled, bool]:
        """Have *real* hear of *new* instead of *old*; return the plan that ends with that (False) or begins (True)."""
        changed: dict[Polled, bool] = {}
        if isinstance(old, Polled) and old in self.reals:
            self.reals[old] = left = tuple(each for each in self.reals[old] if each != real)
            if old in self.unasked and not any(each.virtual == real.virtual for each in left):
                self._awaited[real.virtual] -= 1
            if not left:
                del self.reals[old]
                self.unasked.discard(old)
                changed[old] = False
        if isinstance(new, Polled):
            before = self.reals.get(new, ())
            if not before:
                self.unasked.add(new)
                changed[new] = True
            if new in self.unasked and not any(each.virtual == real.virtual for each in before):
                self._awaited[real.virtual] += 1
            self.reals[new] = (*before, real)
        return changed

    def _count(self) -> None:
        """Count whom each virtual waits for."""
        self._awaited = Counter(
            virtual for polled in self.unasked for virtual in {real.virtual for real in self.reals[polled]}
        )

    def awaited(self, virtual: VirtualKey) -> bool:
        """Return whether some of the virtual's servers have not been asked yet."""
        return self._awaited[virtual] > 0

    def asked(self, polled: Polled) -> Iterator[VirtualKey]:
        """Note the first outcome of *polled*; yield the virtuals for which it was the last one that was missing."""
        self.unasked.discard(polled)
        for virtual in dict.fromkeys(real.virtual for real in self.reals[polled]):
            self._awaited[virtual] -= 1
            if not self._awaited[virtual]:
                yield virtual
