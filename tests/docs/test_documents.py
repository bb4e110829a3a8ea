"""The documents tell the truth: whatever the code has, they name."""

import re
from pathlib import Path

import pytest
import typer
import yaml

from schemas.facts import REGISTRY
from schemas.interaction import Channel
from schemas.topics import TOPICS
from services.cli.app import command_line
from services.roles import ROLES

ROOT = Path(__file__).parents[2]
DOCS = "\n".join(path.read_text() for path in (ROOT / "docs").rglob("*.md"))
PACKAGES = ("schemas", "eventstore", "channels", "projections", "services")


def sources():
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def test_every_fact_stands_in_the_documents_by_both_its_names():
    missing = {name for name, kind in REGISTRY.items() if f"`{name}`" not in DOCS or f"`{kind.__name__}`" not in DOCS}
    assert missing == set()


def test_every_channel_and_topic_stands_in_the_documents():
    names = {f"`{channel}`" for channel in Channel} | {f"`{topic.name}`" for topic in TOPICS}
    assert {name for name in names if name not in DOCS} == set()


def test_the_topics_table_says_what_the_code_says():
    facts = (ROOT / "docs" / "facts.md").read_text()
    for topic in TOPICS:
        assert f"| `{topic.name}` | {topic.partitions} | {topic.retention.days} days |" in facts


def test_every_setting_the_code_reads_is_explained_and_no_other():
    code = (ROOT / "services" / "settings.py").read_text()
    read = set(re.findall(r'given(?:\.pop\(|, )"([A-Z_]+)"', code))
    explained = set(re.findall(r"^\| `CAUCE_([A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
    assert explained == read


def test_every_metric_stands_in_the_documents_and_no_other():
    metric = re.compile(r'(?:Gauge|Counter|Histogram|Summary)\(\s*"(cauce_[a-z_]+)"')
    made = {name for path in sources() for name in metric.findall(path.read_text())}
    facts = (ROOT / "docs" / "facts.md").read_text()
    explained = set(re.findall(r"^\| `(cauce_[a-z_]+)`", facts, re.MULTILINE))
    assert explained == made


def test_no_document_was_left_in_the_middle_of_a_merge():
    marks = re.compile(r"^(<{7}|={7}|>{7})( |$)", re.MULTILINE)
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert [document.name for document in documents if marks.search(document.read_text())] == []


@pytest.mark.parametrize("document", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")), ids=str)
def test_every_link_between_documents_leads_somewhere(document):
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", ["docs/journey.md", "README.md", "CONTRIBUTING.md", "docs/operations.md"])
def test_every_file_of_ours_that_a_document_names_exists(document):
    named = re.findall(
        r"`((?:schemas|eventstore|channels|projections|services|docs|tests)/[\w./-]+)`", (ROOT / document).read_text()
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_compose_runs_each_role_as_a_service_and_nothing_else_of_ours():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    roles = {service["command"][1] for service in services.values() if service.get("command", [""])[0] == "serve"}
    assert roles == set(ROLES)
    assert set(services) == set(ROLES) | {"postgres", "kafka", "migrate", "mailbox"}


def test_compose_checks_the_health_of_everything_that_stays():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert [name for name, service in services.items() if "healthcheck" not in service] == ["migrate"]


def test_every_command_of_compose_is_one_of_ours():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    group = typer.main.get_command(command_line())
    commands = {name: service["command"] for name, service in services.items() if "command" in service}
    assert len(commands) >= 9
    for arguments in commands.values():
        with group.make_context("cauce", list(arguments), resilient_parsing=True) as context:
            name, command, rest = group.resolve_command(context, list(arguments))
            assert command is not None
            command.make_context(name, rest, parent=context).close()


def test_the_image_is_made_of_what_is_there():
    lines = [line.split() for line in (ROOT / "Dockerfile").read_text().splitlines()]
    copied = {source for line in lines if line[:1] == ["COPY"] for source in line[1:-1]}
    assert copied >= {"requirements.lock", "pyproject.toml", "services", "docs/examples"}
    assert {source for source in copied if not (ROOT / source).exists()} == set()
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert packages <= copied


def test_compose_sets_only_settings_that_exist():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    explained = set(re.findall(r"^\| `(CAUCE_[A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
    given = {
        name for service in services.values() for name in service.get("environment", {}) if name.startswith("CAUCE_")
    }
    assert given <= explained
    assert len(given) > 5
