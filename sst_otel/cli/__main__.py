"""``python -m sst_otel.cli``, for where the console script is not on the path."""

import sys

from sst_otel.cli import main

sys.exit(main())
