"""Which files the live page serves."""

from locustfiles.driving.live.page import within


def test_only_regular_files_of_the_folder_itself(tmp_path):
    """By the names that stand in it: no way out, no link, no folder."""
    (tmp_path / "secret").write_text("no")
    report = tmp_path / "report"
    (report / "figures").mkdir(parents=True)
    (report / "index.html").write_text("yes")
    (report / "figures" / "F1.svg").write_text("yes")
    (report / "link.html").symlink_to(tmp_path / "secret")
    (report / "out").symlink_to(tmp_path)
    for name in ("index.html", "figures/F1.svg"):
        assert report / name == within(report, name)
    for name in (
        "", ".", "figures", "../secret", "figures/../../secret", str(tmp_path / "secret"),
        "link.html", "out/secret", "..%2fsecret", "index.html\0",
    ):  # fmt: skip
        assert within(report, name) is None, name
