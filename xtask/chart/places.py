"""Where things are, and how faults are reported."""

import os
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

    def missing_judge(self, what: str) -> None:
        """In CI every judge must run; elsewhere a SKIPPED line names it."""
        found = self.faults if os.environ.get("CI") else self.notes
        if what not in found:
            found.append(what)
