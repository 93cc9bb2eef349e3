"""The other program: it knows nothing of routing, reads and writes leads all the time, and measures every statement."""
import random
import threading
import time

import wire


class Program:
    """Transactions at a fixed rate on connections of its own, until it is stopped."""

    def __init__(self, url, workspaces, leads, rate=200, connections=8, seed=1):
        self.url, self.workspaces, self.leads = url, workspaces, leads
        self.waits = []          # (seconds, when it began, what)
        self.failures = []
        self.touched = []        # (when, id): identity or workspace changed
        self.added = []          # (when, id)
        self.transactions = 0
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.started = time.monotonic()
        self.threads = [threading.Thread(target=self._work, args=(random.Random(seed * 100 + n), connections / rate), daemon=True)
                        for n in range(connections)]
        self.threads.append(threading.Thread(target=self._report, daemon=True))
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.seconds = time.monotonic() - self.started
        self._stop.set()
        for thread in self.threads:
            thread.join(30)

    @property
    def longest(self):
        return max(self.waits, default=(0, 0, "nothing"))

    def between(self, start, end):
        """What the statements that began between two times of the wall clock waited."""
        return [w for w in self.waits if start <= w[1] <= end]

    def _statement(self, connection, name, sql):
        began, clock = time.time(), time.monotonic()
        try:
            return connection.run(sql)
        finally:
            self.waits.append((time.monotonic() - clock, began, name))

    def _work(self, chance, interval):
        connection = wire.Connection(self.url)
        due = time.monotonic() + chance.random() * interval
        while not self._stop.is_set():
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due + interval, time.monotonic() - 5 * interval)
            try:
                self._transaction(connection, chance)
                self.transactions += 1
            except (wire.Refused, ConnectionError, OSError) as failure:
                self.failures.append((time.time(), str(failure)))
                try:
                    connection.run("ROLLBACK")
                except (wire.Refused, ConnectionError, OSError):
                    connection = wire.Connection(self.url)

    def _report(self):
        """A report that reads in one transaction for more than a second, again and again: no lock is to be had meanwhile."""
        connection = wire.Connection(self.url)
        while not self._stop.is_set():
            try:
                self._statement(connection, "report", "BEGIN; SELECT count(*) FROM workspaces w WHERE EXISTS "
                                "(SELECT FROM leads l WHERE l.workspace_id = w.id)")
                time.sleep(1.2)
                self._statement(connection, "report", "COMMIT")
            except (wire.Refused, ConnectionError, OSError) as failure:
                self.failures.append((time.time(), str(failure)))
                return
            self._stop.wait(1)

    def _transaction(self, connection, chance):
        kind = chance.random()
        lead = self.leads(chance)
        if kind < 0.5:
            self._statement(connection, "select", f"SELECT * FROM leads WHERE id = '{lead}'")
            self._statement(connection, "list", f"SELECT id, email FROM leads WHERE workspace_id = '{chance.choice(self.workspaces)}' "
                            "ORDER BY created_at DESC LIMIT 20")
            return
        self._statement(connection, "begin", "BEGIN")
        if kind < 0.75:
            new = "%08x-0000-4000-9000-%012x" % (chance.getrandbits(32), chance.getrandbits(48))
            self._statement(connection, "look up", f"SELECT id FROM workspaces WHERE id = '{self.workspaces[0]}'")
            where = "NULL" if chance.random() < 0.05 else f"'{chance.choice(self.workspaces)}'"
            self._statement(connection, "insert", "INSERT INTO leads (id, workspace_id, email, phone, full_name) VALUES "
                            f"('{new}', {where}, '{new[:8]}@new.example.com', NULL, 'New')")
            self.added.append((time.time(), new))
        else:
            self._statement(connection, "lock", f"SELECT id FROM leads WHERE id = '{lead}' FOR UPDATE")
            what = chance.random()
            if what < 0.1:
                change = f"email = 'changed.{chance.getrandbits(60):x}@example.com'"
            elif what < 0.2:
                change = f"workspace_id = '{chance.choice(self.workspaces)}'"
            else:
                change = f"full_name = 'Name {chance.getrandbits(20)}'"
            self._statement(connection, "update", f"UPDATE leads SET {change} WHERE id = '{lead}'")
            if what < 0.2:
                self.touched.append((time.time(), lead))
        self._statement(connection, "commit", "COMMIT")
        if kind >= 0.75 and what < 0.2:
            self.touched.append((time.time(), lead))
