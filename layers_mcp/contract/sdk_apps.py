"""SDK apps: the credentials an app sends its events with, and how the SDK is put into it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc
from layers_mcp.contract.secret import Secret

__all__ = [
    "CREATE",
    "FITS",
    "GET",
    "INSTALL_SPEC",
    "LIST",
    "UPDATE",
    "WEB",
    "AndroidPackage",
    "AppName",
    "BundleId",
    "Capi",
    "CapiChange",
    "CapiRelay",
    "CapiSwitch",
    "CreateSdkApp",
    "Dependency",
    "EnvVar",
    "GetInstallSpec",
    "GetSdkApp",
    "InstallSpec",
    "ListSdkApps",
    "PlatformSpec",
    "SdkApp",
    "SdkAppPage",
    "SdkPlatform",
    "SpecFile",
    "UpdateSdkApp",
    "WebDomain",
]

SdkPlatform = Literal["ios", "android", "web", "react-native", "flutter", "expo", "nextjs", "vite", "react-router"]
"""Stacks an SDK app may be of (layers-api: POST …/sdk-apps, newer pages)."""
WEB: tuple[SdkPlatform, ...] = ("web", "nextjs", "vite", "react-router")
"""Stacks of the web."""
_NATIVE: tuple[SdkPlatform, ...] = ("react-native", "flutter", "expo")
FITS: dict[str, tuple[SdkPlatform, ...]] = {"bundle_id": ("ios", *_NATIVE), "android_package": ("android", *_NATIVE), "web_domain": WEB}
"""The stacks an identifier goes with; beside any other it is null (layers-api: POST …/sdk-apps)."""
AppName = Annotated[str, StringConstraints(min_length=1, max_length=128)]
BundleId = Annotated[str, StringConstraints(max_length=155, pattern=r"^[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+$")]
AndroidPackage = Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$")]
WebDomain = Annotated[str, StringConstraints(max_length=253, pattern=r"^[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+$")]


class CapiRelay(Reply):
    """Whether conversions go on to one ad platform; `pixel_id` None: none is configured."""

    enabled: bool
    pixel_id: str | None = None
    last_forward_at: Utc | None = None


class Capi(Reply):
    """The relays that were ever switched, by ad platform; empty until then."""

    meta: CapiRelay | None = None
    tiktok: CapiRelay | None = None
    apple: CapiRelay | None = None


class SdkApp(Reply):
    """One app (layers-api: SDK app object); items of a list have fewer fields.

    `api_key` stands only in the reply that made it: a creation, or a patch with `rotateKey`.
    """

    app_id: str
    name: str
    platform: SdkPlatform
    bundle_id: str | None = None
    android_package: str | None = None
    web_domain: str | None = None
    ingest_endpoint: str | None = None
    capi: Capi | None = None
    created_at: Utc | None = None
    last_rotated_at: Utc | None = None
    last_event_at: Utc | None = None
    api_key: Secret | None = None


class CreateSdkApp(Request):
    """`bundle_id` is required for ios, `android_package` for android, `web_domain` for web, nextjs, vite and react-router."""

    project_id: Id
    name: AppName
    platform: SdkPlatform
    bundle_id: BundleId | None = None
    android_package: AndroidPackage | None = None
    web_domain: WebDomain | None = None


class ListSdkApps(Request):
    """A page of a project's SDK apps, newest first; `limit` 1 to 100."""

    project_id: Id
    platform: SdkPlatform | None = None
    cursor: str | None = None
    limit: int = Field(default=25, ge=1, le=100)


class SdkAppPage(Reply):
    """A page of SDK apps."""

    items: tuple[SdkApp, ...]
    next_cursor: str | None = None


class GetSdkApp(Request):
    """One SDK app."""

    project_id: Id
    app_id: Id


class CapiSwitch(Request):
    """Whether conversions are to go on to one ad platform; needs a pixel and an ad credential of that platform first."""

    enabled: bool


class CapiChange(Request):
    """The relays to switch."""

    meta: CapiSwitch | None = None
    tiktok: CapiSwitch | None = None
    apple: CapiSwitch | None = None


class UpdateSdkApp(Request):
    """The fields to change; `rotate_key` makes a new key, and the old one dies at once."""

    project_id: Id
    app_id: Id
    name: AppName | None = None
    bundle_id: BundleId | None = None
    android_package: AndroidPackage | None = None
    web_domain: WebDomain | None = None
    capi: CapiChange | None = None
    rotate_key: bool = False


class GetInstallSpec(Request):
    """How to install the SDK; `platforms` with commas between, else the app's own."""

    project_id: Id
    app_id: Id
    platforms: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class Dependency(Reply):
    """A package as its manager names it; `from`: the least version; `url`: where it is fetched from when that is not the registry."""

    manager: Literal["npm", "spm", "gradle", "pub"]
    name: str | None = None
    url: str | None = None
    since: str = Field(validation_alias="from", serialization_alias="from")


class EnvVar(Reply):
    """A setting of the app."""

    name: str
    value: str


class SpecFile(Reply):
    """A file to make, whole, or the lines to add to one that the app has; `path` is the usual place."""

    path: str
    action: Literal["create", "add_lines"]
    contents: str


class PlatformSpec(Reply):
    """How the SDK gets into an app of one stack; `also_needs`: packages beside the first."""

    platform: SdkPlatform
    dependency: Dependency
    also_needs: tuple[Dependency, ...] = ()
    env_vars: tuple[EnvVar, ...]
    init_snippet: str
    files: tuple[SpecFile, ...] = ()


class InstallSpec(Reply):
    """How the SDK is installed, the same for the same app and platforms."""

    app_id: str
    platforms: tuple[PlatformSpec, ...]


CREATE: Endpoint[CreateSdkApp, SdkApp] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/sdk-apps",
    request=CreateSdkApp,
    reply=SdkApp,
    scope="projects:write",
    rate="write-light",
    keyed=True,
    statuses=(201,),
    codes=("CONFLICT",),
    source="layers-api: POST /v1/projects/:projectId/sdk-apps",
)
LIST: Endpoint[ListSdkApps, SdkAppPage] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/sdk-apps",
    request=ListSdkApps,
    reply=SdkAppPage,
    scope="projects:read",
    rate="read-light",
    source="layers-api: GET /v1/projects/:projectId/sdk-apps",
)
GET: Endpoint[GetSdkApp, SdkApp] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/sdk-apps/{appId}",
    request=GetSdkApp,
    reply=SdkApp,
    scope="projects:read",
    rate="read-light",
    source="layers-api: GET /v1/projects/:projectId/sdk-apps/:appId",
)
UPDATE: Endpoint[UpdateSdkApp, SdkApp] = Endpoint(
    method="PATCH",
    path="/v1/projects/{projectId}/sdk-apps/{appId}",
    request=UpdateSdkApp,
    reply=SdkApp,
    scope="projects:write",
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source="layers-api: PATCH /v1/projects/:projectId/sdk-apps/:appId",
)
INSTALL_SPEC: Endpoint[GetInstallSpec, InstallSpec] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/sdk-apps/{appId}/install-spec",
    request=GetInstallSpec,
    reply=InstallSpec,
    scope="projects:read",
    rate="read-light",
    source="layers-api: GET /v1/projects/:projectId/sdk-apps/:appId/install-spec",
)
