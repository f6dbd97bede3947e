"""The build hook: `pip install .` and `pip install -e .` build the pages too, on machines with and without Node."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontEnd(BuildHookInterface[Any]):
    """Build exam_engine/web into exam_engine/web/dist before the wheel is put together."""

    def dependencies(self) -> list[str]:
        """Ask for Node as a package only where there is none: it is a large download."""
        tool = self._tool()
        return [tool.NODE_WHEEL] if self.target_name == "wheel" and tool.find_npm() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is out of date; the one line of a failure is all that is said."""
        del version, build_data
        if self.target_name != "wheel":
            return  # a source archive carries the sources
        tool = self._tool()
        try:
            tool.build()
        except tool.CannotBuild as problem:
            self.app.abort(f"front end: {problem}")

    def _tool(self) -> ModuleType:
        # A build runs with nothing of ours on the path: the tool is loaded by its file.
        spec = importlib.util.spec_from_file_location("frontend", Path(self.root) / "tools" / "frontend.py")
        assert spec is not None
        assert spec.loader is not None
        tool = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = tool  # where dataclasses look for the module of a class
        spec.loader.exec_module(tool)
        return tool
