"""MapRes for UCSF ChimeraX: the commands ``resvalidate`` and ``localres``, and the MapRes panel."""

from importlib import import_module

from chimerax.core.toolshed import BundleAPI


class _MapResAPI(BundleAPI):
    api_version = 1

    @staticmethod
    def register_command(bundle_info, command_info, logger):
        """Register a command, which is in the module of its name, when it is first typed."""
        command = import_module(f".{command_info.name}", __name__)
        command.register_command(command_info.synopsis, logger)

    @staticmethod
    def start_tool(session, bundle_info, tool_info):
        """Open the panel, or show the one that is open."""
        from .panel.tool import MapResTool

        return MapResTool.get_singleton(session)

    @staticmethod
    def get_class(name):
        """Return the class of a tool, or of a model that a session restores."""
        if name == "MapResTool":
            from .panel.tool import MapResTool

            return MapResTool
        if name == "ResultVolume":
            from .result_volumes import ResultVolume

            return ResultVolume
        return None


bundle_api = _MapResAPI()
