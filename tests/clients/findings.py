"""What a page of use finds, and how it asks for what a client cannot do.

A page is given the ports of a cluster of three masters, each with a replica. It writes its findings
as one line of JSON at the end. Before, it may write a line that begins with `@`: a wish, such as
`@kill 7000`, which has come true when a line comes back.
"""

import json
import sys
import threading
import time

# A write that was acknowledged so long before a master's death is with its replica, too.
REPLICATED_S = 0.3
PATIENCE_S = 40.0


class Findings:
    def __init__(self, client):
        self.client = client
        self.checks = 0
        self.failures = []
        self.notes = {}

    def equal(self, what, got, wanted):
        self.checks += 1
        if got != wanted:
            self.failures.append(f"{what}: {got!r}, but {wanted!r} was to come")

    def true(self, what, holds):
        self.equal(what, bool(holds), True)

    def refused(self, what, error, wanted):
        """That a call was refused with these words."""
        self.checks += 1
        if wanted not in f"{error} {getattr(error, 'args', '')}":
            self.failures.append(f"{what}: {error!r}, but an error with {wanted!r} was to come")

    def tell(self):
        print(json.dumps(self.__dict__), flush=True)


def wish(line):
    """Asks for something that a client cannot do, and waits until it is so."""
    print(f"@{line}", flush=True)
    answer = sys.stdin.readline().strip()
    if answer != "done":
        raise SystemExit(f"the wish {line!r} was answered with {answer!r}")


class Promises:
    """What was promised for each key: numbers that only grow, and when each was acknowledged."""

    def __init__(self, keys):
        self.lock = threading.Lock()
        self.keys = keys
        self.next = {key: 1 for key in keys}
        self.acknowledged = {key: [] for key in keys}
        self.errors = {}

    def take(self, key):
        with self.lock:
            number = self.next[key]
            self.next[key] = number + 1
            return number

    def keep(self, key, number):
        with self.lock:
            self.acknowledged[key].append((time.monotonic(), number))

    def fail(self, error):
        with self.lock:
            name = type(error).__name__
            self.errors[name] = self.errors.get(name, 0) + 1

    def all_since(self, moment):
        """Whether each key was acknowledged after that moment."""
        with self.lock:
            return all(marks and marks[-1][0] > moment for marks in self.acknowledged.values())

    def count(self):
        return sum(len(marks) for marks in self.acknowledged.values())

    def longest_gap(self):
        """The longest time in which some key was not acknowledged."""
        gaps = [0.0]
        for marks in self.acknowledged.values():
            gaps += [later[0] - sooner[0] for sooner, later in zip(marks, marks[1:])]
        return max(gaps)

    def lost(self, values, window=None):
        """Keys whose value is older than what had to be kept; writes acknowledged within the
        window (from, to) may be lost with the master that took them."""
        lost = []
        for key in self.keys:
            def must(moment):
                return window is None or moment < window[0] or moment > window[1]
            kept = [number for moment, number in self.acknowledged[key] if must(moment)]
            value = int(values[key] or 0)
            if kept and value < max(kept):
                lost.append(f"{key} is {value}, and {max(kept)} was promised")
            if value >= self.next[key]:
                lost.append(f"{key} is {value}, which was never written")
        return lost
