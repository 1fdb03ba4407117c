import { definitionsFor, type Kernel } from './probes.ts'

/**
 * The POSIX shell script that captures on a real kernel: an own trace instance, so that other tracing goes on
 * undisturbed; each probe on its own, because a kernel may lack a function; everything removed again, also when
 * interrupted.
 */
export const captureScript = (kernel: Kernel): string =>
  [HEAD.replaceAll('@KERNEL@', kernel), DEFINE, ...definitionsFor(kernel), 'END', TAIL].join('\n')

const HEAD = String.raw`#!/bin/sh
# Captures what the arm64 kernel does to its own page tables, for Pagetrail.
# Written by: pagetrail capture-script --kernel @KERNEL@
#
#   sh capture.sh [-o FILE] [-b KILOBYTES] [COMMAND [ARGUMENT...]]
#
# Runs COMMAND, or waits for Enter, while the kernel's permission changes are traced; then
#   pagetrail import FILE
# Needs root, tracefs, and a kernel with CONFIG_KPROBE_EVENTS. TRACEFS names another place of tracefs.

out=pagetrail-$(uname -r).trace
kilobytes=16384
while getopts o:b:h option; do
  case $option in
    o) out=$OPTARG ;;
    b) kilobytes=$OPTARG ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done
shift $((OPTIND - 1))

say() { echo "capture: $*" >&2; }
die() { say "$*"; exit 2; }

tracefs=$TRACEFS
for place in /sys/kernel/tracing /sys/kernel/debug/tracing; do
  [ -n "$tracefs" ] || [ ! -e "$place/kprobe_events" ] || tracefs=$place
done
[ -n "$tracefs" ] || die "no tracefs: as root, mount -t tracefs nodev /sys/kernel/tracing"
[ -w "$tracefs/kprobe_events" ] || die "$tracefs/kprobe_events cannot be written: run this as root"
case $(uname -r) in
  @KERNEL@*) ;;
  *) say "this is $(uname -r); the probes were chosen for @KERNEL@, those it lacks are left out" ;;
esac

instance=$tracefs/instances/pagetrail
mkdir "$instance" || die "$instance is there already: another capture is running, or rmdir it"

undo() {
  trap '' INT TERM HUP
  echo 0 >"$instance/tracing_on"
  [ ! -e "$instance/events/kperm/enable" ] || echo 0 >"$instance/events/kperm/enable"
  for name in $names; do echo "-:kperm/$name" >>"$tracefs/kprobe_events"; done
  rmdir "$instance" 2>/dev/null || say "could not remove $instance"
}
names=
trap undo EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
`

const DEFINE = String.raw`
refused=0
while read -r definition; do
  name=$(echo "$definition" | sed 's,^[pr]:kperm/\([^ ]*\) .*,\1,')
  if echo "$definition" 2>/dev/null >>"$tracefs/kprobe_events"; then
    names="$names $name"
  else
    refused=$((refused + 1))
    say "this kernel refuses $name"
  fi
done <<'END'`

const TAIL = String.raw`
[ -n "$names" ] || die "the kernel accepted none of the probes"

echo "$kilobytes" >"$instance/buffer_size_kb"
echo mono >"$instance/trace_clock" 2>/dev/null || say "no clock mono: taking the default"
echo 1 >"$instance/events/kperm/enable" || die "the probes cannot be switched on"
echo 1 >"$instance/tracing_on"

status=0
if [ $# -gt 0 ]; then
  echo "wl: begin $*" >"$instance/trace_marker"
  # In the background, because a shell runs a trap only between commands, but at once out of wait.
  "$@" <&0 &
  wait $!
  status=$?
  echo "wl: end" >"$instance/trace_marker"
else
  say "tracing; press Enter to stop"
  read -r _
fi
echo 0 >"$instance/tracing_on"

cat "$instance/trace" >"$out" || die "could not save to $out"
lost=$(cat "$instance"/per_cpu/cpu*/stats 2>/dev/null |
  awk '$1 == "overrun:" || $1 == "dropped" { n += $NF } END { print n + 0 }')
[ "$lost" -eq 0 ] || say "$lost events did not fit: capture again with -b above $kilobytes"
say "$(grep -vc '^#' "$out") lines in $out; now: pagetrail import $out"
exit $status
`
