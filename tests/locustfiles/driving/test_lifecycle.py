import pytest
from gevent import monkey

if not monkey.is_module_patched("socket"):
    pytest.skip("Locust patches its process; test_patched runs this", allow_module_level=True)

from locust import events
from locust.argument_parser import get_parser
from locust.env import Environment

from locustfiles.driving import lifecycle, refused


@pytest.fixture
def options(tmp_path):
    """Parses what somebody wrote behind `locust`, with a folder of runs of the test's own."""
    lifecycle.install()
    parser = get_parser(default_config_files=[])
    yield lambda *said: parser.parse_args(["--headless", "--runs", str(tmp_path / "runs"), *said])
    refused.begun()  # or this process would end with 2


def test_it_is_installed_once_however_often(options):
    """A run would be begun twice by listeners that stand there twice."""
    lifecycle.install()
    assert events.init._handlers.count(lifecycle._init) == 1
    assert events.init_command_line_parser._handlers.count(lifecycle._add_options) == 1
    said = options(
        "--plan", "a.toml", "--run", "mine", "--seed", "7", "--fault", "f", "--replicas", "2"
    )
    assert ("a.toml", "mine", 7, "f", "2") == (
        said.plan,
        said.run,
        said.seed,
        said.fault,
        said.replicas,
    )
    assert (said.database, said.redis, said.only_verdict) == (None, None, False)


def test_a_users_mistake_ends_with_two_and_one_sentence(options, capsys):
    """Locust's own 1 would mean FAIL."""
    environment = Environment(parsed_options=options("--run", "../elsewhere"))
    runner = environment.create_local_runner()
    with pytest.raises(SystemExit) as left:
        lifecycle._init(environment, runner)
    assert left.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("crosstalk: --run '../elsewhere': a name is made of letters")
    runner.quit()


def test_what_nobody_expected_ends_with_four(capsys):
    """It is said to be ours, not the platform's."""
    environment = Environment(parsed_options=object())
    with pytest.raises(SystemExit) as left:
        lifecycle._init(environment, None)
    assert left.value.code == 4
    assert "a fault of Crosstalk's" in capsys.readouterr().err
