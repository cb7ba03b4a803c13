"""Run the platform: ``python -m reference_platform``."""

import sys

from reference_platform.cli import main

if __name__ == "__main__":
    sys.exit(main())
