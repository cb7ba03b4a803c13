"""`crosstalk ci-example github|gitlab`: a workflow that works as it is."""

from __future__ import annotations

from collections.abc import Mapping

import click

GITHUB = """\
# Save as .github/workflows/isolation.yml in a checkout of Crosstalk.
# For a platform of your own add --plan my-platform.toml to "Drive and judge".
name: isolation
on:
  pull_request:
  workflow_dispatch:
permissions:
  contents: read
  security-events: write # for the code scanning screen
jobs:
  crosstalk:
    runs-on: ubuntu-latest
    timeout-minutes: 20
    env:
      CROSSTALK_RUNS: runs
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with:
          python-version: "3.12"
          cache: pip
          cache-dependency-path: constraints.txt
      - name: Install
        run: |
          python -m venv .venv
          .venv/bin/pip install --quiet -c constraints.txt setuptools
          .venv/bin/pip install --quiet -c constraints.txt --no-build-isolation \\
            -e . -e 'docker/reference[postgres,redis]'
          echo "$PWD/.venv/bin" >> "$GITHUB_PATH"
      - name: Drive and judge # ends with 0 PASS, 1 FAIL, 2 usage, 3 UNKNOWN, 4 the harness broke
        run: locust -f locustfiles/agents.py --headless -u 50 -r 10 -t 60s --only-verdict
      - name: Report
        if: always() && hashFiles('runs/*/judgements/*/verdict.json') != ''
        run: |
          crosstalk report latest --format markdown >> "$GITHUB_STEP_SUMMARY"
          crosstalk report latest --format junit > junit.xml
          crosstalk report latest --format sarif > crosstalk.sarif
          crosstalk report latest --format github
      - name: Keep the evidence and the reports
        if: always()
        uses: actions/upload-artifact@v5
        with:
          name: crosstalk
          path: |
            runs/
            junit.xml
            crosstalk.sarif
          retention-days: 14
      - name: Code scanning
        if: always() && hashFiles('crosstalk.sarif') != ''
        continue-on-error: true # forks may not write, and private repositories need a licence
        uses: github/codeql-action/upload-sarif@v4
        with:
          sarif_file: crosstalk.sarif
          category: crosstalk
"""
GITLAB = """\
# Save as .gitlab-ci.yml in a checkout of Crosstalk, or include it.
# For a platform of your own add --plan my-platform.toml to the script.
crosstalk:
  image: python:3.12
  timeout: 20 minutes
  variables:
    CROSSTALK_RUNS: runs
    PIP_CACHE_DIR: $CI_PROJECT_DIR/.cache/pip
  cache:
    key:
      files:
        - constraints.txt
    paths:
      - .cache/pip
  before_script:
    - python -m venv .venv
    - .venv/bin/pip install --quiet -c constraints.txt setuptools
    - .venv/bin/pip install --quiet -c constraints.txt --no-build-isolation
      -e . -e 'docker/reference[postgres,redis]'
  script: # ends with 0 PASS, 1 FAIL, 2 usage, 3 UNKNOWN, 4 the harness broke
    - .venv/bin/locust -f locustfiles/agents.py --headless -u 50 -r 10 -t 60s --only-verdict
  after_script: # runs whatever the verdict is, and does not change the exit code
    - .venv/bin/crosstalk report latest --format junit > junit.xml
    - .venv/bin/crosstalk report latest --format sarif > crosstalk.sarif
    - .venv/bin/crosstalk report latest --format markdown > summary.md
  artifacts:
    when: always
    expire_in: 2 weeks
    paths:
      - runs/
      - crosstalk.sarif
      - summary.md
    exclude:
      - runs/.canary-key # these two belong to this installation
      - runs/.account-key
    reports:
      junit: junit.xml
"""
EXAMPLES: Mapping[str, str] = {"github": GITHUB, "gitlab": GITLAB}


@click.command(epilog="Example: crosstalk ci-example github > .github/workflows/isolation.yml")
@click.argument("where", type=click.Choice(list(EXAMPLES)))
def command(where: str) -> int:
    """Print a workflow for GitHub Actions or GitLab that works as it is.

    It installs, drives, judges, shows the verdict on the CI's own screens, keeps the evidence,
    and ends with the verdict's exit code.
    """
    click.echo(EXAMPLES[where], nl=False)
    return 0
