"""`python -m muster_flexmatch` is the command line."""

import sys

from muster_flexmatch.cli import main

sys.exit(main())
