"""Compiles the C of core and applications while the package is built; without a compiler it is pure Python."""

import runpy
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CoreBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Puts what is compiled beside its sources and tags the wheel with the platform that it runs on."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; called by hatchling before it collects files."""
        # By its path: nothing can be imported from a package that is not installed yet.
        build = runpy.run_path(str(Path(self.root) / "acoustic" / "native" / "build.py"))
        homes = [build["HERE"], *build["applications"](Path(self.root) / "apps")]
        built = [library for home in homes for library in build["build"](home)]
        if built:
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{platform}"
            build_data["artifacts"] += [path.relative_to(self.root).as_posix() for path in built]
        if version == "editable":
            self._link_applications(build_data)

    def _link_applications(self, build_data: dict[str, Any]) -> None:
        """Let a checkout's ``apps`` be imported as ``acoustic_apps``, the name that they have when installed."""
        apps = str(Path(self.root) / "apps")
        link = Path(self.directory) / "acoustic_apps.py"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.write_text(f'"""The applications of a checkout."""\n\n__path__ = [{apps!r}]\n', encoding="utf-8")
        build_data["force_include_editable"][str(link)] = "acoustic_apps/__init__.py"
