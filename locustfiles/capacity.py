"""The scenario of a capacity planner: more and more users, until an objective is missed.

    locust -f locustfiles/capacity.py --headless --to 200 --hold 30s
    locust -f locustfiles/capacity.py --headless --steps 10,20,40,80

The users are those of agents.py.  `crosstalk capacity latest` says what it showed.
"""

import sys
import traceback

try:
    from locust import task

    from locustfiles.driving import climb, lifecycle
    from locustfiles.driving.agent_user import AgentUser
except Exception:  # noqa: BLE001 - Locust would exit 1, which means FAIL
    traceback.print_exc()
    sys.exit(4)

lifecycle.install()
climb.install("Climber")


class Climber(AgentUser):
    """An ordinary user, one of as many as the present step wants."""

    storms = False  # one would be in one step and not in the next

    @task
    def talk(self) -> None:
        """A few conversations at once, each of several turns."""
        self.converse()
