from __future__ import annotations

import pytest

from isolation_checks.errors import UsageError
from isolation_checks.plan import files


def test_a_text_is_read_as_it_stands(tmp_path):
    """In UTF-8, whatever the machine is set to."""
    path = tmp_path / "plan.toml"
    path.write_bytes("a = 'naïve'".encode())
    assert "a = 'naïve'" == files.text(path, "the plan")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("nowhere", None, "No such file or directory"),
        ("", None, "Is a directory"),
        ("binary", b"\xff\xfe\x00", "it is no text in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path, name, content, said):
    """It says what, where and why, each once."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError) as refused:
        files.text(path, "the tokens in")
    assert f"cannot read the tokens in {path}: {said}" == str(refused.value)
