"""What the Markdown of a checklist and of a known issue says beyond its words."""

from hypothesis import given
from hypothesis import strategies as st

from services.knowledge import checklist, known_issue

BODY = """Before you begin.

- [ ] Close the **program**
- [x] Copy the folder
  It is in `C:\\\\Ceiba`.

  - not a step
- [ ] Close the **program**

Then:
1. [ ] Install
* no step"""


def test_a_checklist_is_words_and_steps_in_their_order() -> None:
    parts = checklist.read(BODY)
    assert [part.text or [step.words for step in part.steps] for part in parts] == [
        "Before you begin.",
        ["Close the **program**", "Copy the folder", "Close the **program**"],
        "Then:",
        ["Install"],
        "* no step",
    ]
    assert parts[1].steps[1].below == "It is in `C:\\\\Ceiba`.\n\n- not a step"


def test_a_step_keeps_its_key_wherever_it_moves_and_two_alike_are_two() -> None:
    keys = [step.key for part in checklist.read(BODY) for step in part.steps]
    assert len(set(keys)) == len(keys)
    assert checklist.read("- [ ] Install")[0].steps[0].key == keys[-1]


@given(st.text(alphabet="-* []x1.a\n", max_size=60))
def test_any_text_is_a_checklist_of_perhaps_no_steps(body: str) -> None:
    assert all(bool(part.text) != bool(part.steps) for part in checklist.read(body))


def test_an_open_issue_shows_first_what_helps_meanwhile() -> None:
    issue = known_issue.read("It fails.\n\n## Solución provisional\nElija a mano.\n## Detalles\nDesde la 8.2.")
    assert issue == known_issue.KnownIssue(
        solved=False, first="## Solución provisional\nElija a mano.", rest="It fails.\n\n## Detalles\nDesde la 8.2."
    )


def test_a_solved_issue_shows_first_what_solved_it() -> None:
    issue = known_issue.read("It fails.\n## Workaround\nChoose.\n## Solved in 8.4\nInstall it.\n```\n# Solution\n```")
    assert (issue.solved, issue.first) == (True, "## Solved in 8.4\nInstall it.\n```\n# Solution\n```")
    assert issue.rest == "## Workaround\nChoose.\nIt fails."
