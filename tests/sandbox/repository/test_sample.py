"""The sample repository says what seed 004 prints."""

from __future__ import annotations

from layers_mcp.sandbox.repository.errand import Outcome
from layers_mcp.sandbox.repository.sample import make_sample


def test_the_sample_reads_as_the_guide_prints_it(shelf, tmp_path) -> None:
    """Seed 004, the completed ingest."""
    outcome = shelf.carry_out(make_sample(tmp_path), platforms=("ios", "web"))

    assert isinstance(outcome, Outcome)
    assert outcome.brand.model_dump(exclude={"bundle_id", "android_package", "web_domain"}) == {
        "app_name": "Quinn's Coffee",
        "app_description": "Order-ahead for third-wave coffee shops in the PNW.",
        "tagline": "Your cafe, skip the line.",
        "audience": "Urban coffee drinkers 24\u201340, iPhone-first.",
        "icp": "Commuters, freelancers, students.",
        "brand_voice": "Warm, specific, lightly opinionated about beans.",
        "keywords": ("coffee", "cafe", "order ahead", "pacific northwest"),
        "primary_language": "en",
    }
    assert set(outcome.found) == set(outcome.instrumented) == {"ios", "web"}
    assert outcome.logo is not None
    assert outcome.logo.path.endswith("AppIcon.png")


def test_the_sample_is_made_once_and_is_the_same_everywhere(shelf, tmp_path) -> None:
    """One commit, one id."""
    first = make_sample(tmp_path / "a")
    again, elsewhere = make_sample(tmp_path / "a"), make_sample(tmp_path / "b")

    assert first == again == tmp_path / "a" / "quinns-coffee" / "quinns-app"
    assert shelf.git(first, "rev-parse", "main") == shelf.git(elsewhere, "rev-parse", "main")
    assert shelf.git(first, "status", "--porcelain") == ""
    assert [path.name for path in first.parent.iterdir()] == ["quinns-app"]
