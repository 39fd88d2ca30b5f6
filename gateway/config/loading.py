"""Reading a configuration folder: all files, all faults at once.

gateway.yaml    partners/*.yaml    chains/*.yaml    tables/*.yaml
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import BaseModel

from gateway.plugins.chains import INHERITED, STATIONS, ChainSpec
from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost, PluginRefused
from gateway.plugins.settings import SecretMissing
from gateway.plugins.tables import Table, Tables

from .codes import digests
from .compiling import Compiler, Loaded, check_transport
from .config import Config
from .contact import Contact
from .desks import Places, check_banks, check_drops, desks_of, load_dropped, load_named
from .faults import ConfigFault, Document, nearest, relative
from .mending import Read, read_on
from .models import GatewayConfig
from .partner import DEFAULT_PAYER, Partner
from .tables import check_columns, read_table
from .work_tables import check_work_tables
from .yaml_source import parse_yaml, read_yaml

LOAD_PLUGINS = "GATEWAY_LOAD_PLUGINS"
"""Environment variable: names of the plugins that may be loaded, by commas; goes before `plugins` in gateway.yaml."""


class _Documents(NamedTuple):
    gateway: Document
    partners: list[tuple[str, Document]]
    chains: list[tuple[str, Document]]
    tables: list[tuple[str, Document]]
    complete: bool = True
    """Whether every file could be parsed."""
    codes: Mapping[str, str] = MappingProxyType({})
    """The digests of the imported code lists."""


def load(
    path: Path | str,
    env: Mapping[str, str] | None = None,
    *,
    secrets: bool = True,
    beside: Mapping[str, str] = MappingProxyType({}),
) -> Config | list[ConfigFault]:
    """Read a configuration.

    Args:
        path: its folder, or its gateway.yaml.
        env: the environment, for secrets by reference; the process's own without it.
        secrets: whether a secret that is not there is a fault.
        beside: texts of files that are not there (yet), such as `partners/new.yaml`; they are read as if they were.

    Returns:
        The configuration, or every fault of all its files, in the order of files and lines.
    """
    env = os.environ if env is None else env
    main = Path(path)
    if main.is_dir():
        main = main / "gateway.yaml"
    root = main.parent.resolve()
    faults: list[ConfigFault] = []
    gateway, found = read_yaml(main, relative(main))
    faults += found
    parts: list[list[tuple[str, Document]]] = []
    before = len(faults)
    for folder in ("partners", "chains", "tables"):
        read = []
        for file in sorted({*(root / folder).glob("*.yaml"), *_below(root, folder, beside)}):
            text = beside.get(f"{folder}/{file.name}")
            document, found = read_yaml(file, relative(file)) if text is None else parse_yaml(text, relative(file))
            faults += found
            if document is not None:
                read.append((file.stem, document))
        parts.append(read)
    complete = len(faults) == before
    documents = _Documents(
        gateway or Document(relative(main), {}), parts[0], parts[1], parts[2], complete, digests(root)
    )
    config = _assemble(documents, root, env, faults, secrets=secrets, whole=gateway is not None)
    if faults or config is None:
        return sorted(set(faults), key=lambda fault: (fault.file, fault.line, fault.column, fault.what))
    return config


def _below(root: Path, folder: str, beside: Mapping[str, str]) -> Iterator[Path]:
    return (root / name for name in beside if name.startswith(f"{folder}/"))


def restore(text: bytes, root: Path | str, env: Mapping[str, str] | None = None) -> Config:
    """A configuration again from its stored text (`Config.text`), with today's plugins.

    Raises:
        ValueError: the text cannot be used any more, for instance because a plugin is gone; the message has every
            reason.
    """
    data = json.loads(text)
    name = "stored configuration"
    parts = [
        [(str(one.get("name")), Document(f"{name}, {one.get('name')}", one)) for one in data[part]]
        for part in ("partners", "chains", "tables")
    ]
    documents = _Documents(Document(name, data["gateway"]), parts[0], parts[1], parts[2], codes=data.get("codes", {}))
    faults: list[ConfigFault] = []
    config = _assemble(documents, Path(root), env or os.environ, faults, secrets=False, whole=True)
    if faults or config is None:
        raise ValueError("; ".join(str(fault) for fault in faults))
    return config


def _model(
    model: type[BaseModel], document: Document, root: Path, faults: list[ConfigFault], **more: Any
) -> Read | None:
    def validate(now: Document) -> BaseModel:
        return model.model_validate({**more, **now.data}, context={"root": root, "secrets": now.secrets})

    return read_on(model, document, validate, faults)


def _assemble(
    documents: _Documents,
    root: Path,
    env: Mapping[str, str],
    faults: list[ConfigFault],
    *,
    secrets: bool,
    whole: bool,
) -> Config | None:
    main = _model(GatewayConfig, documents.gateway, root, faults) if whole else None
    gateway: GatewayConfig | None = main.model if main else None
    # As it stands there, even where something else in gateway.yaml is wrong: or every plugin would seem to be missing.
    stated = documents.gateway.data.get("plugins_dir")
    folder = root / str(stated) if stated else None
    if folder is not None and not folder.is_dir():
        faults.append(documents.gateway.fault(("plugins_dir",), f"plugins_dir: there is no folder {folder}"))
    finder = Finder(folder=folder, only=_only(gateway, env))
    host = PluginHost()
    tables = {name: read_table(name, document, faults) for name, document in documents.tables}
    check_work_tables(dict(documents.tables), tables, faults)

    partners: list[tuple[Partner, Document]] = []
    doubtful = 0
    for name, document in documents.partners:
        read = _model(Partner, document, root, faults, name=name)
        doubtful += read is None or not read.sound
        if read is not None:
            partner: Partner = read.model
            if whole:
                partner = check_transport(partner, read.document, root, finder, host, faults)
            partners.append((partner, read.document))
    loaded = []
    for name, document in documents.chains:
        read = _model(ChainSpec, document, root, faults, name=name)
        if read is not None:
            loaded.append(Loaded(read.model, read.document, read.sound))
    _check_names([(p.name, d) for p, d in partners], "partner", faults)
    _check_names([(c.spec.name, c.document) for c in loaded], "chain", faults)
    if main is not None:
        partners = _with_contacts(partners, main.model.organisation.contact, faults)
    if not whole:
        return None
    stated_desk = main.model.desk if main is not None else {}
    desk_document = main.document if main is not None else documents.gateway
    faults += load_named(stated_desk, desk_document, finder, host)
    stated_sources = main.model.sources if main is not None else ()
    faults += load_dropped(stated_sources, desk_document, finder, host)
    files = dict(documents.tables) | _add_tables_of_plugins(tables, loaded, finder, host, faults)
    for plugin in host:
        for name, columns in plugin.tables.items():
            if name in files:
                check_columns(files[name], plugin.name, columns, faults)
    everything = Tables(tables)
    compiler = Compiler(loaded, root, finder, host, everything, faults)
    chains = compiler.compile()
    if chains is None and documents.complete and len(loaded) == len(documents.chains):
        faults.append(
            documents.gateway.fault(
                (), "no chain takes what no other chain matches", "a file in chains/ without match:"
            )
        )
    places = Places(desk_document, loaded, partners)
    desks = desks_of(stated_desk, desk_document, places, root, host, everything, faults)
    _check_payers(partners, faults)
    _check_reach(loaded, documents.partners, [partner for partner, _ in partners], faults, whole=not doubtful)
    check_drops(stated_sources, desk_document, desks.declared, faults)
    if main is not None:
        _check_sources(main.model, main.document, faults)
        check_banks(main.model, main.document, faults)
    if secrets:
        for document in (documents.gateway, *(one for _, one in (*documents.partners, *documents.chains))):
            _check_secrets(document, env, faults)
    if faults or gateway is None or chains is None:
        return None
    return Config(
        root=root,
        gateway=gateway.model_copy(update={"desk": {name: one or {} for name, one in desks.settings.items()}}),
        partners=[partner for partner, _ in partners],
        specs=[compiler.specs[one.spec.name] for one in loaded],
        chains=chains,
        tables=everything,
        codes=documents.codes,
        plugins=host,
        declared=desks.declared,
        documents={("gateway", ""): documents.gateway}
        | {("partners", partner.name): document for partner, document in partners}
        | {("chains", one.spec.name): one.document for one in loaded}
        | {("tables", name): document for name, document in documents.tables},
    )


def _with_contacts(
    partners: Sequence[tuple[Partner, Document]], contact: Contact | None, faults: list[ConfigFault]
) -> list[tuple[Partner, Document]]:
    """Partners whose submitter names nobody to be asked, with the organisation's contact."""
    found = []
    for partner, document in partners:
        if partner.submitter.contact is None and contact is None:
            expected = "contact: {name: ..., phone: ...}, here or under organisation in gateway.yaml"
            faults.append(document.fault(("submitter",), "nobody is named who can be asked", expected))
        elif partner.submitter.contact is None:
            submitter = partner.submitter.model_copy(update={"contact": contact})
            partner = partner.model_copy(update={"submitter": submitter})
        found.append((partner, document))
    return found


def _only(gateway: GatewayConfig | None, env: Mapping[str, str]) -> Sequence[str] | None:
    pinned = env.get(LOAD_PLUGINS)
    if pinned is not None:
        return [name.strip() for name in pinned.split(",") if name.strip()]
    return gateway.plugins if gateway else None


def _add_tables_of_plugins(
    tables: dict[str, Table], loaded: Sequence[Loaded], finder: Finder, host: PluginHost, faults: list[ConfigFault]
) -> dict[str, Document]:
    """Load the plugins that chains name, and add the tables in their folders that the configuration does not have
    itself: a file of the same name in config/tables goes before a plugin's own. Returns the files of those, by name."""
    added = {}
    for spec, _, _ in loaded:
        for station in STATIONS:
            for step in spec.stations.of(station) or ():
                if step.plugin != INHERITED:
                    with contextlib.suppress(PluginRefused):  # told by the compiler, with its place
                        finder.load(step.plugin, host)
    for plugin in host:
        for file in sorted((Path(plugin.path) / "tables").glob("*.yaml")) if plugin.path else ():
            if file.stem in tables:
                continue
            document, found = read_yaml(file, relative(file))
            faults += found
            if document is not None:
                added[file.stem] = document
                tables[file.stem] = read_table(file.stem, document, faults)
    return added


def _check_names(named: Sequence[tuple[str, Document]], what: str, faults: list[ConfigFault]) -> None:
    seen: dict[str, Document] = {}
    for name, document in named:
        if name in seen:
            faults.append(document.fault(("name",), f"another {what} is called {name!r} ({seen[name].file})"))
        seen.setdefault(name, document)


def _check_payers(partners: Sequence[tuple[Partner, Document]], faults: list[ConfigFault]) -> None:
    seen: dict[str, str] = {}
    for partner, document in partners:
        for index, route in enumerate(partner.payers):
            if route.id in seen:
                what = "every other payer" if route.id == DEFAULT_PAYER else f"payer {route.id!r}"
                faults.append(
                    document.fault(
                        ("payers", index), f"{what} is already reached through {seen[route.id]}", "one partner a payer"
                    )
                )
            seen.setdefault(route.id, f"partner {partner.name!r}")


def _check_reach(
    loaded: Sequence[Loaded],
    documents: Sequence[tuple[str, Document]],
    partners: Sequence[Partner],
    faults: list[ConfigFault],
    *,
    whole: bool,
) -> None:
    """Chains that ask for a partner or a payer that there is not. `whole`: no partner's file has a fault."""
    names = sorted({name for name, _ in documents} | {partner.name for partner in partners})
    payers = [route.id for partner in partners for route in partner.payers]
    every = not whole or not partners or DEFAULT_PAYER in payers
    for spec, document, _ in loaded:
        if spec.match is None:
            continue
        for word, patterns, known in (
            ("partner", spec.match.partner, names),
            ("payer", spec.match.payer, None if every else payers),
        ):
            if patterns is None or known is None:
                continue
            for index, pattern in enumerate(patterns):
                if any(fnmatchcase(one, pattern) for one in known):
                    continue
                what = "no partner has this name" if word == "partner" else "no partner reaches such a payer"
                faults.append(
                    document.fault(
                        ("match", word, index),
                        f"{word} {pattern!r} never comes: {what}",
                        f"one of {', '.join(sorted(known)[:12])}" if known else "",
                        nearest(pattern, known),
                    )
                )


def _check_sources(gateway: GatewayConfig, document: Document, faults: list[ConfigFault]) -> None:
    names: set[str] = set()
    folders: dict[Path, str] = {}
    for index, source in enumerate(gateway.sources):
        if source.name in names:
            faults.append(document.fault(("sources", index, "name"), f"another source is called {source.name!r}"))
        names.add(source.name)
        for key, folder in (("drop_folder", source.drop_folder), ("answers_folder", source.answers_folder)):
            if folder is None:
                continue
            other = folders.setdefault(folder, f"{key} of {source.name}")
            if other != f"{key} of {source.name}":
                faults.append(
                    document.fault(
                        ("sources", index, key), f"{key}: {folder} is already the {other}", "a folder of its own"
                    )
                )


def _check_secrets(document: Document, env: Mapping[str, str], faults: list[ConfigFault]) -> None:
    for secret in document.secrets:
        try:
            secret.reveal(env)
        except SecretMissing as error:
            loc = document.find(str(secret))
            label = f"{loc[-1]}: " if loc else ""
            faults.append(document.fault(loc, f"{label}{error}", "the secret at that place"))
