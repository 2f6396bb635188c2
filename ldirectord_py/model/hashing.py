"""Hashes that are worked out once."""


class HashedOnce:
    """Keeps the hash of a frozen, slotted dataclass after its first use.

    Identities and plans are looked up at each check, and are nested: hashing a server's name anew
    took longer than judging its answer.  A dataclass gets a `__hash__` of its own, so each class has
    to say `__hash__ = HashedOnce.__hash__`.
    """

    __slots__ = ("_hash",)

    _hash: int

    def __hash__(self) -> int:
        """Return the hash of the fields together."""
        try:
            return self._hash
        except AttributeError:
            fields: tuple[str, ...] = type(self).__slots__
            object.__setattr__(self, "_hash", hash(tuple(getattr(self, name) for name in fields)))
            return self._hash
