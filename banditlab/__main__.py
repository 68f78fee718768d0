"""`python -m banditlab`."""

from banditlab.cli import main

raise SystemExit(main())
