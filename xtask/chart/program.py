"""The rendered stocktake.toml, judged by the program itself."""

import subprocess
import tempfile
import tomllib
from pathlib import Path

from places import Site
from security import leaves

# What is put in the place of a mounted file, by its key; any other holds a word.
SAMPLES = {
    "extra_ca_file": ["xtask/chart/samples/certificate.pem"],
    "client_certificate_file": ["xtask/chart/samples/certificate.pem"],
    "client_key_file": ["xtask/chart/samples/key.pem"],
    # Entra takes RSA only; a certificate's file may hold the key too.
    "certificate_file": ["crates/auth/tests/data/first-certificate.pem", "crates/auth/tests/data/first-key.pem"],
    "private_key_file": ["crates/auth/tests/data/first-key.pem"],
}
PFX = "crates/auth/tests/data/first.pfx"
PFX_PASSWORD = "test-password"


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
        # The program tells PFX from PEM by the ending of the name.
        mounted = folder / f"{place}-{Path(file).name}"
        if name == "certificate_file" and file.endswith((".pfx", ".p12")):
            mounted.write_bytes((site.root / PFX).read_bytes())
        elif name == "password_file":
            mounted.write_text(PFX_PASSWORD)
        else:
            samples = [(site.root / sample).read_text() for sample in SAMPLES.get(name, [])]
            mounted.write_text("".join(samples) or "word")
        text = text.replace(f'"{file}"', f'"{mounted}"')
    return text
