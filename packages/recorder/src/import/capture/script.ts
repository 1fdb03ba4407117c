/** What the script for one kernel is made of. */
export interface ScriptParts {
  /** The command line that wrote it, for its head. */
  readonly writtenBy: string
  /** Version and patch level, `6.18`: other releases are warned about. */
  readonly series: string
  /** /proc/version of the build whose binary the offsets were found in; null where there are no offsets. */
  readonly banner: string | null
  /** Lines for `kprobe_events`, without the group. */
  readonly definitions: readonly string[]
  /** What this capture cannot show, a sentence each. */
  readonly unseen: readonly string[]
}

/** A word that the shell takes as it is. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

/**
 * The POSIX shell script that captures on a real kernel. It keeps to a trace instance and a group of probes of its own,
 * so that other tracing goes on undisturbed; defines each probe on its own, because a kernel may lack a function; saves
 * what has come however it ends; and removes everything again. It needs no more than busybox.
 */
export const captureScript = (parts: ScriptParts): string =>
  [
    HEAD.replace('@WRITTEN_BY@', () => parts.writtenBy),
    `series=${quoted(parts.series)}`,
    `banner=${quoted(parts.banner ?? '')}`,
    `unseen=${quoted(parts.unseen.join('\n'))}`,
    '',
    'definitions() {',
    "  cat <<'END'",
    ...parts.definitions,
    'END',
    '}',
    PLACES,
    PROBES,
    FACTS,
    COMMAND,
    MAIN,
  ].join('\n')

const HEAD = String.raw`#!/bin/sh
# Captures what the arm64 kernel does to its own page tables, for Pagetrail.
# Written by: @WRITTEN_BY@
#
#   sh capture.sh [-o FILE | --live] [-b KILOBYTES] [COMMAND [ARGUMENT...]]
#   sh capture.sh --remove NAME     removes what a capture that was killed left behind
#
# Runs COMMAND, or waits for Enter, while the kernel's permission changes are traced; then
#   pagetrail import FILE
# Interrupting it stops COMMAND and saves what was traced. --live (or -o -) writes the trace to standard output
# as it grows:
#   ssh HOST sh capture.sh --live COMMAND | pagetrail import --follow -
# Needs root, tracefs and a kernel with CONFIG_KPROBE_EVENTS. TRACEFS and SECURITYFS name other places of these.
`

const PLACES = String.raw`
say() { echo "capture: $*" >&2; }
die() { say "$*"; exit 2; }

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

find_tracefs() {
  case $(cat "${'$'}{SECURITYFS:-/sys/kernel/security}/lockdown" 2>/dev/null) in
    *'[confidentiality]'*)
      die "the kernel is locked down for confidentiality, which disables tracing: boot it with lockdown=integrity" ;;
  esac
  tracefs=$TRACEFS
  for place in /sys/kernel/tracing /sys/kernel/debug/tracing; do
    [ -n "$tracefs" ] || [ ! -e "$place/kprobe_events" ] || tracefs=$place
  done
  [ -n "$tracefs" ] || die "no tracefs with kprobe_events: as root, mount -t tracefs nodev /sys/kernel/tracing;" \
    "if that does not help, the kernel lacks CONFIG_KPROBE_EVENTS"
  [ -w "$tracefs/kprobe_events" ] || die "$tracefs/kprobe_events cannot be written: run this as root"
}

check_kernel() {
  if [ -n "$banner" ]; then
    [ "$(cat /proc/version)" = "$banner" ] || die "the probes were found in another build, and are wrong in this one." \
      "This is: $(cat /proc/version). They are of: $banner"
    return
  fi
  case $(uname -r) in
    "$series" | "$series"[!0-9]*) ;;
    *) say "this is $(uname -r); the probes were chosen for $series, those that it lacks are left out" ;;
  esac
}

# Before the command runs, so that its work is not lost to a bad name.
check_output() {
  [ "$out" != - ] || return 0
  (: >>"$out") 2>/dev/null || die "$out cannot be written: name another file with -o"
  room=$(df -Pk "$out" 2>/dev/null | awk 'NR == 2 { print $4 }')
  [ "${'$'}{room:-$kilobytes}" -ge "$kilobytes" ] || say "only $room kB are free for $out, and a buffer holds $kilobytes"
}
`

const PROBES = String.raw`
# A reason for a refusal, where the kernel gives one.
reason() { tail -n 3 "$tracefs/error_log" 2>/dev/null | sed -n 's/^.*trace_kprobe: error: */: /p' | tail -n 1; }

accepts() { echo "$1" 2>/dev/null >>"$tracefs/kprobe_events"; }

# p:NAME or r:NAME, the place, what to fetch.
define() {
  kind=${'$'}{1%%:*}
  name=${'$'}{1#*:}
  shift
  # The kernel misses the returns of calls that are more at once; it starts with a few for each CPU.
  [ "$kind" = p ] || kind=r100
  before=$(reason)
  if accepts "$kind:$group/$name $*"; then
    names="$names $name"
    return
  fi
  why=$(reason)
  [ "$why" != "$before" ] || why=
  if [ "$kind" != p ] && [ "$*" != "${'$'}{*#*\$arg}" ]; then
    # Kernels before 6.9 have no arguments in return probes: returns are then paired by their order.
    place=$1
    while [ $# -gt 1 ]; do shift; done
    case $1 in ret=*) fetch=$1 ;; *) fetch= ;; esac
    if accepts "$kind:$group/$name $place $fetch"; then
      names="$names $name"
      bare="$bare $name"
      return
    fi
  fi
  refused="$refused $name"
  say "this kernel refuses $name$why"
}

remove() {
  instance=$tracefs/instances/$1
  [ ! -e "$instance/tracing_on" ] || echo 0 >"$instance/tracing_on"
  [ ! -e "$instance/events/$1/enable" ] || echo 0 >"$instance/events/$1/enable"
  for line in $(sed -n "s,^[pr][0-9]*:\($1/[^ ]*\) .*,-:\1,p" "$tracefs/kprobe_events"); do accepts "$line"; done
  [ ! -e "$instance" ] || rmdir "$instance" 2>/dev/null || say "could not remove $instance"
}
`

const FACTS = String.raw`
page_size() {
  getconf PAGESIZE 2>/dev/null ||
    awk '/^KernelPageSize:/ { print $2 * 1024; found = 1; exit } END { exit !found }' /proc/self/smaps 2>/dev/null ||
    echo '?'
}

va_bits() {
  { zcat /proc/config.gz || cat "/boot/config-$(uname -r)"; } 2>/dev/null |
    sed -n 's/^CONFIG_ARM64_VA_BITS=//p' | grep . || echo '?'
}

# Values of midr_el1, one for each kind of CPU.
cpus() {
  cat /sys/devices/system/cpu/cpu*/regs/identification/midr_el1 2>/dev/null | sort -u | tr '\n' ' ' | grep . || echo '?'
}

# One line, whatever blanks and line ends the words bring.
fact() { printf '%s\n' "$*" | awk '{ $1 = $1; line = line " " $0 } END { print "# pagetrail:" line }'; }

facts_before() {
  fact capture 1
  fact release "$(uname -r)"
  fact version "$(cat /proc/version)"
  fact page-size "$(page_size)"
  fact va-bits "$(va_bits)"
  fact cpu "$(cpus)"
  fact command "$@"
  fact probes "$names"
  [ -z "$refused" ] || fact refused "$refused"
  [ -z "$bare" ] || fact returns-without-arguments "$bare"
  [ -z "$unseen" ] || echo "$unseen" | while read -r line; do fact unseen "$line"; done
}

# Lines of kprobe_profile are: event, hits, misses.
missed() { awk -v names=" $names " 'index(names, " " $1 " ") && $3 > 0 { print $1, $3 }' "$tracefs/kprobe_profile"; }

lost() {
  cat "$instance"/per_cpu/cpu*/stats 2>/dev/null |
    awk '$1 == "overrun:" || $1 == "dropped" { n += $NF } END { print n + 0 }'
}

facts_after() {
  missed 2>/dev/null | while read -r name count; do
    fact missed "$name" "$count"
    say "the kernel missed $count of $name: more calls were under way at once than it keeps returns for"
  done
  overrun=$(lost)
  fact lost "$overrun"
  [ "$overrun" -eq 0 ] || say "$overrun events did not fit: capture again with -b above $kilobytes"
}
`

const COMMAND = String.raw`
# The process and all below it.
family() {
  echo "$1"
  for child in $(grep -ls "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status | sed 's,^/proc/\([0-9]*\)/.*,\1,'); do
    family "$child"
  done
}

# A shell without job control starts background commands with SIGINT ignored.
is_deaf() {
  case $(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) in *[2367abefABEF]) ;; *) return 1 ;; esac
}

# The first signal is passed on; a second one does not ask any more.
forward() {
  signal=$1
  [ -z "$stopped" ] || signal=KILL
  stopped=$2
  [ -n "$pid" ] || return 0
  for each in $(family "$pid"); do
    if [ "$signal" = INT ] && is_deaf "$each"; then kill -s TERM "$each"; else kill -s "$signal" "$each"; fi
  done 2>/dev/null
}

work() {
  if [ $# -eq 0 ]; then
    say "tracing; press Enter to stop"
    read -r _
    return 0
  fi
  echo "wl: begin $*" >"$instance/trace_marker"
  # In the background, because a shell runs a trap only between commands, but at once out of wait.
  if [ "$out" = - ]; then "$@" <&0 >&2 & else "$@" <&0 & fi
  pid=$!
  wait "$pid"
  status=$?
  while [ -n "$stopped" ] && kill -0 "$pid" 2>/dev/null; do
    wait "$pid"
    status=$?
  done
  pid=
  echo "wl: end" >"$instance/trace_marker"
}

waiting() { cat "$instance"/per_cpu/cpu*/stats 2>/dev/null | awk '$1 == "entries:" { n += $2 } END { print n + 0 }'; }

# trace_pipe ends by itself once tracing is off and all was read, unless nothing was ever read.
drain() {
  while kill -0 "$reader" 2>/dev/null; do
    left=$(waiting)
    sleep 1
    [ "$left" -gt 0 ] || break
  done
  kill "$reader" 2>/dev/null
  wait "$reader" 2>/dev/null
}

# The trace with its facts before it, whole or not at all.
save() {
  partial=$out
  [ -e "$out" ] && [ ! -f "$out" ] || partial=$out.partial
  if { facts_before "$@" && facts_after && cat "$instance/trace"; } >"$partial" &&
    { [ "$partial" = "$out" ] || mv "$partial" "$out"; }; then
    say "$(grep -vc '^#' "$out") lines in $out; now: pagetrail import $out"
    return
  fi
  [ "$partial" = "$out" ] || rm -f "$partial"
  trap - EXIT
  say "could not save to $out. Nothing is lost yet: cat $instance/trace to another place, then run: sh $0 --remove $group"
  exit 2
}
`

const MAIN = String.raw`
main() {
  out=pagetrail-$(uname -r).trace
  kilobytes=16384
  while [ $# -gt 0 ]; do
    case $1 in
      -o) [ $# -gt 1 ] || usage; out=$2; shift ;;
      -b) [ $# -gt 1 ] || usage; kilobytes=$2; shift ;;
      --live) out=- ;;
      --remove) [ $# -eq 2 ] || usage; find_tracefs; remove "$2"; exit ;;
      --) shift; break ;;
      -*) usage ;;
      *) break ;;
    esac
    shift
  done
  case $kilobytes in '' | *[!0-9]*) die "-b takes a number of kilobytes, not $kilobytes" ;; esac
  find_tracefs
  check_kernel
  check_output

  group=pagetrail_$$
  instance=$tracefs/instances/$group
  names= refused= bare= pid= stopped= status=0
  mkdir "$instance" || die "$instance cannot be made: does this kernel have trace instances?"
  trap 'remove "$group"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  while read -r definition; do define $definition; done <<END
$(definitions)
END
  [ -n "$names" ] || die "the kernel accepted none of the probes"

  echo "$kilobytes" >"$instance/buffer_size_kb" || die "a buffer of $kilobytes kB is refused: take a smaller one with -b"
  echo mono >"$instance/trace_clock" 2>/dev/null || say "no clock mono: taking the default"
  echo 1 >"$instance/events/$group/enable" || die "the probes cannot be switched on"
  if [ "$out" = - ]; then
    trap '' PIPE
    facts_before "$@"
    cat "$instance/trace_pipe" & reader=$!
  fi
  trap 'forward INT 130' INT
  trap 'forward TERM 143' TERM HUP
  echo 1 >"$instance/tracing_on"
  work "$@"
  echo 0 >"$instance/tracing_on"
  if [ "$out" = - ]; then drain; facts_after; else save "$@"; fi
  exit "${'$'}{stopped:-$status}"
}

main "$@"
`
