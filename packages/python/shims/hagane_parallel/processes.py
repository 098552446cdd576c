"""Ends a process with everything below it."""

import os
import signal
import subprocess


def _parents():
    """Process → parent, of all processes that can be seen."""
    if os.path.isdir("/proc/self"):
        found = {}
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open("/proc/{}/stat".format(name), "rb") as file:
                    text = file.read()
                found[int(name)] = int(text[text.rindex(b")") + 2:].split()[1])
            except (OSError, ValueError):
                continue  # it has ended
        return found
    output = subprocess.run(["ps", "-axo", "pid=,ppid="], stdout=subprocess.PIPE, check=False).stdout
    return dict(tuple(int(word) for word in line.split()) for line in output.splitlines())


def kill_tree(pid):
    """SIGKILL to a process and its descendants."""
    parents = _parents()
    doomed = {pid}
    for _ in range(len(parents)):
        more = {child for child, parent in parents.items() if parent in doomed} - doomed
        if not more:
            break
        doomed |= more
    for one in doomed:
        try:
            os.kill(one, signal.SIGKILL)
        except OSError:
            pass  # it has ended
