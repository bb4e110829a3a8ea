"""A rebuild as a process: see children.py."""

import sys

from services.rebuild.children import main

sys.exit(main())
