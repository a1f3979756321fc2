"""callqa: how well did the agent keep the service standard, call by call, with proof."""

import os

# pyannote.audio reports usage by default; recordings and their metadata stay home, so it is
# switched off before anything can import it (docs/privacy in README; proven by tests).
os.environ["PYANNOTE_METRICS_ENABLED"] = "0"

__version__ = "0.1.0"
