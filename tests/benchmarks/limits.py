"""The database alone: pgbench on the least an order can be, with and without a cap."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.servers import postgres_program

DATABASE = "limits"
SHARDS = 16
TABLES = f"""
CREATE TABLE counter (id int PRIMARY KEY, taken bigint NOT NULL, cap bigint NOT NULL);
CREATE TABLE sale (id bigserial PRIMARY KEY, buyer text NOT NULL);
CREATE TABLE line (id bigserial PRIMARY KEY, sale bigint NOT NULL, units int NOT NULL);
CREATE TABLE mail (id bigserial PRIMARY KEY, sale bigint NOT NULL, body text NOT NULL);
INSERT INTO counter SELECT n, 0, 1000000000 FROM generate_series(1, {SHARDS}) AS n;
"""
ROWS = r"""
BEGIN;
INSERT INTO sale (buyer) VALUES ('pembeli@example.com') RETURNING id AS sale \gset
INSERT INTO line (sale, units) VALUES (:sale, 1);
INSERT INTO mail (sale, body) VALUES (:sale, repeat('x', 1000));
"""
CLAIM = "UPDATE counter SET taken = taken + 1 WHERE id = {} AND taken + 1 <= cap;\n"
ONE_STATEMENT = """
WITH new AS (INSERT INTO sale (buyer) VALUES ('pembeli@example.com') RETURNING id),
claimed AS (UPDATE counter SET taken = taken + 1
            WHERE id = {} AND taken + 1 <= cap RETURNING 1),
lines AS (INSERT INTO line (sale, units) SELECT id, 1 FROM new)
INSERT INTO mail (sale, body) SELECT id, repeat('x', 1000) FROM new;
"""
ANY_SHARD = rf"\set shard random(1, {SHARDS})" + "\n"
SCRIPTS = {
    "no cap": ROWS + "COMMIT;\n",
    "one row, claimed last": ROWS + CLAIM.format(1) + "COMMIT;\n",
    "16 rows, claimed last": ANY_SHARD + ROWS + CLAIM.format(":shard") + "COMMIT;\n",
    "one row, one statement": ONE_STATEMENT.format(1),
    "16 rows, one statement": ANY_SHARD + ONE_STATEMENT.format(":shard"),
}


@contextmanager
def pgbench(server: str) -> Iterator["Pgbench"]:
    """On a database of its own beside the shop's, named by the shop's URL."""
    with tempfile.TemporaryDirectory(prefix="kloter-limits-") as name:
        with psycopg.connect(server, autocommit=True) as connection:
            drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(
                sql.Identifier(DATABASE)
            )
            create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE))
            connection.execute(drop)
            connection.execute(create)
        url = urlsplit(server)._replace(path=f"/{DATABASE}").geturl()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(TABLES)
        yield Pgbench(url, Path(name))


class Pgbench:
    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder

    def per_second(self, script: str, *, clients: int, seconds: int) -> float:
        file = self.folder / "script.sql"
        file.write_text(SCRIPTS[script])
        command = [str(postgres_program("pgbench")), "--no-vacuum", "-M", "prepared"]
        command += ["-f", str(file), "-c", str(clients), "-j", str(min(2, clients))]
        command += ["-T", str(seconds), self.url]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        if "actually processed: 0\n" in run.stdout:
            return 0.0  # All of the time went into connecting.
        found = re.search(r"tps = ([0-9.]+) \(without initial", run.stdout)
        if found is None:
            raise RuntimeError(run.stdout + run.stderr)
        return float(found.group(1))
