"""The command line, run in the folder that each file of tests makes."""

import pytest

from mapres.__main__ import main


@pytest.fixture
def run(folder, capsys):
    """Run the command line; return its status and what it printed."""

    def run(text):
        try:
            status = main(text.split())
        except SystemExit as error:
            status = error.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run
