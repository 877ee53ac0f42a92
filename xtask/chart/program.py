"""The rendered stocktake.toml, judged by the program itself."""

import subprocess
import tempfile
import tomllib
from pathlib import Path

from places import Site
from security import leaves

# What is put in the place of a mounted file, by its key; any other holds a word.
SAMPLES = {
    "extra_ca_file": "certificate.pem",
    "client_certificate_file": "certificate.pem",
    "client_key_file": "key.pem",
    "certificate_file": "certificate.pem",
    "private_key_file": "key.pem",
}


def check(site: Site, program: Path, where: object, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stocktake.toml"
        path.write_text(with_files(site, Path(folder), text))
        # No variables: STOCKTAKE_* would be taken for configuration.
        result = subprocess.run(
            [program, f"--config={path}", "config", "check"],
            capture_output=True, text=True, env={}, cwd=folder, check=False,
        )
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip()
        site.fault(where, f"the program refuses the rendered stocktake.toml: {said}")


def with_files(site: Site, folder: Path, text: str) -> str:
    """The text with each file that it names in `folder`, as the program reads some of them."""
    for place, (key, file) in enumerate(leaves(tomllib.loads(text))):
        name = key.rsplit(".", 1)[-1]
        if not name.endswith("_file"):
            continue
        sample = SAMPLES.get(name)
        mounted = folder / f"file-{place}"
        mounted.write_text(
            (site.scripts / "samples" / sample).read_text() if sample else "word"
        )
        text = text.replace(f'"{file}"', f'"{mounted}"')
    return text
