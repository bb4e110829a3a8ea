"""Array parameters built in one go are what psycopg's own would be, and take nothing over from them."""

from uuid import UUID, uuid4

import pytest

from eventstore.packed import Bools, Byteas, Int4s, Int8s, Packed, Texts, Uuids

SOME = UUID("8c1f3a52-9d4e-4b7a-a1c2-d3e4f5061728")


@pytest.mark.parametrize(
    ("packed", "array", "values"),
    [
        (Uuids, "uuid[]", [SOME, None]),
        (Byteas, "bytea[]", [b"", b"\x00\xff"]),
        (Int4s, "int4[]", [-1, 2**31 - 1]),
        (Int8s, "int8[]", [-1, 2**63 - 1]),
        (Bools, "bool[]", [True, False]),
        (Texts, "text[]", ["", "año"]),
        (Uuids, "uuid[]", []),
    ],
)
def test_the_database_reads_what_was_packed(database, packed: type[Packed], array: str, values: list) -> None:
    with database.transaction() as connection:
        (found,) = connection.execute(f"SELECT %b::{array}", (packed(values),)).fetchone()
    assert found == values


def test_a_plain_list_of_the_same_type_stays_psycopgs(database) -> None:
    ids = [uuid4(), uuid4()]
    with database.transaction() as connection:
        connection.execute("CREATE TEMPORARY TABLE several (ids uuid[])")
        with connection.cursor().copy("COPY several FROM STDIN (FORMAT BINARY)") as copying:
            copying.set_types(["uuid[]"])
            copying.write_row([ids])
        assert connection.execute("SELECT ids FROM several").fetchone() == (ids,)
