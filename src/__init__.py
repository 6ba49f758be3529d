"""MapRes for UCSF ChimeraX: the commands ``resvalidate`` and ``localres``, and the MapRes panel."""

from chimerax.core.toolshed import BundleAPI


class _MapResAPI(BundleAPI):
    api_version = 1

    @staticmethod
    def register_command(bundle_info, command_info, logger):
        """Register a command when it is first typed; what it needs is imported only then."""
        from . import commands

        commands.register_command(command_info.name, command_info.synopsis, logger)

    @staticmethod
    def start_tool(session, bundle_info, tool_info):
        """Open the panel, or show the one that is open."""
        from .panel.tool import MapResTool

        return MapResTool.get_singleton(session)

    @staticmethod
    def get_class(name):
        """Return the class of a tool."""
        if name == "MapResTool":
            from .panel.tool import MapResTool

            return MapResTool
        return None


bundle_api = _MapResAPI()
