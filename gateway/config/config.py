"""The configuration in force: everything the files say, checked, compiled, and known by its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from gateway.core.model.known_codes import KnownCodes
from gateway.plugins.chains import STATIONS, Chains, ChainSpec
from gateway.plugins.declaring import Declared
from gateway.plugins.desk_claims import SOURCE as MADE
from gateway.plugins.host import PluginHost
from gateway.plugins.rows import DeclaredTable
from gateway.plugins.tables import Tables

from .checks import Checks
from .codes import load_codes
from .contact import Contact
from .faults import Document
from .models import GatewayConfig, Source
from .partner import DEFAULT_PAYER, Partner
from .tables import as_data

FORMAT = 1


class Config:
    """One configuration. It never changes; a reload makes another one.

    `gateway`: gateway.yaml, its paths absolute. `partners`, by name. `chains`: compiled, ready for a Runner. `tables`.
    `plugins`: those that the configuration uses, loaded. `hash`: SHA-256 of `text`, which is all of it in a form that
    `restore` reads again (secrets only as references).
    """

    def __init__(
        self,
        *,
        root: Path,
        gateway: GatewayConfig,
        partners: Iterable[Partner],
        specs: Iterable[ChainSpec],
        chains: Chains,
        tables: Tables,
        plugins: PluginHost,
        codes: Mapping[str, str] | None = None,
        declared: Mapping[str, Declared] | None = None,
        documents: Mapping[tuple[str, str], Document] | None = None,
    ) -> None:
        self.root = root
        self.documents = dict(documents or {})
        """The files that it was read from, by kind (gateway, partners, chains, tables) and name."""
        self.partners = tuple(partners)
        self.chains = chains
        self.tables = tables
        self.plugins = plugins
        self.declared: Mapping[str, Declared] = dict(declared or {})
        """What the plugins in use declare beside the chains, by the plugin's name."""
        self.text = _text(gateway, self.partners, specs, tables, codes or {})
        self.hash = hashlib.sha256(self.text).hexdigest()
        self.gateway = _with_absolute_paths(gateway, root)
        self._sources = {source.name: source for source in self.gateway.sources}
        self._partners = {partner.name: partner for partner in self.partners}
        self._by_payer = {route.id: (partner, route.sent_id) for partner in self.partners for route in partner.payers}

    @cached_property
    def codes(self) -> KnownCodes:
        """The code lists that others keep, as far as they are known here; read from their files when first asked.

        Raises:
            CodesError, OSError: as `codes.read_codes`.
        """
        return load_codes(self.root)

    def source(self, name: str) -> Source | None:
        """The billing system of this name; None where there is none."""
        return self._sources.get(name)

    def checks_of(self, source: str) -> Checks | None:
        """What is done about claims of a source that do not keep to their guide; None where it is no source any more.
        Claims that plugins make are checked as those of a source that sets nothing."""
        known = self._sources.get(source)
        if known is not None:
            return known.check
        return Checks() if source.startswith(MADE) else None

    def partner(self, name: str) -> Partner | None:
        """The partner of this name; None where there is none."""
        return self._partners.get(name)

    def partner_for(self, payer_id: str) -> Partner | None:
        """The partner that reaches a payer: the one that names it, else the one for all others; None where there is
        neither."""
        found = self._by_payer.get(payer_id) or self._by_payer.get(DEFAULT_PAYER)
        return found[0] if found else None

    @property
    def contact(self) -> Contact | None:
        """Who is asked about what we write for nobody but ourselves: the organisation's contact, else that of its first
        partner."""
        own = self.gateway.organisation.contact
        if own is not None:
            return own
        return next((one.submitter.contact for one in self._partners.values()), None)

    def plugin_tables(self) -> list[DeclaredTable]:
        """The tables in which its plugins keep rows of their own, by plugin and name."""
        return [
            DeclaredTable(plugin.name, plugin.row_tables[name])
            for plugin in sorted(self.plugins, key=lambda one: one.name)
            for name in sorted(plugin.row_tables)
        ]

    def sent_payer_id(self, payer_id: str) -> str:
        """Under which id the payer goes out: its own, unless its route says otherwise."""
        found = self._by_payer.get(payer_id)
        return (found[1] if found else None) or payer_id


def _plain(model: BaseModel, settings: Iterable[Any] = ()) -> Any:
    """The model as plain data, the same in every process: what is a set in the settings in it comes sorted."""
    plain = model.model_dump(mode="json", by_alias=True)
    if any(_has_sets(cast(Hashable, type(one))) for one in settings):
        return _sorted_sets(plain, model.model_dump(by_alias=True))
    return plain


@cache
def _has_sets(model: Hashable) -> bool:
    schema = repr(getattr(model, "__pydantic_core_schema__", ""))
    return "'type': 'set'" in schema or "'type': 'frozenset'" in schema


def _settings_of(spec: ChainSpec) -> Iterable[Any]:
    return (step.settings for name in STATIONS for step in spec.stations.of(name) or ())


def _sorted_sets(plain: Any, typed: Any) -> Any:
    if isinstance(plain, dict) and isinstance(typed, Mapping):
        return {key: _sorted_sets(value, typed.get(key)) for key, value in plain.items()}
    if isinstance(plain, list):
        if isinstance(typed, Set):
            return sorted(plain, key=json.dumps)
        if isinstance(typed, Sequence):
            return [_sorted_sets(one, two) for one, two in zip(plain, typed, strict=True)]
    return plain


def _text(
    gateway: GatewayConfig,
    partners: Iterable[Partner],
    specs: Iterable[ChainSpec],
    tables: Tables,
    codes: Mapping[str, str],
) -> bytes:
    data: dict[str, Any] = {
        "format": FORMAT,
        "gateway": _plain(gateway, gateway.desk.values()),
        "partners": [_plain(partner, [partner.transport.settings]) for partner in partners],
        "chains": [_plain(spec, _settings_of(spec)) for spec in specs],
        "tables": [as_data(tables[name]) for name in sorted(tables)],
    }
    if codes:
        data["codes"] = dict(codes)
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def _with_absolute_paths(gateway: GatewayConfig, root: Path) -> GatewayConfig:
    data_dir = root / gateway.data_dir
    sources = [
        source.model_copy(
            update={
                "drop_folder": root / source.drop_folder if source.drop_folder else data_dir / "in" / source.name,
                "answers_folder": root / source.answers_folder
                if source.answers_folder
                else data_dir / "out" / source.name,
            }
        )
        for source in gateway.sources
    ]
    update: dict[str, Any] = {"data_dir": data_dir, "sources": tuple(sources)}
    if gateway.plugins_dir is not None:
        update["plugins_dir"] = root / gateway.plugins_dir
    if gateway.web.tls_certificate is not None and gateway.web.tls_key is not None:
        tls = {"tls_certificate": root / gateway.web.tls_certificate, "tls_key": root / gateway.web.tls_key}
        update["web"] = gateway.web.model_copy(update=tls)
    return gateway.model_copy(update=update)
