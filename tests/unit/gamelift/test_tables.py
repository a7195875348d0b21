from muster_gamelift.state.tables import Journal, Table


def words(journal: Journal | None = None) -> Table[str]:
    return Table[str](journal or Journal(), letter=set, long=lambda word: (True,) if len(word) > 3 else ())


def test_an_index_finds_values_in_the_order_in_which_they_entered_it() -> None:
    table = words()
    table.put("1", "tree")
    table.put("2", "at")
    table.put("3", "late")

    assert table.find("letter", "t") == ("tree", "at", "late")
    assert table.find("long", at=True) == ("tree", "late")
    assert table.first("letter", "a") == "at"
    assert table.count("letter", "a") == 2


def test_a_changed_value_leaves_the_index_keys_that_it_no_longer_has() -> None:
    table = words()
    table.put("1", "tree")
    table.put("1", "oak")

    assert table.find("letter", "t") == ()
    assert table.find("letter", "o") == ("oak",)
    assert set(table.groups("letter")) == set("oak")


def test_a_removed_value_is_found_nowhere() -> None:
    table = words()
    table.put("1", "tree")
    table.remove("1")
    table.remove("never there")

    assert table.get("1") is None
    assert "1" not in table
    assert table.first("letter", "t") is None
    assert list(table) == []


def test_undo_puts_back_changed_removed_and_added_rows_with_their_indexes() -> None:
    journal = Journal()
    table = words(journal)
    table.put("kept", "tree")
    table.put("removed", "moss")
    journal.start()

    table.put("kept", "oak")
    table.put("kept", "elm")
    table.put("added", "fern")
    table.remove("removed")
    journal.undo()

    assert {"tree", "moss"} == set(table)
    assert table.find("letter", "f") == ()
    assert table.find("letter", "m") == ("moss",)
    assert table["kept"] == "tree"


def test_the_journal_names_every_touched_row_with_what_stood_there() -> None:
    journal = Journal()
    table = words(journal)
    table.put("1", "tree")
    journal.start()

    table.put("1", "oak")
    table.put("2", "elm")

    assert [(key, before) for _, key, before in journal.entries] == [("1", "tree"), ("2", None)]
