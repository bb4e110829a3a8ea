from eventstore import store
from eventstore.recorded import NewEvent


def test_append(database):
    with database.transaction() as c:
        store.lock(c)
        assert store.append(c, [NewEvent("incident/a", 1, "x", b"1"), NewEvent("incident/a", 2, "x", b"2")]) == [1, 2]
        assert len(store.read_after(c, 0, 10)) == 2
        assert store.versions(c, ["incident/a", "b"]) == {"incident/a": 2}
