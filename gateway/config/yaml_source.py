"""Reading YAML so that nothing is converted behind one's back, and everything knows its line.

Payer 00123 stays 00123 and the state NO stays NO: every scalar is a string, pydantic converts. An empty value is
None. Duplicate keys, tabs and everything else that YAML itself refuses are faults, not exceptions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .faults import ConfigFault, Document, Loc, Place

try:
    from yaml import CSafeLoader as _Safe
except ImportError:  # pragma: no cover - a PyYAML that was built without libyaml
    from yaml import SafeLoader as _Safe  # type: ignore[assignment]


class _Loader(_Safe):
    """The C loader, without asking of every scalar whether it might be a number."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        return "tag:yaml.org,2002:str"

    def descend_resolver(self, current_node: Any, current_index: Any) -> None: ...

    def ascend_resolver(self) -> None: ...


DEEPEST = 40
MOST = 2_000_000
"""Values in one file, aliases written out."""
LARGEST = 20_000_000


def read_yaml(path: Path, name: str) -> tuple[Document | None, list[ConfigFault]]:
    """Read one file; None and the fault where there is nothing to go on with. `name`: as faults call the file."""
    try:
        if path.stat().st_size > LARGEST:
            return None, [ConfigFault(name, 0, 0, "the file is larger than 20 MB", "a configuration file")]
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None, [ConfigFault(name, 0, 0, "there is no such file")]
    except UnicodeDecodeError:
        return None, [ConfigFault(name, 0, 0, "the file is not text", "UTF-8")]
    except OSError as error:
        return None, [ConfigFault(name, 0, 0, f"the file cannot be read: {error.strerror}")]
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> tuple[Document | None, list[ConfigFault]]:
    """Read one text."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.problem, error.context) if part) or "this is not YAML"
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        return None, [ConfigFault(name, line, column, what, "YAML")]
    except (yaml.YAMLError, RecursionError) as error:
        return None, [ConfigFault(name, 0, 0, " ".join(str(error).split()) or "this is not YAML", "YAML")]
    walk = _Walk(name)
    data = walk.value(node, ()) if node is not None else None
    if not isinstance(data, dict):
        walk.faults.append(ConfigFault(name, 1, 1, "the file is empty" if data is None else "not a mapping", "keys"))
        return None, walk.faults
    return Document(name, data, walk.places, walk.keys), walk.faults


class _Walk:
    """Nodes to plain data, noting places and faults on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.places: dict[Loc, Place] = {}
        self.keys: dict[Loc, Place] = {}
        self.faults: list[ConfigFault] = []
        self._under_way: set[int] = set()
        self._count = 0

    def value(self, node: Any, loc: Loc) -> Any:
        mark = node.start_mark
        self._count += 1
        if self._count > MOST:
            if self._count == MOST + 1:
                self._fault(node, f"more than {MOST:,} values in one file")
            return None
        self.places[loc] = Place(mark.line + 1, mark.column + 1)
        if isinstance(node, yaml.ScalarNode):
            return None if not node.style and node.value == "" else node.value
        # An alias may point at what it stands in; and a text nested beyond reason is not a configuration.
        if id(node) in self._under_way or len(loc) > DEEPEST:
            self._fault(node, "an alias of itself" if id(node) in self._under_way else "nested too deeply")
            return None
        self._under_way.add(id(node))
        found = self._list(node, loc) if isinstance(node, yaml.SequenceNode) else self._mapping(node, loc)
        self._under_way.discard(id(node))
        return found

    def _list(self, node: Any, loc: Loc) -> list[Any]:
        return [self.value(item, (*loc, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: Any, loc: Loc) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: list[Any] = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(key_node, "a key that is not a word")
                continue
            key = key_node.value
            if key == "<<":
                merged.append(value_node)
                continue
            if key in found:
                first = self.keys[(*loc, key)]
                self._fault(key_node, f"the key {key!r} stands here a second time (first in line {first.line})")
                continue
            mark = key_node.start_mark
            self.keys[(*loc, key)] = Place(mark.line + 1, mark.column + 1)
            found[key] = self.value(value_node, (*loc, key))
        for other in merged:
            nodes = other.value if isinstance(other, yaml.SequenceNode) else [other]
            for one in nodes:
                if not isinstance(one, yaml.MappingNode):
                    self._fault(other, "<< takes a mapping")
                    continue
                for key_node, value_node in one.value:
                    if key_node.value not in found:
                        key = str(key_node.value)
                        mark = key_node.start_mark
                        self.keys[(*loc, key)] = Place(mark.line + 1, mark.column + 1)
                        found[key] = self.value(value_node, (*loc, key))
        return found

    def _fault(self, node: Any, what: str) -> None:
        mark = node.start_mark
        self.faults.append(ConfigFault(self.name, mark.line + 1, mark.column + 1, what))
