"""`python -m qingliu` is the command too."""

import sys

from qingliu.cli import main

sys.exit(main())
