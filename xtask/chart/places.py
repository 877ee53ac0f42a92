"""Where things are, and how a fault is told."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Site:
    """The repository, and what is wrong with it."""

    root: Path
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def chart(self) -> Path:
        return self.root / "deploy/helm/stocktake"

    @property
    def scripts(self) -> Path:
        return self.root / "xtask/chart"

    def fault(self, where: object, what: object) -> None:
        if isinstance(where, Path):
            where = where.relative_to(self.root)
        self.faults.append(f"{where}: {what}")

    def note(self, what: str) -> None:
        if what not in self.notes:
            self.notes.append(what)
