"""The smallest app of each stack: what an install spec is written into, to see what is written."""

from __future__ import annotations

from dataclasses import dataclass

from layers_mcp.contract.scalars import Platform
from layers_mcp.contract.sdk_apps import SdkPlatform

__all__ = ["PACKAGE", "SKELETONS", "Skeleton"]

PACKAGE = "com.example.app"
"""The package of the Android app."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """An app without a feature: the writer that fits it, its manifest, and its files."""

    writer: Platform
    manifest: str
    files: dict[str, str]


_SWIFT = Skeleton(
    "ios",
    "Package.swift",
    {
        "Package.swift": (
            '// swift-tools-version: 5.9\nimport PackageDescription\n\nlet package = Package(\n    name: "App",\n'
            '    platforms: [.iOS(.v16)],\n    targets: [\n        .executableTarget(name: "App")\n    ]\n)\n'
        ),
        "Sources/App/MainApp.swift": (
            "import SwiftUI\n\n@main\nstruct MainApp: App {\n    var body: some Scene {\n        WindowGroup { ContentView() }\n    }\n}\n"
        ),
    },
)
_KOTLIN = Skeleton(
    "android",
    "app/build.gradle.kts",
    {
        "app/build.gradle.kts": 'plugins {\n    id("com.android.application")\n}\n\ndependencies {\n}\n',
        "app/src/main/AndroidManifest.xml": (
            '<manifest xmlns:android="http://schemas.android.com/apk/res/android"><application>'
            '<activity android:name=".MainActivity"/></application></manifest>\n'
        ),
        "app/src/main/java/com/example/app/MainActivity.kt": (
            "package com.example.app\n\nimport android.app.Activity\nimport android.os.Bundle\n\nclass MainActivity : Activity() {\n"
            "    override fun onCreate(state: Bundle?) {\n        super.onCreate(state)\n    }\n}\n"
        ),
    },
)
_DART = Skeleton(
    "flutter",
    "pubspec.yaml",
    {
        "pubspec.yaml": "name: app\n\ndependencies:\n  flutter:\n    sdk: flutter\n",
        "lib/main.dart": "import 'package:flutter/material.dart';\n\nvoid main() {\n  runApp(const MainApp());\n}\n",
    },
)


def _node(writer: Platform, needs: str, files: dict[str, str]) -> Skeleton:
    """An app with a package.json that needs one package."""
    package = f'{{\n  "name": "app",\n  "dependencies": {{\n    {needs}\n  }}\n}}\n'
    return Skeleton(writer, "package.json", {"package.json": package, "tsconfig.json": "{}\n", **files})


_RUN = 'import { run } from "./run";\n\nrun();\n'
_ROOT = 'import { View } from "react-native";\n\nexport default function App() {\n  return <View />;\n}\n'
SKELETONS: dict[SdkPlatform, Skeleton] = {
    "ios": _SWIFT,
    "android": _KOTLIN,
    "flutter": _DART,
    "react-native": _node("react-native", '"react-native": "0.80.0"', {"App.tsx": _ROOT}),
    "expo": _node("expo", '"expo": "54.0.0"', {"App.tsx": _ROOT}),
    "web": _node("web", '"react-dom": "19.0.0"', {"src/main.ts": _RUN}),
    "vite": _node("web", '"vite": "7.0.0"', {"src/main.ts": _RUN}),
    "nextjs": _node("web", '"next": "16.0.0"', {}),
    "react-router": _node("web", '"@react-router/dev": "7.0.0"', {"app/root.tsx": _RUN}),
}
"""By the stack as an SDK app names it."""
