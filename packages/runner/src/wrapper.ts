/** Exit code of a wrapper that found the marker taken: the command runs, or ran, elsewhere. */
export const MARKER_TAKEN = 75

/**
 * The process that stands between Hagane and the command, as text for `/bin/sh -c`: arguments are the step's folder and
 * the command; standard error is the log, descriptor 3 a pipe that hears `ok` once the marker is held.
 *
 * - POSIX only, built-ins only (but `ps` where there is no /proc), so that it starts in 2 ms on dash, and on macOS as well.
 * - The marker is created exclusively (`set -C`) before the command: of any number of starts one runs it.
 * - Signals for the group reach the command; the wrapper itself stays to write the exit code. `trap :` and not
 *   `trap ''`, because ignored signals would be inherited.
 * - The code is written with one write to a new file, and a reader takes only a whole line: half of it is never believed.
 * - `times` is a built-in as well; with `command` before it a disk that is full does not end the shell.
 * - The command is a `bash` of its own, found on its own PATH. Only that one has the log as standard error, so that the
 *   wrapper's "Terminated" does not end up there; dash says it before it takes a plain redirection back, hence `exec`.
 * - Whoever ends a step leaves the file `stopped` first and signals then: a signal that comes while the traps still stand
 *   is not lost, because the file is looked for after they are gone.
 */
export const wrapper = `
trap : HUP INT QUIT TERM USR1 USR2 ALRM PIPE
hagane_boot=- hagane_start=
{
  read -r hagane_boot </proc/sys/kernel/random/boot_id
  read -r hagane_start </proc/$$/stat || hagane_start=$(LC_ALL=C TZ=UTC0 ps -o lstart= -p $$)
} 2>/dev/null
set -C
{ printf '%s\\t%s\\t%s\\n' $$ "$hagane_boot" "$hagane_start" >"$1/started"; } 2>/dev/null || exit ${MARKER_TAKEN}
{ printf 'ok\\n' >&3; } 2>/dev/null
exec 3>&- 4>&2 2>/dev/null
(
  trap - HUP INT QUIT TERM USR1 USR2 ALRM PIPE
  test -e "$1/stopped" && exit 143
  exec bash -c -- "$2" 2>&4 4>&-
)
hagane_code=$?
command times >"$1/times"
printf '{"code":%d}\\n' "$hagane_code" >"$1/exit.json"
exit "$hagane_code"
`
