"""Real git repositories, made in a moment, and errands to read them."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from layers_mcp.sandbox.child.running import Limits
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository import child
from layers_mcp.sandbox.repository.errand import Brand, Errand, Outcome, Push
from layers_mcp.sandbox.repository.pushing import push
from layers_mcp.sandbox.repository.reading import carry_out

APP_ID = "app_0123456789abcdef01234567"


class Shelf:
    """Repositories of a test: makes them from files, reads them, and looks at what came out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0

    def git(self, repository: Path, *arguments: str) -> str:
        """What git prints in a repository."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1"}
        for who in ("AUTHOR", "COMMITTER"):
            environment |= {f"GIT_{who}_NAME": "Owner", f"GIT_{who}_EMAIL": "owner@example.com", f"GIT_{who}_DATE": "1700000000 +0000"}
        command = ["git", "-c", "protocol.file.allow=always", *arguments]
        return subprocess.run(command, cwd=repository, env=environment, check=True, capture_output=True, text=True).stdout.strip()

    def make(self, files: Mapping[str, str | bytes]) -> Path:
        """A repository with one commit of these files on `main`."""
        self._made += 1
        repository = self.folder / f"repository-{self._made}"
        repository.mkdir()
        self.git(repository, "init", "--quiet", "--initial-branch=main", ".")
        for path, content in files.items():
            place = repository / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.commit(repository)
        return repository

    def commit(self, repository: Path) -> None:
        """Commit everything."""
        self.git(repository, "add", "--all")
        self.git(repository, "commit", "--quiet", "--allow-empty", "--message", "All of it")

    def errand(self, source: Path, **changes: object) -> Errand:
        """An errand that keeps a patch."""
        asked: dict[str, object] = {
            "full_name": "owner/the-app",
            "source": str(source),
            "app_id": APP_ID,
            "head": "layers/instrument-sdk-job_1",
            "title": "Add the Layers SDK",
            "body": "Adds the SDK.",
            "committed_at": datetime(2026, 4, 18, 17, 23, 1, tzinfo=UTC),
            "push": False,
            "patch_path": str(self.folder / "layers.patch"),
        }
        return Errand.model_validate(asked | changes)

    def _room(self) -> Path:
        self._made += 1
        room = self.folder / f"room-{self._made}"
        room.mkdir()
        return room

    def carry_out(self, source: Path, **changes: object) -> object:
        """Read a repository in this process."""
        return carry_out(self.errand(source, **changes), self._room())

    def push(self, source: Path, **changes: object) -> object:
        """Read a repository in this process, and push what was written."""
        errand = self.errand(source, push=True, **changes)
        outcome = carry_out(errand, self._room())
        assert isinstance(outcome, Outcome), outcome
        return push(Push(errand=errand, outcome=outcome), self._room())

    def read(self, files: Mapping[str, str | bytes], **changes: object) -> Outcome:
        """Make a repository, read it, and expect an outcome."""
        outcome = self.carry_out(self.make(files), **changes)
        assert isinstance(outcome, Outcome), outcome
        return outcome

    def brand(self, files: Mapping[str, str | bytes], **changes: object) -> Brand:
        """The brand context of a page and these files."""
        return self.read({"index.html": "<html><head></head><body></body></html>", **files}, **changes).brand

    def applied(self, files: Mapping[str, str | bytes], **changes: object) -> dict[str, str]:
        """Make a repository, instrument it, apply the patch with git, and read every file."""
        repository = self.make(files)
        outcome = self.carry_out(repository, **changes)
        assert isinstance(outcome, Outcome), outcome
        if outcome.patch_path is not None:
            self.git(repository, "am", "--quiet", "--keep-cr", outcome.patch_path)
            assert self.git(repository, "rev-parse", "HEAD^{tree}") == self.git(repository, "write-tree")
        names = self.git(repository, "ls-files", "-z").split("\0")
        return {name: (repository / name).read_bytes().decode(errors="replace") for name in names if name}


@dataclass(frozen=True)
class Seen:
    """How a visit of the real child ended, and what it took; memory is that of all its processes together."""

    result: Outcome | Trouble
    lasted_s: float
    peak_mib: float


class Watch:
    """Runs the real child, measures it, and looks that nothing is left of it."""

    def __init__(self, rooms: Path, name: str, aloud: Callable[[str], None]) -> None:
        self.rooms = rooms
        self._name = name
        self._aloud = aloud

    def _resident(self) -> int:
        """Bytes of every process below this one that works in one of the rooms; shared pages count in each.

        One that was forked and is still this program holds this program's pages, not its own.
        """
        total, us = 0, Path("/proc/self/cmdline").read_bytes()
        for entry in os.scandir("/proc"):
            try:
                there = entry.name.isdigit() and str(Path(f"/proc/{entry.name}/cwd").readlink()).startswith(str(self.rooms))
                if there and Path(f"/proc/{entry.name}/cmdline").read_bytes() != us:
                    total += int(Path(f"/proc/{entry.name}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            except OSError:
                continue
        return total

    def _sample(self, peaks: list[int], done: threading.Event) -> None:
        while not done.wait(0.01):
            peaks.append(self._resident())

    async def run(self, errand: Errand | Push, *, at_most_s: float = 20.0) -> Seen:
        """Visit once; what comes back keeps the promises that hold for every repository."""
        peaks, done = [0], threading.Event()
        sampler = threading.Thread(target=self._sample, args=(peaks, done))
        sampler.start()
        start = time.monotonic()
        try:
            result = await child.run(errand, Limits(at_most_s=at_most_s))
        finally:
            lasted_s = time.monotonic() - start
            done.set()
            sampler.join()
        seen = Seen(result, lasted_s, max(peaks) / 2**20)
        told = f"{result.code} {result.field}: {result.message}" if isinstance(result, Trouble) else f"outcome, {result.instrumented}"
        self._aloud(f"HOSTILE | {self._name} | {told} | {seen.lasted_s:.1f} s | {seen.peak_mib:.0f} MiB")
        assert seen.peak_mib <= 512
        assert lasted_s < at_most_s + 5
        assert list(self.rooms.iterdir()) == []
        assert self._resident() == 0
        assert isinstance(result, Outcome) or (result.field and "; " in result.message)
        return seen


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, aloud: Callable[[str], None]) -> Watch:
    """A watch over the child and its temporary folders; what it measures is said at the end of the run."""
    rooms = tmp_path / "rooms"
    rooms.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(rooms))
    return Watch(rooms, request.node.name, aloud)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A shelf for this test's repositories."""
    return Shelf(tmp_path)


@pytest.fixture
def stacks() -> dict[str, dict[str, str]]:
    """One small app on each stack, as its generator or a developer would lay it out."""
    return STACKS


_REACT_NATIVE_PACKAGE_JSON = """\
{
  "name": "bean",
  "dependencies": {
    "react": "19.0.0",
    "react-native": "0.80.0"
  }
}
"""
_REACT_NATIVE_INDEX_JS = """\
/**
 * @format
 */

import {AppRegistry} from 'react-native';
import App from './App';

AppRegistry.registerComponent('bean', () => App);
"""
_EXPO_PACKAGE_JSON = """\
{
  "name": "bean",
  "main": "expo-router/entry",
  "dependencies": {
    "expo": "~54.0.0",
    "react-dom": "19.0.0",
    "react-native": "0.81.0"
  }
}
"""
_EXPO_LAYOUT_TSX = """\
import { Stack } from 'expo-router';

export default function Layout() {
  return <Stack />;
}
"""
_FLUTTER_PUBSPEC_YAML = """\
name: bean
description: Beans near you.

dependencies:
  flutter:
    sdk: flutter
  # talks to the roaster
  dio: ^5.0.0

dev_dependencies:
  flutter_test:
    sdk: flutter
"""
_FLUTTER_MAIN_DART = """\
import 'package:flutter/material.dart';

void main() => runApp(const Bean());

class Bean extends StatelessWidget {
  const Bean({super.key});
}
"""
_ANDROID_BUILD_GRADLE_KTS = """\
plugins {
    id("com.android.application")
}

android {
    defaultConfig {
        applicationId = "coffee.bean"
    }
}

dependencies {
    implementation("androidx.core:core-ktx:1.15.0")
    testImplementation("junit:junit:4.13.2")
}
"""
_ANDROID_ANDROIDMANIFEST_XML = """\
<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android">
    <application android:name=".BeanApp" android:label="@string/app_name">
        <activity android:name=".MainActivity" android:exported="true" />
    </application>
</manifest>
"""
_ANDROID_BEANAPP_KT = """\
package coffee.bean

import android.app.Application

class BeanApp : Application() {
    override fun onCreate() {
        super.onCreate()
        warmUp()
    }
}
"""
_NEXT_PACKAGE_JSON = """\
{
  "name": "bean-map",
  "dependencies": {
    "next": "14.2.3",
    "react": "18.3.1",
    "react-dom": "18.3.1"
  }
}
"""
_NEXT_LAYOUT_TSX = """\
import type { Metadata } from "next";
import "./globals.css";

export const metadata: Metadata = {
  title: "Bean Map",
  description: "Find the beans near you.",
};

export default function RootLayout({ children }: { children: React.ReactNode }) {
  return (
    <html lang="en">
      <body className={`a ${"b"}`}>
        {children}
      </body>
    </html>
  );
}
"""
_VITE_PACKAGE_JSON = """\
{
  "name": "bean",
  "dependencies": {
    "vue": "^3.5.0"
  },
  "devDependencies": {
    "vite": "^7.0.0"
  }
}
"""
_VITE_INDEX_HTML = """\
<!doctype html>
<html lang="en">
  <head>
    <title>Bean</title>
  </head>
  <body>
    <script type="module" src="/src/main.js"></script>
  </body>
</html>
"""
_HTML_INDEX_HTML = """\
<!doctype html>
<html lang="en">
<head>
  <title>Bean</title>
</head>
<body></body>
</html>
"""
STACKS: dict[str, dict[str, str]] = {
    "react-native": {
        "package.json": _REACT_NATIVE_PACKAGE_JSON,
        "app.json": '{"name": "bean", "displayName": "Bean"}\n',
        "index.js": _REACT_NATIVE_INDEX_JS,
        "App.tsx": "export default function App() { return null; }\n",
        "tsconfig.json": "{}\n",
        "ios/Podfile": "target 'Bean' do\nend\n",
        "ios/Bean.xcodeproj/project.pbxproj": '// com.apple.product-type.application iphoneos\n{objects = {}; rootObject = "A";}\n',
        "android/app/build.gradle": 'apply plugin: "com.android.application"\n',
    },
    "expo": {
        "package.json": _EXPO_PACKAGE_JSON,
        "app.json": '{"expo": {"name": "Bean", "ios": {"bundleIdentifier": "coffee.bean.app"}, "android": {"package": "coffee.bean"}}}\n',
        "app/_layout.tsx": _EXPO_LAYOUT_TSX,
        "tsconfig.json": "{}\n",
    },
    "flutter": {
        "pubspec.yaml": _FLUTTER_PUBSPEC_YAML,
        "lib/main.dart": _FLUTTER_MAIN_DART,
        "ios/Runner.xcodeproj/project.pbxproj": '// com.apple.product-type.application iphoneos\n{objects = {}; rootObject = "A";}\n',
        "android/app/build.gradle.kts": 'plugins { id("com.android.application") }\n',
        "web/index.html": "<html><head><title>bean</title></head></html>\n",
    },
    "android": {
        "build.gradle.kts": 'plugins {\n    id("com.android.application") version "8.7.0" apply false\n}\n',
        "app/build.gradle.kts": _ANDROID_BUILD_GRADLE_KTS,
        "app/src/main/AndroidManifest.xml": _ANDROID_ANDROIDMANIFEST_XML,
        "app/src/main/res/values/strings.xml": '<resources><string name="app_name">Bean\\\'s</string></resources>\n',
        "app/src/main/java/coffee/bean/BeanApp.kt": _ANDROID_BEANAPP_KT,
    },
    "next": {
        "package.json": _NEXT_PACKAGE_JSON,
        "src/app/layout.tsx": _NEXT_LAYOUT_TSX,
        "src/app/page.tsx": "export default function Page() { return null; }\n",
        "tsconfig.json": "{}\n",
    },
    "vite": {
        "package.json": _VITE_PACKAGE_JSON,
        "index.html": _VITE_INDEX_HTML,
        "src/main.js": "import { createApp } from 'vue'\nimport App from './App.vue'\n\ncreateApp(App).mount('#app')\n",
    },
    "html": {
        "index.html": _HTML_INDEX_HTML,
        "about.html": "<html><head><title>About</title></head><body></body></html>\n",
    },
}
"""One small app on each stack, as its generator or a developer would lay it out."""
