# One greenlet a user, with Locust's faster client.
import os

from locust import FastHttpUser, between, task

think = float(os.environ["THINK_SECONDS"])


class User(FastHttpUser):
    wait_time = between(0, 2 * think)

    @task
    def ask(self):
        self.client.get("/user", name="user")
