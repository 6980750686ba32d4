"""Ads writes that the documents name and the sandbox does not model: they go to the live API as they are, each with the reason."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from layers_mcp.contract.ads import PathPlatform, Written
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc

__all__ = [
    "ADD_KEYWORDS", "CHANGE_KEYWORDS", "DELETE_AD", "DELETE_ADSET", "DELETE_CAMPAIGN", "DISABLE_UNDERPERFORMING", "PAUSE_ADSET",
    "REFRESH_CONTENT", "REMOVE_KEYWORDS", "RESUME_ADSET", "SCHEDULE_ADSET", "UNLOCK", "AddKeywords", "AdsetKeywords", "ChangeKeywords",
    "Daypart", "DeleteAd", "DeleteAdset", "DeleteCampaign", "DisableUnderperforming", "KeywordChange", "KeywordResult", "NewKeyword",
    "PauseAdset", "RefreshContent", "RemoveKeywords", "ResumeAdset", "Run", "ScheduleAdset", "Unlock", "Unlocked",
]  # fmt: skip

_MOST_KEYWORDS = 200
_Cents = Annotated[int, Field(ge=1, le=100_000_000_00)]
_Minute = Annotated[int, Field(ge=0, le=24 * 60)]
_DELETED = "the sandbox does not model what a platform deletes"
_RUNS = "the sandbox's optimizer does both in its own runs, and has no run for one of them"
_KEYWORDS = "the sandbox does not model search keywords"
_ADSETS = "the sandbox stops and starts campaigns only"


class DeleteCampaign(Request):
    """The campaign to delete on its platform."""

    project_id: Id
    platform: PathPlatform
    campaign_id: Id


class DeleteAdset(Request):
    """The ad set to delete on its platform."""

    project_id: Id
    platform: PathPlatform
    adset_id: Id


class DeleteAd(Request):
    """The ad to delete on its platform."""

    project_id: Id
    platform: PathPlatform
    ad_id: Id


class PauseAdset(Request):
    """The ad set to stop."""

    project_id: Id
    platform: PathPlatform
    adset_id: Id


class ResumeAdset(Request):
    """The ad set to start again."""

    project_id: Id
    platform: PathPlatform
    adset_id: Id


class Daypart(Request):
    """Minutes of one day of the week, 0 to 6, in which an ad set runs."""

    day_of_week: int = Field(ge=0, le=6)
    start_minute: _Minute
    end_minute: _Minute


class ScheduleAdset(Request):
    """When an ad set runs; what is not given stays."""

    project_id: Id
    platform: PathPlatform
    adset_id: Id
    start_time: Utc | None = None
    end_time: Utc | None = None
    dayparts: tuple[Daypart, ...] | None = Field(default=None, max_length=7 * 24)

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> ScheduleAdset:
        if self.start_time is not None and self.end_time is not None and self.end_time <= self.start_time:
            message = "endTime must be after startTime"
            raise ValueError(message)
        return self


class RefreshContent(Request):
    """Have new creatives brought into a layer's ad sets, at most so many each, and weak ones disabled."""

    project_id: Id
    platform: PathPlatform
    layer_id: Id
    max_new_creatives: int = Field(default=3, ge=1, le=50)


class DisableUnderperforming(Request):
    """Have a layer's weak ads disabled; `dry_run`: only listed."""

    project_id: Id
    platform: PathPlatform
    layer_id: Id
    dry_run: bool = False


class Run(Reply):
    """The 202 of such a run."""

    job_id: str
    run_id: str | None = None
    kind: str | None = None


class Unlock(Request):
    """The creative that failed the safety pass, to be tried again."""

    project_id: Id
    platform: PathPlatform
    ads_content_id: Id
    comment: Annotated[str, StringConstraints(max_length=1024)] | None = None


class Unlocked(Reply):
    """A creative that may be tried again."""

    ads_content_id: str
    unlocked_at: Utc
    verdict_id: str | None = None


class NewKeyword(Request):
    """A search keyword, and what a tap on it may cost."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    match_type: Literal["exact", "broad"]
    bid_amount_cents: _Cents
    status: Literal["active", "paused"]


class KeywordChange(Request):
    """What changes of one keyword."""

    keyword_id: Id
    bid_amount_cents: _Cents | None = None
    status: Literal["active", "paused"] | None = None


class AddKeywords(Request):
    """New keywords of an Apple ad group, at most 200."""

    project_id: Id
    adgroup_id: Id
    keywords: tuple[NewKeyword, ...] = Field(min_length=1, max_length=_MOST_KEYWORDS)


class ChangeKeywords(Request):
    """Changes of keywords of an Apple ad group, at most 200."""

    project_id: Id
    adgroup_id: Id
    keywords: tuple[KeywordChange, ...] = Field(min_length=1, max_length=_MOST_KEYWORDS)


class RemoveKeywords(Request):
    """Keywords of an Apple ad group to remove, at most 200."""

    project_id: Id
    adgroup_id: Id
    keyword_ids: tuple[Id, ...] = Field(min_length=1, max_length=_MOST_KEYWORDS)


class KeywordResult(Reply):
    """What became of one keyword, in the platform's words."""

    keyword_id: str | None = None
    status: str
    reason: str | None = None


class AdsetKeywords(Reply):
    """The 202 of a change of keywords."""

    job_id: str | None = None
    verdict_id: str | None = None
    results: tuple[KeywordResult, ...] = ()


_ADS = "/v1/projects/{projectId}/ads/{platform}"
_GROUP = "/v1/projects/{projectId}/ads/apple/adgroups/{adgroupId}/keywords"
_GATED = ("AUTHORITY_DENIED",)
DELETE_CAMPAIGN: Endpoint[DeleteCampaign, Written] = Endpoint(
    method="DELETE", path=f"{_ADS}/campaigns/{{campaignId}}", request=DeleteCampaign, reply=Written, scope="ads:write:lifecycle",
    rate="write-light", statuses=(202,), codes=_GATED, source="layers-api: DELETE .../campaigns/{campaignId}", live_only=_DELETED,
)  # fmt: skip
DELETE_ADSET: Endpoint[DeleteAdset, Written] = Endpoint(
    method="DELETE", path=f"{_ADS}/adsets/{{adsetId}}", request=DeleteAdset, reply=Written, scope="ads:write:lifecycle",
    rate="write-light", statuses=(202,), codes=_GATED, source="layers-api: DELETE .../campaigns/{campaignId}, adsets too",
    live_only=_DELETED,
)  # fmt: skip
DELETE_AD: Endpoint[DeleteAd, Written] = Endpoint(
    method="DELETE", path=f"{_ADS}/ads/{{adId}}", request=DeleteAd, reply=Written, scope="ads:write:lifecycle",
    rate="write-light", statuses=(202,), codes=_GATED, source="layers-api: DELETE .../campaigns/{campaignId}, also ads", live_only=_DELETED,
)  # fmt: skip
PAUSE_ADSET: Endpoint[PauseAdset, Written] = Endpoint(
    method="POST", path=f"{_ADS}/adsets/{{adsetId}}/pause", request=PauseAdset, reply=Written, scope="ads:write:lifecycle",
    rate="write-light", keyed=True, statuses=(202,), codes=_GATED, source="layers-api: ads, the adset pair of pause", live_only=_ADSETS,
)  # fmt: skip
RESUME_ADSET: Endpoint[ResumeAdset, Written] = Endpoint(
    method="POST", path=f"{_ADS}/adsets/{{adsetId}}/resume", request=ResumeAdset, reply=Written, scope="ads:write:lifecycle",
    rate="write-light", keyed=True, statuses=(202,), codes=_GATED, source="layers-api: ads, the adset pair of resume", live_only=_ADSETS,
)  # fmt: skip
SCHEDULE_ADSET: Endpoint[ScheduleAdset, Written] = Endpoint(
    method="PATCH", path=f"{_ADS}/adsets/{{adsetId}}/schedule", request=ScheduleAdset, reply=Written, scope="ads:write:budgets",
    rate="write-light", statuses=(202,), codes=_GATED, source="layers-api: PATCH .../adsets/{adsetId}/schedule",
    live_only="the sandbox does not model times of an ad set",
)  # fmt: skip
REFRESH_CONTENT: Endpoint[RefreshContent, Run] = Endpoint(
    method="POST", path=f"{_ADS}/content-refresh", request=RefreshContent, reply=Run, scope="ads:write:creative",
    rate="long-running", keyed=True, statuses=(202,), codes=_GATED, source="layers-api: POST .../content-refresh", live_only=_RUNS,
)  # fmt: skip
DISABLE_UNDERPERFORMING: Endpoint[DisableUnderperforming, Run] = Endpoint(
    method="POST", path=f"{_ADS}/disable-underperforming", request=DisableUnderperforming, reply=Run, scope="ads:write:lifecycle",
    rate="long-running", keyed=True, statuses=(202,), codes=_GATED, source="layers-api: POST .../disable-underperforming", live_only=_RUNS,
)  # fmt: skip
UNLOCK: Endpoint[Unlock, Unlocked] = Endpoint(
    method="POST", path=f"{_ADS}/creatives/{{adsContentId}}/unlock", request=Unlock, reply=Unlocked, scope="ads:write:creative",
    rate="write-light", source="layers-api: POST .../creatives/{adsContentId}/unlock",
    live_only="the sandbox flags no creative: it has no safety pass",
)  # fmt: skip
ADD_KEYWORDS: Endpoint[AddKeywords, AdsetKeywords] = Endpoint(
    method="POST", path=_GROUP, request=AddKeywords, reply=AdsetKeywords, scope="ads:write:creative", rate="write-light",
    statuses=(202,), codes=_GATED, source="layers-api: POST .../adgroups/{adgroupId}/keywords", live_only=_KEYWORDS,
)  # fmt: skip
CHANGE_KEYWORDS: Endpoint[ChangeKeywords, AdsetKeywords] = Endpoint(
    method="PUT", path=_GROUP, request=ChangeKeywords, reply=AdsetKeywords, scope="ads:write:creative", rate="write-light",
    statuses=(202,), codes=_GATED, source="layers-api: PUT .../adgroups/{adgroupId}/keywords", live_only=_KEYWORDS,
)  # fmt: skip
REMOVE_KEYWORDS: Endpoint[RemoveKeywords, AdsetKeywords] = Endpoint(
    method="DELETE", path=_GROUP, request=RemoveKeywords, reply=AdsetKeywords, scope="ads:write:creative", rate="write-light",
    statuses=(202,), codes=_GATED, source="layers-api: DELETE .../adgroups/{adgroupId}/keywords", live_only=_KEYWORDS,
)  # fmt: skip
