"""Under CI, property tests draw the same examples each time; elsewhere they explore."""

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("steady" if os.environ.get("CI") else "explore")
