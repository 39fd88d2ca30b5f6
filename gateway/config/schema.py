"""JSON schemas of the configuration's files, for editors: `gateway config schema`.

An editor reads YAML its own way (payer 00123 becomes a number), the gateway reads every scalar as text. So the schemas
take numbers and true/false wherever text may stand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.core.model.code_sets import KINDS
from gateway.plugins.chains import INHERITED, STATIONS, ChainSpec
from gateway.plugins.declaring import DESK_HOOKS
from gateway.plugins.host import Plugin, PluginHost, PluginRefused

from .models import GatewayConfig
from .partner import Partner

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas(host: PluginHost) -> dict[str, dict[str, Any]]:
    """The schema of each kind of file, by name: gateway, partner, chain, table; with the settings of these plugins."""
    chain = _of(ChainSpec)
    _settings_by_plugin(chain, "StepSpec", host, lambda plugin: plugin.model("plugin_settings"), _at_stations(host))
    # A step may be a plugin's name alone.
    step = chain["$defs"]["StepSpec"]
    names = [INHERITED, *_at_stations(host)]
    chain["$defs"]["StepSpec"] = {"anyOf": [{"enum": names}, step]}
    partner = _of(Partner)
    carriers = [plugin.name for plugin in host if "open_transport" in plugin.hooks]
    _settings_by_plugin(partner, "TransportChoice", host, lambda plugin: plugin.model("transport_settings"), carriers)
    # A payer may be its id alone.
    route = partner["$defs"]["PayerRoute"]
    partner["$defs"]["PayerRoute"] = {"anyOf": [{"type": _LENIENT["string"]}, route]}
    gateway = _of(GatewayConfig)
    _desk_by_plugin(gateway, host)
    return {"gateway": gateway, "partner": partner, "chain": chain, "table": _table()}


def _at_stations(host: PluginHost) -> list[str]:
    hooks = {station.hook for station in STATIONS.values()}
    return [plugin.name for plugin in host if hooks & plugin.hooks.keys()]


def _of(model: Any) -> dict[str, Any]:
    made: dict[str, Any] = _lenient(model.model_json_schema(by_alias=True, mode="validation"))
    made["$schema"] = DIALECT
    # A file's name is its name, unless it says otherwise.
    if "name" in made.get("required", ()) and model is not GatewayConfig:
        made["required"] = [one for one in made["required"] if one != "name"]
    return made


def _settings_by_plugin(
    schema: dict[str, Any], definition: str, host: PluginHost, model_of: Callable[[Plugin], Any], names: list[str]
) -> None:
    """Say in a definition which settings go with which plugin."""
    target = schema["$defs"][definition]
    target["properties"]["plugin"] = {"enum": [*names, INHERITED] if definition == "StepSpec" else names}
    choices = []
    for name in names:
        try:
            model = model_of(host[name])
        except PluginRefused:
            continue
        if model is None:
            settings: dict[str, Any] = {"type": "object", "maxProperties": 0}
        else:
            settings = _lenient(model.model_json_schema(by_alias=True, ref_template=f"#/$defs/{name}__{{model}}"))
            for inner, one in settings.pop("$defs", {}).items():
                schema["$defs"][f"{name}__{inner}"] = one
        choices.append(
            {"if": {"properties": {"plugin": {"const": name}}}, "then": {"properties": {"settings": settings}}}
        )
    target["properties"]["settings"] = {"type": "object"}
    target["allOf"] = choices


def _desk_by_plugin(schema: dict[str, Any], host: PluginHost) -> None:
    """Say which settings each plugin takes under `desk`."""
    known: dict[str, Any] = {}
    for plugin in host:
        if not DESK_HOOKS & plugin.hooks.keys():
            continue
        try:
            model = plugin.model("desk_settings")
        except PluginRefused:
            continue
        settings: dict[str, Any] = {"type": "object", "maxProperties": 0}
        if model is not None:
            settings = _lenient(
                model.model_json_schema(by_alias=True, ref_template=f"#/$defs/{plugin.name}__{{model}}")
            )
            for inner, one in settings.pop("$defs", {}).items():
                schema.setdefault("$defs", {})[f"{plugin.name}__{inner}"] = one
        # A plugin's name alone is enough where it takes its defaults.
        known[plugin.name] = {"anyOf": [settings, {"type": "null"}]}
    schema["properties"]["desk"] = {"type": "object", "properties": known, "additionalProperties": False}


_LENIENT = {
    "string": ["string", "number", "boolean"],
    "integer": ["integer", "string"],
    "number": ["number", "string"],
    "boolean": ["boolean", "string"],
}


def _lenient(schema: Any) -> Any:
    """The schema as an editor is to apply it to YAML."""
    if isinstance(schema, list):
        return [_lenient(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _lenient(one) for key, one in schema.items()}
    kind = made.get("type")
    if isinstance(kind, str) and kind in _LENIENT:
        made["type"] = _LENIENT[kind]
    elif kind == "array" and "prefixItems" not in made:
        # One value may stand where several may.
        items = made.get("items", {})
        return {"anyOf": [made, items]} if "$ref" not in items and items.get("type") != "object" else made
    if "enum" in made:
        made["enum"] = [*made["enum"], *(int(one) for one in made["enum"] if isinstance(one, str) and one.isdigit())]
    return made


def _table() -> dict[str, Any]:
    text = {"type": ["string", "number", "boolean", "null"]}
    row = {
        "type": "object",
        "properties": {"valid_from": {"format": "date"}, "valid_to": {"format": "date"}, "source": {"type": "string"}},
        "additionalProperties": text,
    }
    return {
        "$schema": DIALECT,
        "title": "Table",
        "type": "object",
        "additionalProperties": False,
        "required": ["rows"],
        "properties": {
            "name": {"type": "string"},
            "description": {"type": "string"},
            "key": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
            "source": {"type": "string"},
            "codes": {"type": "object", "additionalProperties": {"enum": list(KINDS)}},
            "rows": {"type": "array", "items": row},
        },
    }
