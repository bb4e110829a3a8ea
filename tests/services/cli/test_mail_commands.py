"""`cauce mail dkim` and `cauce mail recorrelate`, as whoever runs a hub types them."""

from __future__ import annotations

import csv
import re

from eventstore.database import Database
from tests.hub_process import HubProcess
from tests.services.incidents.hubs import Taking, build
from tests.services.incidents.world import uid
from tests.services.test_recorrelation import talk


def test_a_key_is_made_once_and_its_record_printed_each_time_it_is_asked_for(hub_process: HubProcess):
    printed = hub_process.cauce("mail", "dkim", "create", "--domain", "cauce.example", "--selector", "s1").stdout
    assert re.fullmatch(r's1\._domainkey\.cauce\.example\. IN TXT \( "v=DKIM1; k=rsa; p=[^\n]*" \)\n', printed)
    again = hub_process.cauce("mail", "dkim", "create", "--domain", "cauce.example", "--selector", "s1", check=False)
    assert (again.returncode, again.stdout) == (1, "")
    assert hub_process.cauce("mail", "dkim", "list").stdout == printed


async def test_a_recorrelation_shows_first_and_mends_then(hub_process: HubProcess, database_url: str, tmp_path):
    database = Database(database_url)
    database.open()
    taking = Taking(build(database, hub_process.data))
    await talk(taking)
    await taking.hub.log.close()
    database.close()
    out = tmp_path / "found.csv"
    shown = hub_process.cauce("mail", "recorrelate", "--dry-run", "--out", str(out)).stdout
    assert "4 mails decided again: 1 would move, 0 left; 0 stayed as recorded, 0 are erased people's" in shown
    with out.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["interaction", "from", "to", "what", "reason", "left"],
            [str(uid("m2")), "#2", "#1", "merge", "references", ""],
        ]
    assert "1 moved, 0 left" in hub_process.cauce("mail", "recorrelate").stdout
    assert "0 would move, 0 left" in hub_process.cauce("mail", "recorrelate", "--dry-run").stdout
