"""The daemon as the harness starts it: the real program, with gates around its steps.

FAMULUS_TORTURE=… python -m tests.torture.child serve …
"""

import os

from daemon import cli
from tests.torture.hooks import die_with_parent, install
from tests.torture.plan import plan_of
from tests.torture.sabotage import SABOTAGES


def main() -> None:
    die_with_parent()
    plan = plan_of(os.environ)
    if plan.sabotage:
        SABOTAGES[plan.sabotage]()
    install(plan)
    cli.main()


if __name__ == "__main__":
    main()
