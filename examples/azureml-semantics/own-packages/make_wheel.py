"""Writes a wheel without any tool, so that the example installs a package without an index."""
import zipfile

INFO = "greeter-1.0.dist-info"
files = {
    "greeter.py": "import sys\n\n\ndef greet():\n    print('hello from', 'a private place' if 'packages' in __file__ else __file__)\n",
    f"{INFO}/METADATA": "Metadata-Version: 2.1\nName: greeter\nVersion: 1.0\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nGenerator: by-hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
files[f"{INFO}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{INFO}/RECORD"])
with zipfile.ZipFile("greeter-1.0-py3-none-any.whl", "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
