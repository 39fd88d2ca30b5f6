"""What is refused when a plugin is registered, and whether the sentence helps."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from gateway.plugins import API_VERSION, hookimpl
from gateway.plugins.host import HOOKS, PluginHost, PluginRefused
from gateway.plugins.transport import TransportError


def refused(plugin: object) -> str:
    with pytest.raises(PluginRefused) as caught:
        PluginHost().add("payer_rules", plugin)
    return str(caught.value)


def test_a_plugin_says_for_which_version_it_was_written() -> None:
    class Silent:
        pass

    assert "gateway_api = 1" in refused(Silent)


def test_a_plugin_for_a_newer_gateway_is_refused_with_what_to_install() -> None:
    class Newer:
        gateway_api = API_VERSION + 1

    assert "was written for a newer gateway" in refused(Newer)
    assert f"gateway_api = {API_VERSION}" in refused(Newer)


def test_a_misspelled_hook_is_noticed() -> None:
    class Misspelled:
        gateway_api = 1

        @hookimpl
        def scrub_clam(self, claim: object) -> None: ...

    assert "Did you mean 'scrub_claim'?" in refused(Misspelled)


def test_an_argument_that_the_hook_does_not_give_is_noticed() -> None:
    class Greedy:
        gateway_api = 1

        @hookimpl
        def scrub_claim(self, claim: object, contxt: object) -> None: ...

    assert "takes 'contxt'" in refused(Greedy)
    assert "Did you mean 'context'?" in refused(Greedy)


def test_a_hook_without_its_mark_is_noticed() -> None:
    class Unmarked:
        gateway_api = 1

        def hold_claim(self, claim: object) -> None: ...

    assert "put @hookimpl above it" in refused(Unmarked)


def test_two_plugins_of_one_name_are_refused() -> None:
    class Plugin:
        gateway_api = 1

    host = PluginHost()
    host.add("twice", Plugin)
    with pytest.raises(PluginRefused, match="Two plugins are called 'twice'"):
        host.add("twice", Plugin)


def test_a_plugin_may_take_any_of_the_arguments() -> None:
    class Modest:
        gateway_api = 1

        @hookimpl
        def scrub_claim(self) -> None: ...

        @hookimpl
        def post_payment(self, match: object) -> None: ...

    added = PluginHost().add("modest", Modest)
    assert added.hooks["scrub_claim"].argnames == ()
    assert added.hooks["post_payment"].argnames == ("match",)


def test_a_settings_hook_that_returns_no_model_is_refused() -> None:
    class Wrong:
        gateway_api = 1

        @hookimpl
        def plugin_settings(self) -> object:
            return {"days": 3}

    with pytest.raises(PluginRefused, match="returns dict where a pydantic model"):
        PluginHost().add("wrong", Wrong).model("plugin_settings")


def test_a_settings_hook_that_raises_is_told_with_its_place() -> None:
    class Wrong:
        gateway_api = 1

        @hookimpl
        def plugin_settings(self) -> object:
            raise OSError("no table")

    with pytest.raises(PluginRefused, match=r"plugin_settings fails: OSError at test_host\.py:\d+ in plugin_settings"):
        PluginHost().add("wrong", Wrong).model("plugin_settings")


class LineSettings(BaseModel):
    host: str


class Carrier:
    gateway_api = 1

    @hookimpl
    def transport_settings(self) -> type[BaseModel]:
        return LineSettings

    @hookimpl
    def open_transport(self, settings: BaseModel) -> object | None:
        assert isinstance(settings, LineSettings)
        if settings.host == "down":
            raise TransportError("the line is down")
        if settings.host == "broken":
            raise KeyError(settings.host)
        return None if settings.host == "other" else ("line", settings.host)


def test_a_line_is_opened_by_the_plugin_that_the_partner_names() -> None:
    host = PluginHost()
    host.add("carrier", Carrier)
    assert host.open_transport("carrier", "practice", LineSettings(host="up")) == ("line", "up")
    with pytest.raises(TransportError, match="the line is down"):
        host.open_transport("carrier", "practice", LineSettings(host="down"))
    with pytest.raises(PluginRefused, match="KeyError at"):
        host.open_transport("carrier", "practice", LineSettings(host="broken"))
    with pytest.raises(PluginRefused, match="does not take its settings"):
        host.open_transport("carrier", "practice", LineSettings(host="other"))
    with pytest.raises(PluginRefused, match="not loaded or opens no transport"):
        host.open_transport("nobody", "practice", LineSettings(host="up"))


def test_every_hook_says_what_it_is_for() -> None:
    from gateway.plugins import hookspecs

    for name in HOOKS:
        text = getattr(hookspecs, name).__doc__
        assert text, name
        assert "alled" in text or "asked" in text, f"{name} does not say when it is called"
