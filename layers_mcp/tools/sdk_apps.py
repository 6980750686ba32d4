"""SDK apps: the credentials an app sends its events with, and how the SDK is installed."""

from __future__ import annotations

import json

from pydantic import Field, JsonValue

from layers_mcp.contract import sdk_apps
from layers_mcp.contract.errors import Invalid, LayersError
from layers_mcp.contract.scalars import Id, wire_time
from layers_mcp.contract.sdk_apps import AndroidPackage, AppName, BundleId, InstallSpec, SdkApp, SdkPlatform, WebDomain
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Adding, Arguments, Control, Effect, Look, tool
from layers_mcp.tool.origin import of_brand
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.paging import Cursor

__all__ = ["create_sdk_app", "list_sdk_apps", "update_sdk_app"]

_WIRE = {"name": "name", "bundle_id": "bundleId", "android_package": "androidPackage", "web_domain": "webDomain"}
_RELAYS = ("meta", "tiktok", "apple")
_KEY = "Its key stands in apiKey, this once: put it where the app's build reads secrets, and do not repeat it."
_GONE = "The key was in the first answer; to get one, rotate again with a new yes."
_LOST = "A new key was made by an earlier attempt, and its answer was lost; rotate it once more to see one."


class ListSdkAppsArguments(Arguments):
    """Arguments of list_sdk_apps."""

    project_id: Id = Field(description="The project.")
    app_id: Id | None = Field(default=None, description="One app, with how to install the SDK in it.")
    platforms: tuple[SdkPlatform, ...] | None = Field(
        default=None, min_length=1, max_length=9, description="With appId: how to install it on these; else on its own."
    )
    cursor: Cursor | None = Field(default=None, description="nextCursor of the page before.")


class SdkAppsView(View):
    """One app with its install spec, or a page of apps."""

    app: SdkApp | None = None
    install: InstallSpec | None = None
    apps: tuple[SdkApp, ...] = ()
    returned: int | None = None
    has_more: bool | None = None
    next_cursor: str | None = None


def _read(project_id: str, app_id: str) -> Next:
    return Next(tool="list_sdk_apps", arguments={"projectId": project_id, "appId": app_id}, why="Read how the SDK is installed.")


def _check_listing(request: ListSdkAppsArguments) -> None:
    """A page has no platforms, and one app no page.

    Raises:
        Invalid: naming what does not go with the rest.
    """
    if request.app_id is None and request.platforms is not None:
        path, words = "platforms", "goes with appId; add it, or leave platforms out"
    elif request.app_id is not None and request.cursor is not None:
        path, words = "cursor", "does not go with appId, which names one app; leave one of them out"
    else:
        return
    issue: JsonValue = {"path": path, "message": words}
    raise Invalid(f"list_sdk_apps: {path} {words}", details={"issues": [issue]})


@tool(calls=(sdk_apps.LIST, sdk_apps.GET, sdk_apps.INSTALL_SPEC), effect=Effect.READS)
async def list_sdk_apps(request: ListSdkAppsArguments, call: Call) -> Outcome[SdkAppsView]:
    """List a project's SDK apps; with appId one app and how the SDK is installed in it: package, settings, files.

    An ingest makes an app by itself. A key is never listed: create_sdk_app and update_sdk_app with rotateKey show one once.
    """
    _check_listing(request)
    if request.app_id is None:
        fields = {"project_id": request.project_id} | ({"cursor": request.cursor} if request.cursor else {})
        page = await call.layers.send(sdk_apps.LIST, sdk_apps.ListSdkApps.model_validate(fields))
        view = SdkAppsView(apps=page.items, returned=len(page.items), has_more=page.next_cursor is not None, next_cursor=page.next_cursor)
        steps = (_read(request.project_id, page.items[0].app_id),) if page.items else ()
        marks = of_brand("apps") if page.items else ()
        return Outcome(say=f"SDK apps on this page: {len(page.items)}.", result=view, next=steps, read_from=marks)
    app = await call.layers.send(sdk_apps.GET, sdk_apps.GetSdkApp(project_id=request.project_id, app_id=request.app_id))
    wanted = {"project_id": request.project_id, "app_id": request.app_id}
    wanted |= {"platforms": ",".join(dict.fromkeys(request.platforms))} if request.platforms else {}
    install = await call.layers.send(sdk_apps.INSTALL_SPEC, sdk_apps.GetInstallSpec.model_validate(wanted))
    view = SdkAppsView(app=app, install=install)
    return Outcome(say=f"SDK app {app.app_id}, and how it is installed.", result=view, read_from=of_brand("app"))


class CreateSdkAppArguments(Adding):
    """Arguments of create_sdk_app."""

    project_id: Id = Field(description="The project.")
    name: AppName = Field(description="A name for the app.")
    platform: SdkPlatform = Field(description="Its stack.")
    bundle_id: BundleId | None = Field(default=None, description="With ios, required: such as com.acme.app.")
    android_package: AndroidPackage | None = Field(default=None, description="With android, required: such as com.acme.app.")
    web_domain: WebDomain | None = Field(
        default=None, description="With web, nextjs, vite and react-router, required: such as app.acme.com."
    )


class SdkAppView(View):
    """One app; `apiKey` stands only in the answer that made it."""

    app: SdkApp


@tool(
    calls=(sdk_apps.CREATE,),
    effect=Effect.ADDS,
    look=lambda request: Look("list_sdk_apps", {"projectId": request.project_id}),
)
async def create_sdk_app(request: CreateSdkAppArguments, call: Call) -> Outcome[SdkAppView]:
    """Make an SDK app with a key of its own, shown once. Not needed after ingest_repo, which makes one (see list_sdk_apps)."""
    wanted = sdk_apps.CreateSdkApp.model_validate(request.model_dump(exclude_unset=True, exclude_none=True, exclude={"idempotency_key"}))
    app = await call.layers.send(sdk_apps.CREATE, wanted, key=call.key)
    say = f"SDK app {app.app_id} was made. {_KEY}"
    if app.api_key is None:
        say = f"SDK app {app.app_id} stands. Its key was in an earlier answer; update_sdk_app with rotateKey makes a new one."
    return Outcome(say=say, result=SdkAppView(app=app), next=(_read(request.project_id, app.app_id),))


class CapiArguments(Arguments):
    """The ad platforms to switch."""

    meta: bool | None = Field(default=None, description="Forward conversions to Meta.")
    tiktok: bool | None = Field(default=None, description="Forward conversions to TikTok.")
    apple: bool | None = Field(default=None, description="Forward conversions to Apple.")


class UpdateSdkAppArguments(Control):
    """Arguments of update_sdk_app."""

    project_id: Id = Field(description="The project.")
    app_id: Id = Field(description="The app.")
    name: AppName | None = Field(default=None, description="New name.")
    bundle_id: BundleId | None = Field(default=None, description="New bundle id.")
    android_package: AndroidPackage | None = Field(default=None, description="New Android package.")
    web_domain: WebDomain | None = Field(default=None, description="New domain.")
    capi: CapiArguments | None = Field(default=None, description="Conversions to forward; needs a pixel of that platform first.")
    rotate_key: bool = Field(default=False, description="Make a new key; the old one dies at once.")


def _change(request: UpdateSdkAppArguments) -> sdk_apps.UpdateSdkApp:
    """What is sent.

    Raises:
        Invalid: nothing would change.
    """
    given = request.model_dump(exclude_unset=True, exclude_none=True, exclude={"confirm", "capi", "rotate_key"})
    relays = request.capi.model_dump(exclude_unset=True, exclude_none=True) if request.capi else {}
    if relays:
        given["capi"] = {name: {"enabled": on} for name, on in relays.items()}
    if request.rotate_key:
        given["rotate_key"] = True
    if set(given) == {"project_id", "app_id"}:
        issue: JsonValue = {"path": "appId", "message": "give at least one thing to change beside it; rotateKey=false changes nothing"}
        raise Invalid("update_sdk_app got nothing to change", details={"issues": [issue]})
    return sdk_apps.UpdateSdkApp.model_validate(given)


def _in_words(change: sdk_apps.UpdateSdkApp) -> str:
    words = [wire for name, wire in _WIRE.items() if name in change.model_fields_set]
    said = [f"new {', '.join(words)}"] if words else []
    for name in _RELAYS:
        switch = getattr(change.capi, name) if change.capi else None
        said += [f"conversions {'go' if switch.enabled else 'no longer go'} on to {name}"] if switch else []
    said += ["a new key, and the old one dies at once: apps that still send with it are no longer heard"] if change.rotate_key else []
    return "; ".join(said)


def _quoted(given: str | None) -> str:
    """A name or an address in quotes: somebody typed it in."""
    return json.dumps(given, ensure_ascii=False) if given else "none"


def _as_it_is(app: SdkApp, change: sdk_apps.UpdateSdkApp) -> str:
    """What would change, as it stands."""
    said = [f"{_WIRE[name]}: {_quoted(getattr(app, name))}" for name in _WIRE if name in change.model_fields_set]
    for name in _RELAYS if change.capi else ():
        if getattr(change.capi, name) is not None:
            relay = getattr(app.capi, name) if app.capi else None
            said.append(f"capi.{name}: {'on' if relay and relay.enabled else 'off'}")
    rotated = wire_time(app.last_rotated_at) if app.last_rotated_at else "an unknown day"
    return "; ".join([*said, *([f"key of {rotated}"] if change.rotate_key else [])])


def _as_it_would_be(change: sdk_apps.UpdateSdkApp) -> str:
    """The same after the change."""
    said = [f"{wire}: {_quoted(getattr(change, name))}" for name, wire in _WIRE.items() if name in change.model_fields_set]
    switches = [(name, getattr(change.capi, name)) for name in _RELAYS] if change.capi else []
    said += [f"capi.{name}: {'on' if switch.enabled else 'off'}" for name, switch in switches if switch]
    return "; ".join([*said, *(["a new key"] if change.rotate_key else [])])


def _check(app: SdkApp, change: sdk_apps.UpdateSdkApp) -> None:
    """Refuse what must fail after the yes.

    Raises:
        Invalid: an identifier that does not go with the app's stack, or a relay of a platform that is known to have no pixel.
    """
    issues: list[JsonValue] = []
    for name, stacks in sdk_apps.FITS.items():
        if name in change.model_fields_set and app.platform not in stacks:
            words = f"does not go with {app.platform}, but with {', '.join(stacks)}; leave it out"
            issues.append({"path": _WIRE[name], "message": words})
    for name in _RELAYS if change.capi and app.capi else ():
        switch, relay = getattr(change.capi, name), getattr(app.capi, name)
        if switch and switch.enabled and relay and "pixel_id" in relay.model_fields_set and relay.pixel_id is None:
            issues.append({"path": f"capi.{name}", "message": "needs a pixel of this platform first; leave it off until there is one"})
    if issues:
        raise Invalid("update_sdk_app: the change does not go with this app", details={"issues": issues})


async def show_app(request: UpdateSdkAppArguments, call: Call) -> Shown:
    """The app as it is, and what would change.

    Raises:
        Invalid: nothing would change, or what would can't.
    """
    change = _change(request)
    app = await call.layers.send(sdk_apps.GET, sdk_apps.GetSdkApp(project_id=request.project_id, app_id=request.app_id))
    facts: dict[str, JsonValue] = app.model_dump(mode="json", by_alias=True, exclude_none=True)
    _check(app, change)
    facts["change"] = change.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"project_id", "app_id"})
    facts.pop("lastEventAt", None)  # it passes by itself
    item = ShownItem(id=app.app_id, before=_as_it_is(app, change), after=_as_it_would_be(change), facts=facts)
    return Shown(question=f"Change SDK app {app.app_id}: {_in_words(change)}?", items=(item,))


async def _outlived(request: UpdateSdkAppArguments, call: Call) -> Outcome[SdkAppView]:
    """The end of an act whose key was made by an earlier one, with the app as it stands now: Layers gives the answer of then back.

    Raises:
        LayersError: how it stands can't be read now.
    """
    try:
        app = await call.layers.send(sdk_apps.GET, sdk_apps.GetSdkApp(project_id=request.project_id, app_id=request.app_id))
    except LayersError as problem:
        problem.unsure = True
        raise
    again = request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"confirm"})
    return Outcome(
        say=f"SDK app {app.app_id}: an earlier yes had changed this. {_LOST} Nothing was changed now: that takes a new yes.",
        status="needs_action",
        result=SdkAppView(app=app),
        next=(Next(tool="update_sdk_app", arguments=again, why="Ask the person anew, if there shall be another key."),),
        read_from=of_brand("app"),
    )


@tool(
    calls=(sdk_apps.GET, sdk_apps.UPDATE),
    effect=Effect.REMOVES,
    ask=show_app,
    look=lambda request: Look("list_sdk_apps", {"projectId": request.project_id, "appId": request.app_id}),
    sets=lambda request: not request.rotate_key,
)
async def update_sdk_app(request: UpdateSdkAppArguments, call: Call) -> Outcome[SdkAppView]:
    """Change an SDK app, switch what it forwards to ad platforms, or give it a new key. Without confirm it only shows what would change."""
    app = await call.layers.send(sdk_apps.UPDATE, _change(request), key=call.key)
    if call.again and app.api_key is None:
        return await _outlived(request, call)
    say, again = f"SDK app {app.app_id} was changed.", None
    if request.rotate_key:
        say += " The old key is dead."
        again = f"{say} {_GONE}" if app.api_key else None
        say += f" {_KEY}" if app.api_key else f" {_LOST}"
    view = SdkAppView(app=app)
    return Outcome(say=say, say_again=again, result=view, next=(_read(request.project_id, app.app_id),), read_from=of_brand("app"))
