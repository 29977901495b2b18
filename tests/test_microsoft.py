"""Microsoft's own tests of SIP routing, unmodified, against the local resource: in process and over HTTPS.

They come from the source distributions of the SDK, with a pinned hash, and are not kept here. They do not notice a
missing check of the signature, nor missing validation: `test_service` and `test_resource` do.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from acs_telephony.live.resource import LocalResource
from acs_telephony.live.serving import serving
from tests.conftest import ROOT

PACKAGE = "azure-communication-phonenumbers"
#: Version, how many tests of SIP routing it has, and the SHA-256 of its source distribution.
GA = "1.4.0", 36, "ca542ce6c8c2b179f2d2aaf8e38bf06734bb9ab2511ca784fadbeb5b524b7058"
PREVIEW = "1.4.0b2", 48, "b10972c81a0d5314e4dbfc38fd2cd8c01124dedcd0eb1535043866c0e72d841f"

pytestmark = pytest.mark.full


def pip(*words: str) -> None:
    run = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True)
    assert run.returncode == 0, f"pip could not do it; is there a way to the package index?\n{run.stderr[-1500:]}"


def unpacked(version: str, sha256: str, folder: Path) -> Path:
    """The folder with the tests of SIP routing of a release."""
    pip("download", "-q", "--no-deps", "--no-binary", ":all:", "--dest", str(folder), f"{PACKAGE}=={version}")
    archive = folder / f"{PACKAGE.replace('-', '_')}-{version}.tar.gz"
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == sha256
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    tests = folder / archive.name.removesuffix(".tar.gz") / "test"
    for other in set(tests.glob("*.py")) - set(tests.glob("test_sip*.py")):
        other.unlink()
    return tests


def python_with(version: str, folder: Path) -> Path:
    """A Python of its own with another release of the SDK; all else comes from the one that runs the tests."""
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip("--python", str(python), "install", "-q", "--no-deps", f"{PACKAGE}=={version}")
    places = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", "venv", vars=places))
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


@pytest.fixture(scope="module", params=[GA, PREVIEW], ids=["1.4.0", "1.4.0b2"])
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str, int]:
    version, count, sha256 = request.param
    folder = tmp_path_factory.mktemp("microsoft")
    python = Path(sys.executable) if version == GA[0] else python_with(version, folder / "python")
    return python, unpacked(version, sha256, folder), version, count


@pytest.fixture(params=["in process", "over HTTPS"])
def environment(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    if request.param == "in process":
        yield {"KIT_SERVES": request.param}
        return
    with serving(LocalResource()) as served:
        given = dict(served.environment)
        yield {"KIT_SERVES": given.pop("COMMUNICATION_CONNECTION_STRING"), **given}


def test_microsofts_own_tests_pass(release: tuple[Path, Path, str, int], environment: dict[str, str]) -> None:
    python, folder, version, count = release
    options = ["-q", "-p", "microsoft", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(folder)]
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "tests")))
    report = "from importlib.metadata import version; print(version('azure-communication-phonenumbers'))"
    used = subprocess.run([python, "-c", report], capture_output=True, text=True, check=True).stdout.strip()

    run = subprocess.run(
        [python, "-m", "pytest", *options, str(folder)],
        env={**os.environ, **environment, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
    )

    assert used == version
    assert f"{count} passed" in run.stdout.splitlines()[-1], run.stdout[-3000:] + run.stderr[-1000:]
    assert run.returncode == 0
