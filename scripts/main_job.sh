#!/usr/bin/env bash
# Runs the main job as its users would and checks what it says of itself.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --example charging_day
day=${CARGO_TARGET_DIR:-target}/release/examples/charging_day
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The value of a key in a flat JSON object.
value() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^,\"}]*\).*/\1/p" "$2"; }
fail() { printf 'main job: %s\n' "$*" >&2; exit 1; }

"$day"
"$day" --json > "$work/first.json"
"$day" --json --log "$work/day.log" > "$work/second.json"
first=$(value digest "$work/first.json")
second=$(value digest "$work/second.json")
[ -n "$first" ] && [ "$first" = "$second" ] || fail "digests differ: $first and $second"
echo "digest $first, twice"

"$day" --replay "$work/day.log" || fail "the replay does not reproduce the log"

"$day" --json --effect 0 > "$work/none.json"
low=$(value lift_low "$work/none.json")
high=$(value lift_high "$work/none.json")
awk -v low="$low" -v high="$high" 'BEGIN { exit !(low <= 0 && 0 <= high) }' ||
    fail "offers without effect show a lift: $low to $high"
echo "without effect the interval is $low to $high"
