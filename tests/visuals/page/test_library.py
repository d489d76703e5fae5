"""The library: what is in the folder is what there is, also after the index is gone or damaged."""

import json

import pytest

from live.errors import DeviceError
from visuals.page.library import OWN_FOLDER, Library
from visuals.page.names import free_path, stem_of, suffix_of


@pytest.fixture
def library(tmp_path):
    library = Library(tmp_path)
    yield library
    library.close()


def add(library, kind, name, **about):
    path = library.folder(kind) / name
    path.write_bytes(b"x")
    if about:
        library.describe(path, about)
    library.refresh()
    return library.named(kind, name)


def test_what_is_put_into_the_folder_by_hand_is_there(library):
    assert add(library, "song", "a.mp3").name == "a.mp3"
    add(library, "take", "a take.npz", title="first", star=True)
    add(library, "take", "notes.txt")  # no take
    (take,) = library.items("take")
    assert take.about == {"title": "first", "star": True}
    library.path(take).unlink()
    assert library.refresh()
    assert library.items("take") == []


@pytest.mark.parametrize("damage", [None, b"", b"no database at all " * 100])
def test_the_index_is_made_anew_from_the_folder(tmp_path, damage):
    first = Library(tmp_path)
    before = [add(first, "take", "a.npz", title="first"), add(first, "song", "b.wav")]
    first.close()
    index = tmp_path / OWN_FOLDER / "index.sqlite"
    if damage is None:
        index.unlink()
    else:
        index.write_bytes(damage)
    again = Library(tmp_path)
    assert {item.id: item for item in again.items()} == {item.id: item for item in before}
    again.close()


def test_two_studios_do_not_share_a_library(tmp_path):
    first = Library(tmp_path)
    item = add(first, "song", "a.wav")
    with pytest.raises(DeviceError, match="another studio"):
        Library(tmp_path)
    first.close()
    second = Library(tmp_path)
    assert second.items() == [item]
    second.close()


def test_a_change_is_written_beside_the_file(library):
    item = add(library, "take", "a.npz", title="first", song="x.wav")
    library.change(item, star=True)
    beside = json.loads((library.folder("take") / "a.json").read_text())
    assert beside == {"title": "first", "song": "x.wav", "star": True}
    assert library.find(item.id, "take").about["star"] is True


def test_a_discarded_take_is_kept_out_of_sight(library):
    item = add(library, "take", "a.npz", title="first")
    library.discard(item)
    assert library.items() == []
    kept = {path.name for path in (library.own / "discarded").iterdir()}
    assert kept == {"a.npz", "a.json"}


def test_ids_are_of_their_kind_and_say_nothing_of_paths(library):
    item = add(library, "song", "a.wav")
    for id_, kind in ((item.id, "take"), ("../../etc/passwd", "song"), ("", "song")):
        with pytest.raises(KeyError):
            library.find(id_, kind)


@pytest.mark.parametrize("content", ["[1]", "{", "\x00", '{"a": ' * 9000])
def test_a_damaged_note_beside_a_file_says_nothing(library, content):
    (library.folder("take") / "a.json").write_text(content)
    assert add(library, "take", "a.npz").about == {}


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("Élan vital (live).mp3", "Élan vital (live)"),
        ("../../etc/passwd", "passwd"),
        ("C:\\windows\\system32\\x.wav", "x"),
        ("con.wav", "untitled"),
        ("a\x00b<c>|d.wav", "a b c d"),
        ("...", "untitled"),
        ("", "untitled"),
        ("x" * 999, "x" * 80),
    ],
)
def test_no_name_becomes_a_path(text, stem):
    assert stem_of(text) == stem


def test_suffixes_are_of_a_list(tmp_path):
    known = frozenset({".wav"})
    assert suffix_of("A.WAV", known, ".x") == ".wav"
    assert suffix_of("a.html", known, ".x") == ".x"
    (tmp_path / "a.json").touch()
    assert free_path(tmp_path, "a", ".npz", (".json",)).name == "a 2.npz"
