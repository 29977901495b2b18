"""A table as files: each is run or read back against a local resource that is served over HTTPS."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from acs_telephony.errors import ConfigurationError
from acs_telephony.guide.editing import add_route, add_trunk, read_text
from acs_telephony.live.exporting import az_rest, merge_patch, sdk_script, to_json
from acs_telephony.live.resource import LocalResource, digest_of, signature
from acs_telephony.live.serving import Served, serving
from acs_telephony.models import SipConfiguration
from acs_telephony.tables import contoso, microsoft_three_routes

OLD = microsoft_three_routes().configuration
NEW = SipConfiguration.load(to_json(OLD).replace("sbc5.contoso.biz", "new.contoso.biz"))
NEW = add_route(NEW, "nl", r"^\+31", ("new.contoso.biz",))
HOSTILE = '"""; import os; os._exit(3) # \' {x} %s \\ \u202e \u00e9'


def run(script: str, folder: Path, served: Served, *words: str) -> subprocess.CompletedProcess[str]:
    path = folder / "table.py"
    path.write_text(script, encoding="utf-8")
    environment = {**os.environ, **served.environment, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run([sys.executable, path, *words], env=environment, capture_output=True, encoding="utf-8")


def test_the_json_loads_again() -> None:
    for table in (OLD, NEW, contoso().configuration, SipConfiguration()):
        assert SipConfiguration.load(to_json(table)) == table
        assert read_text(to_json(table)) == table


def test_the_script_does_nothing_then_everything_then_nothing(tmp_path: Path) -> None:
    resource = LocalResource(OLD)
    with serving(resource) as served:
        dry = run(sdk_script(OLD, NEW), tmp_path, served)
        assert (dry.returncode, dry.stderr) == (0, "")
        assert dry.stdout.splitlines() == [
            "A dry run. With --apply it would write:",
            "  set trunk new.contoso.biz, port 5061",
            "  set 4 routes in place of 3",
            "  delete trunk sbc5.contoso.biz",
        ]
        assert resource.configuration == OLD

        done = run(sdk_script(OLD, NEW), tmp_path, served, "--apply")
        assert (done.returncode, done.stderr, done.stdout.splitlines()[0]) == (0, "", "Writing:")
        assert resource.configuration == NEW

        again = run(sdk_script(OLD, NEW), tmp_path, served, "--apply")
        assert (again.returncode, again.stderr) == (0, "")
        assert again.stdout.strip() == "Nothing to write: the resource already has this table."

        back = run(sdk_script(NEW, OLD), tmp_path, served, "--apply")
        assert (back.returncode, back.stderr) == (0, "")
        assert resource.configuration.dump() == OLD.dump()


def test_the_script_stops_where_the_resource_has_moved(tmp_path: Path) -> None:
    resource = LocalResource(contoso())
    with serving(resource) as served:
        refused = run(sdk_script(OLD, NEW), tmp_path, served, "--apply")

    assert refused.returncode == 1
    assert refused.stderr.startswith("Nothing was written: the resource does not have the table")
    assert resource.configuration == contoso().configuration


def test_words_of_strangers_stay_words(tmp_path: Path) -> None:
    hostile = add_route(OLD, HOSTILE, "^1", ("sbc1.contoso.biz",))
    rows = hostile.dump()
    rows["routes"][-1]["description"] = HOSTILE
    hostile = SipConfiguration.load(rows)
    script = sdk_script(OLD, hostile)
    resource = LocalResource(OLD)

    with serving(resource) as served:
        done = run(script, tmp_path, served, "--apply")

    assert (done.returncode, done.stderr) == (0, "")
    assert resource.configuration.routes[-1].name == HOSTILE
    assert resource.configuration.routes[-1].description == HOSTILE
    assert "\u202e" not in script, "no mark that turns the direction of a line for its reader"


def test_the_command_line_sends_the_patch_that_makes_the_table(tmp_path: Path) -> None:
    """The Azure CLI is not here: its line is read as a shell reads it, and sent with a key in place of its token."""
    file = tmp_path / "patch file.json"
    file.write_text(json.dumps(merge_patch(OLD, NEW)), encoding="utf-8")
    words = shlex.split(az_rest("contoso.communication.azure.com", str(file)))
    options = dict(zip(words[2::2], words[3::2], strict=True))
    url, body = urlsplit(options["--url"]), Path(options["--body"].removeprefix("@")).read_bytes()
    resource = LocalResource(OLD)

    with serving(resource) as served:
        host, date = urlsplit(served.endpoint).netloc, format_datetime(datetime.now(UTC), usegmt=True)
        target, verb = f"{url.path}?{url.query}", options["--method"].upper()
        signed = signature(resource.access_key, verb, target, date, host, digest_of(body))
        headers = {"x-ms-date": date, "x-ms-content-sha256": digest_of(body), "Authorization": signed}
        headers |= dict([options["--headers"].split("=", 1)])
        sent = requests.request(
            verb,
            served.endpoint + target,
            data=body,
            headers=headers,
            verify=served.environment["SSL_CERT_FILE"],
            timeout=10,
        )

    assert sent.status_code == 200
    assert words[:2] == ["az", "rest"]
    assert set(options) == {"--method", "--url", "--resource", "--headers", "--body"}
    assert url.netloc == "contoso.communication.azure.com"
    assert options["--resource"] == "https://communication.azure.com/"
    assert resource.configuration.dump() == NEW.dump()


def test_one_patch_holds_only_what_differs() -> None:
    assert merge_patch(OLD, OLD) == {}
    assert merge_patch(OLD, add_trunk(OLD, "new.contoso.biz")) == {
        "trunks": {"new.contoso.biz": {"sipSignalingPort": 5061}}
    }


@pytest.mark.parametrize("export", [merge_patch, sdk_script])
def test_fields_that_ga_does_not_have_are_refused_with_their_places(export: Any) -> None:
    rows = OLD.dump()
    rows["trunks"]["sbc1.contoso.biz"]["enabled"] = False
    rows["routes"][0]["callerIdOverride"] = "+14255550100"
    rows["domains"] = {}

    with pytest.raises(ConfigurationError) as refused:
        export(OLD, SipConfiguration.load(rows))

    assert [problem.place for problem in refused.value.problems] == [
        "domains",
        "trunks.sbc1.contoso.biz.enabled",
        "routes[0].callerIdOverride",
    ]


@pytest.mark.parametrize(("host", "file"), [("localhost; rm", "a.json"), ("a.example", "it's.json"), ("", "a.json")])
def test_what_cannot_stand_in_a_command_line_is_refused(host: str, file: str) -> None:
    with pytest.raises(ConfigurationError):
        az_rest(host, file)
