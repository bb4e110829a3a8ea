"""The command line over a real database: what it prints, how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import httpx
import psycopg

from tests.hub_process import ROOT, HubProcess, eventually

MAIL = "From: Ana <ana@x.example>\nTo: support@cauce.example\nMessage-ID: <{0}@x.example>\nSubject: {0}\n\nhola\n"


def test_a_token_is_printed_with_a_newline_and_nothing_else(hub_process: HubProcess):
    done = hub_process.cauce("token", "create", "--role", "agent", "--name", "ci")
    assert re.fullmatch(r"cauce_[\w-]{43}\n", done.stdout)
    assert done.stderr == ""
    listed = hub_process.cauce("token", "list").stdout
    assert "ci" in listed
    assert done.stdout.strip() not in listed


def test_a_refused_command_is_one_line_and_ends_with_1(hub_process: HubProcess):
    done = hub_process.cauce("token", "create", "--role", "king", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"cauce: a role is agent, analyst or admin\n", done.stderr)


def test_a_wrong_setting_is_one_line_and_ends_with_2(hub_process: HubProcess):
    hub_process.environment["CAUCE_HTPP"] = "127.0.0.1:1"
    done = hub_process.cauce("audit", check=False)
    assert done.returncode == 2
    assert "CAUCE_HTPP" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_database_that_does_not_answer_is_said_in_one_line(hub_process: HubProcess):
    hub_process.environment["CAUCE_DATABASE_URL"] = "postgresql://cauce:secret@127.0.0.1:1/cauce"
    done = hub_process.cauce("audit", check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("cauce: CAUCE_DATABASE_URL: the database does not answer")
    assert "secret" not in done.stderr


def test_a_line_is_printed_as_the_url_a_telephone_system_posts_to(hub_process: HubProcess):
    printed = hub_process.cauce("line", "create", "central").stdout
    assert re.fullmatch(rf"http://{hub_process.http}/api/v1/cti/central\?key=[\w-]{{43}}\n", printed)


def test_old_mail_is_taken_in_once_whatever_it_lies_in_and_nothing_is_sent(
    hub_process: HubProcess, tmp_path, database_url
):
    folder = tmp_path / "old"
    (folder / "Maildir" / "cur").mkdir(parents=True)
    (folder / "Maildir" / "new").mkdir()
    (folder / "Maildir" / "cur" / "1:2,S").write_text(MAIL.format("in-maildir"))
    (folder / "one.eml").write_text(MAIL.format("in-eml"))
    between = "From x Mon Jan  5 08:00:00 2015\n"
    names = ("in-mbox-1", "in-mbox-2")
    (folder / "box").write_text("".join(f"{between}{MAIL.format(name)}\n" for name in names))
    for _ in range(2):  # nothing has parsed the first ones yet: they come twice, and count once
        assert hub_process.cauce("mail", "import", str(folder)).stdout == "4 taken in, 0 already there, 0 refused\n"
    hub_process.start()
    hub_process.wait_until_ready()
    findings = hub_process.audit()
    assert [
        (each["channel"], each["received"], each["recorded"], each["duplicates"]) for each in findings["accounts"]
    ] == [("email", 8, 4, 4)]
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM deliveries").fetchone() == (0,)


def test_doctor_says_what_to_do_and_ends_with_1_only_for_ills(hub_process: HubProcess, database_url):
    ill = hub_process.cauce("doctor", check=False)
    assert ill.returncode == 1  # the cluster of the tests runs without fsync
    assert "set fsync and full_page_writes to on" in ill.stdout
    assert "empty" in ill.stdout


def test_a_database_is_brought_up_whatever_else_is_ill(hub_process: HubProcess, database_url):
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP TABLE mail_taken, received")
        connection.execute("DELETE FROM migrations WHERE number = 10")
    hub_process.environment["CAUCE_MAIL_OUT"] = "smtp://127.0.0.1:1"
    assert hub_process.cauce("doctor", check=False).returncode == 2
    assert hub_process.cauce("doctor", "--only-migrate").stdout == ""
    assert hub_process.cauce("audit").returncode == 0


def test_after_a_restore_mail_waits_for_a_person_and_the_read_models_are_made_anew(hub_process: HubProcess, sink):
    mail_out = hub_process.environment["CAUCE_MAIL_OUT"]
    hub_process.environment["CAUCE_MAIL_OUT"] = "smtp://127.0.0.1:1"
    hub_process.start()
    hub_process.wait_until_ready()
    form = {"name": "Ana", "email": "ana@x.example", "subject": "Factura", "body": "Sale dos veces"}
    sent = httpx.post(f"{hub_process.url}/api/v1/forms", json=form, trust_env=False)
    assert sent.status_code == 202
    hub_process.audit()
    hub_process.stop()
    epoch = epoch_of(hub_process)

    said = hub_process.cauce("doctor", "--new-epoch", check=False).stdout
    assert "1 held" in said
    assert "--release-deliveries" in said
    assert epoch_of(hub_process) != epoch
    hub_process.environment["CAUCE_MAIL_OUT"] = mail_out
    hub_process.start()
    hub_process.wait_until_ready()
    assert hub_process.cauce("rebuild", "all").stdout.startswith("rebuilt ")
    later = httpx.post(f"{hub_process.url}/api/v1/forms", json=form | {"email": "leo@x.example"}, trust_env=False)
    assert later.status_code == 202
    assert eventually(lambda: sink.mails_to("leo@x.example"))
    assert sink.mails_to("ana@x.example") == []  # it may have gone out before the backup was restored
    hub_process.cauce("doctor", "--release-deliveries", check=False)
    assert eventually(lambda: sink.mails_to("ana@x.example"))
    assert hub_process.audit()["ok"]


def epoch_of(hub_process: HubProcess) -> str:
    (epoch,) = re.findall(r"epoch\W+([0-9a-f-]{36})", hub_process.cauce("doctor", check=False).stdout)
    return epoch


def test_a_rebuild_of_something_unknown_lists_what_there_is(hub_process: HubProcess):
    done = hub_process.cauce("rebuild", "nothing", check=False)
    assert done.returncode == 1
    assert "timeline" in done.stderr


def test_control_c_ends_a_rebuild_with_one_line_and_it_goes_on_the_next_time(hub_process: HubProcess, database_url):
    hub_process.cauce("demo", "--incidents", "30", "--days", "20")
    hub_process.cauce("rebuild", "all")  # makes the live views
    with psycopg.connect(database_url) as holding:
        holding.execute("SELECT FROM projections WHERE schema = 'incidents' FOR UPDATE")
        rebuilding = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "rebuild", "incidents"],
            cwd=ROOT,
            env=hub_process.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert eventually(lambda: state_of(database_url, "incidents_next") == ("building", True)), (
            "it never came so far"
        )
        os.killpg(rebuilding.pid, signal.SIGINT)  # as a terminal does: all of its processes
        said = rebuilding.communicate(timeout=60)
    assert (rebuilding.returncode, said) == (130, ("", "cancelled; what was loaded is kept for the next run\n"))
    assert state_of(database_url, "incidents_next") == ("building", True)
    assert hub_process.cauce("rebuild", "incidents").stdout == "rebuilt incidents\n"
    assert state_of(database_url, "incidents_next") is None


def state_of(database_url: str, schema: str) -> tuple[str, bool] | None:
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT state, indexed FROM projections WHERE schema = %s", (schema,)).fetchone()


def test_every_report_example_is_a_report_and_can_be_replayed(hub_process: HubProcess, tmp_path):
    hub_process.cauce("demo", "--incidents", "30", "--days", "20")
    for name in ("first_response_by_hour", "channel_switches", "words_before_contact"):
        path = f"docs/examples/{name}.py"
        assert hub_process.cauce("report", "check", path).stdout == f"{path} is a report\n"
        out = tmp_path / f"{name}.csv"
        assert name in hub_process.cauce("report", "replay", path, "--out", str(out)).stdout
        assert len(out.read_text().splitlines()) > 1


def test_the_audit_as_json_is_json(hub_process: HubProcess):
    assert json.loads(hub_process.cauce("audit", "--json").stdout)["ok"] is True


def test_orphaned_blobs_are_counted_and_then_deleted(hub_process: HubProcess):
    hub_process.cauce("token", "create", "--role", "agent")
    old = hub_process.data / "blobs" / "ab" / ("ab" * 16)
    old.parent.mkdir(parents=True)
    old.write_bytes(b"left behind")
    with psycopg.connect(hub_process.environment["CAUCE_DATABASE_URL"]) as connection:
        connection.execute("UPDATE hub SET created_at = now() - interval '1 year'")
    os.utime(old, (time.time() - 31 * 24 * 3600,) * 2)
    assert hub_process.cauce("blobs", "clean", "--dry-run").stdout == "1 named by nothing\n"
    assert old.exists()
    assert hub_process.cauce("blobs", "clean").stdout == "1 named by nothing, deleted\n"
    assert not old.exists()


def test_a_folder_of_articles_goes_in_once(hub_process: HubProcess, tmp_path):
    folder = tmp_path / "manual"
    folder.mkdir()
    (folder / "x.md").write_text("# Uno\n\nTexto\n")
    (folder / "y.md").write_text("---\nkind: poem\n---\nx")
    done = hub_process.cauce("articles", "import", str(folder), check=False)
    assert (done.returncode, done.stdout) == (1, "1 new, 0 changed, 0 already there, 1 refused\n")
    assert done.stderr.startswith("y.md: kind is one of faq, ")
    (folder / "y.md").unlink()
    assert (
        hub_process.cauce("articles", "import", str(folder)).stdout == "0 new, 0 changed, 1 already there, 0 refused\n"
    )


def test_an_address_that_is_nobodys_erases_nobody(hub_process: HubProcess):
    done = hub_process.cauce("erase", "nobody@x.example", "--yes", check=False)
    assert (done.returncode, done.stderr) == (1, "cauce: nobody has this address\n")


def test_users_and_teams_are_kept_from_the_command_line(hub_process: HubProcess, database_url):
    assert hub_process.cauce("user", "create", "ana", "--role", "admin", "--password", "long enough").stdout == "ana\n"
    name, _, made = hub_process.cauce("user", "create", "Luis").stdout.partition(" ")
    assert name == "luis"
    assert len(made.strip()) >= 12
    team = ("team", "create", "soporte", "--title", "Soporte", "--members", "ana,luis")
    assert hub_process.cauce(*team).stdout == "soporte\n"
    hub_process.cauce("user", "role", "luis", "analyst")
    hub_process.cauce("team", "members", "soporte", "luis")
    hub_process.cauce("user", "reset-totp", "luis")
    listed = hub_process.cauce("user", "list").stdout
    assert re.search(r"luis\W+analyst\W+soporte", listed)
    refused = hub_process.cauce("user", "disable", "ana", check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "last one" in refused.stderr
    hub_process.cauce("user", "disable", "luis")
    assert hub_process.cauce("user", "password", "nobody", "--password", "long enough", check=False).returncode == 1
    with psycopg.connect(database_url) as connection:
        told = connection.execute(
            "SELECT type FROM events WHERE type LIKE 'user.%%' OR type LIKE 'team.%%' ORDER BY position"
        ).fetchall()
    assert [kind for (kind,) in told] == [
        "user.created.v1",
        "user.created.v1",
        "team.created.v1",
        "user.joined_team.v1",
        "user.joined_team.v1",
        "user.role_changed.v1",
        "user.left_team.v1",
        "user.disabled.v1",
    ]
