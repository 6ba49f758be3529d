"""Tables of results: Markdown to read and CSV to compute with, each with what made it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes
    ----------
    name : of the two files, without their endings
    title : its heading
    made_by : command, seed, number of maps and models, in one or more sentences
    columns : their headings
    rows : as many cells each
    notes : lines below the table
    """

    name: str
    title: str
    made_by: str
    columns: Sequence[str]
    rows: Sequence[Sequence]
    notes: Sequence[str] = ()

    def markdown(self) -> str:
        """Return the table as Markdown, with its heading."""
        lines = [
            f"# {self.title}",
            "",
            self.made_by,
            "",
            _line(self.columns),
            _line(["---"] * len(self.columns)),
            *(_line(row) for row in self.rows),
        ]
        if self.notes:
            lines += ["", *self.notes]
        return "\n".join(lines) + "\n"

    def write(self, folder: Path) -> None:
        """Write ``<name>.md`` and ``<name>.csv`` and print the table."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.name}.md").write_text(self.markdown(), encoding="utf-8")
        with open(folder / f"{self.name}.csv", "w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([self.columns, *self.rows])
        print(self.markdown())


def grouped(results: Sequence[dict], column: str) -> dict[str, list[dict]]:
    """Return results by what a column says, in alphabetical order."""
    names = sorted({result[column] for result in results})
    return {name: [result for result in results if result[column] == name] for name in names}


def write_maps(results: Sequence[dict], path: Path) -> None:
    """Write one line for each result, which all have the same keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, results[0])
        writer.writeheader()
        writer.writerows(results)


def _line(cells: Iterable) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
