"""MapRes for UCSF ChimeraX: the commands ``resvalidate`` and ``localres``."""

from chimerax.core.toolshed import BundleAPI


class _MapResAPI(BundleAPI):
    api_version = 1

    @staticmethod
    def register_command(bundle_info, command_info, logger):
        """Register a command when it is first typed; what it needs is imported only then."""
        from . import commands

        commands.register_command(command_info.name, command_info.synopsis, logger)


bundle_api = _MapResAPI()
