import { layout } from './layout.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/**
 * What the command's bash runs before the command (it comes by BASH_ENV, so the command's text and its messages stay as
 * they are): it notes that the command begins, and has its exit code noted at the end, so that a step outlives its wrapper.
 * A command that replaces its shell by `exec` leaves no such note. Neither does one that a signal ends, except SIGTERM to
 * the shell alone, for which bash tells 0; the wrapper, where it lives, knows better and is believed first.
 */
export function preludeOf(folder: string, own: string | undefined): string {
  const { begun, ended } = layout(folder)
  const note = `printf '{"code":%d}\\n' "$?" >${quoted(ended)}`
  return `unset BASH_ENV
{ read -r hagane_start </proc/$$/stat || hagane_start=$(LC_ALL=C TZ=UTC0 ps -o lstart= -p $$); } 2>/dev/null
printf '%s\\t-\\t%s\\n' $$ "$hagane_start" >${quoted(begun)}
unset hagane_start
trap ${quoted(note)} EXIT
${own === undefined ? '' : `export BASH_ENV=${quoted(own)}\n. "$BASH_ENV"\n`}`
}
