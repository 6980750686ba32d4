"""The README's three questions: what it prints as the tools' answers is what they answer."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
QUESTIONS = README.partition("## Three questions to try")[2].partition("\n## ")[0]
PRINTED = [block.splitlines() for block in re.findall(r"```text\n(.*?)```", QUESTIONS, re.DOTALL)]
ZONE = "America/Los_Angeles"
RETURN = "https://app.your-partner.com/done"


def _lacking(printed: list[str], said: str) -> list[str]:
    """The printed lines that do not stand in the answer, in their order; `…` stands for anything."""
    lines, missing = iter(said.splitlines()), []
    for line in printed:
        pattern = ".*".join(re.escape(part) for part in line.split("…"))
        if not any(re.fullmatch(pattern, one) for one in lines):
            missing.append(line)
            break
    return missing


def test_the_readmes_three_answers_are_what_the_tools_answer(serve):
    """Issue 3: three questions to try, with answers from a real run."""
    wire = serve()

    def said(tool, arguments):
        result = wire.result(tool, arguments)
        return result["structuredContent"], "\n".join(block["text"] for block in result["content"] if block["type"] == "text")

    project = said("create_project", {"name": "Quinns Coffee Co", "timezone": ZONE})[0]["result"]["project"]["id"]
    asked, _ = said("ingest_repo", {"projectId": project, "repoFullName": "quinns-coffee/quinns-app"})
    _, found = said("ingest_repo", asked["next"][0]["arguments"])
    wanted = {"projectId": project, "targetPlatforms": ["tiktok"], "format": "slideshow_remix"}
    (container,) = said("generate_content", wanted)[0]["result"]["containerIds"]
    preview, shown = said("approve_content", {"containerIds": [container]})
    said("approve_content", {"containerIds": [container], "confirm": preview["confirmation"]["handle"]})
    consent, page = said("connect_account", {"projectId": project, "platform": "tiktok", "returnUrl": RETURN})
    wire.allow(consent["result"]["authorizeUrl"])
    waited, connected = said("wait_for_job", consent["next"][0]["arguments"])
    four = (datetime.now(UTC) + timedelta(days=1)).astimezone(ZoneInfo(ZONE)).replace(hour=4, minute=0, second=0, microsecond=0)
    target = {"socialAccountId": waited["result"]["account"]["socialAccountId"]}
    _, queued = said("schedule_content", {"containerId": container, "scheduledFor": four.isoformat(), "targets": [target]})

    answers = [found, shown, f"{page}\n{connected}\n{queued}"]
    assert len(PRINTED) == 3
    assert [_lacking(*pair) for pair in zip(PRINTED, answers, strict=True)] == [[], [], []]
