#!/bin/sh
# Runs the hand-written limits and the peers of the speed reference beside scalelab, alternately, on one thread each,
# and prints medians of CPU time per request with their ratios. Nothing is built inside the reference's folder.
#
#   benches/peers.sh [ROUNDS]
#
# SPEED_REFERENCE  the reference's folder       (default: ../shared/reference/speed beside the project)
# PEERS_TARGET     where it is built            (default: target/peers)
# PEERS_VENV       Python environment for SimPy (default: target/peers-venv; SimPy is left out if it cannot be made)
set -eu
cd "$(dirname "$0")/.."
rounds=${1:-5}
reference=${SPEED_REFERENCE:-../shared/reference/speed}
peers_target=${PEERS_TARGET:-$PWD/target/peers}
venv=${PEERS_VENV:-$PWD/target/peers-venv}
[ -f "$reference/Cargo.toml" ] || { echo "no speed reference at $reference (set SPEED_REFERENCE)" >&2; exit 1; }

echo "building ..." >&2
(cd "$reference" && CARGO_TARGET_DIR=$peers_target cargo build --release --quiet -p models -p peers) 2>/dev/null
engine=$(cargo bench --no-run --bench engine --message-format=json 2>/dev/null |
    sed -n 's/.*"name":"engine".*"executable":"\([^"]*\)".*/\1/p' | tail -1)
[ -x "$engine" ] || { echo "the benchmark engine was not built" >&2; exit 1; }
simpy=no
if [ -x "$venv/bin/python" ] || python3 -m venv "$venv" 2>/dev/null; then
    "$venv/bin/python" -c 'import simpy' 2>/dev/null || "$venv/bin/pip" install --quiet simpy 2>/dev/null || true
    "$venv/bin/python" -c 'import simpy' 2>/dev/null && simpy=yes
fi
[ $simpy = yes ] || echo "SimPy cannot be installed: left out" >&2
# How fast SimPy is depends on the interpreter by a factor of two.
python=$([ $simpy = no ] || "$venv/bin/python" -c 'import platform, simpy; print("SimPy", simpy.__version__, "on Python", platform.python_version())')

results=$(mktemp)
trap 'rm -f "$results"' EXIT
bin=$peers_target/release

# once LABEL MODEL COMMAND...: one run; its CPU time per request goes into the results.
once() {
    label=$1 model=$2
    shift 2
    "$@" 2>/dev/null | awk -v label="$label" -v model="$model" '
        function field(name) { return match($0, "\"" name "\": *[0-9.e+-]+") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0 : 0 }
        /ns_req|cpu/ { ns = field("ns_req"); if (!ns) ns = field("cpu") * 1e9 / field("n"); if (ns) print model "\t" label "\t" ns }' >> "$results"
}

round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    echo "round $round of $rounds" >&2
    for model in mm1 mm8 tandem; do
        once scalelab $model "$engine" $model 400000
        once "limit gen-wheel" $model "$bin/limit" gen-wheel $model 1000000
        once "limit elide" $model "$bin/limit" elide $model 1000000
        once simrs $model "$bin/p_simrs" fused $model 200000
        once "simcore components" $model "$bin/p_simcore" components $model 200000
        once "nexosim models and ports" $model "$bin/p_nexosim" models $model 100000
        [ $simpy = no ] || once "SimPy as documented" $model "$venv/bin/python" "$reference/python/bench_simpy.py" $model 10000
    done
    once scalelab full_path "$engine" full_path 300000
    once "limit event by event" full_path "$bin/fullpath" wheel16 1000 500000
    once "limit elided" full_path "$bin/fullpath" fused-wheel16 1000 500000
done

echo "CPU ns per request, median of $rounds alternating rounds; times = this / scalelab${python:+; $python}"
sort -t "$(printf '\t')" -k1,1 -k2,2 -k3,3g "$results" | awk -F '\t' '
    { key = $1 FS $2; if (!(key in n)) order[++keys] = key; value[key, ++n[key]] = $3 }
    END {
        for (i = 1; i <= keys; i++) { key = order[i]; middle[key] = value[key, int((n[key] + 1) / 2)] }
        printf "%-10s %-26s %12s %9s\n", "model", "who", "ns/request", "times"
        for (i = 1; i <= keys; i++) {
            split(order[i], part, FS)
            printf "%-10s %-26s %12.1f %9.2f\n", part[1], part[2], middle[order[i]], middle[order[i]] / middle[part[1] FS "scalelab"]
        }
        print "share of the limit gen-wheel reached on tandem: " int(100 * middle["tandem" FS "limit gen-wheel"] / middle["tandem" FS "scalelab"] + 0.5) " %"
    }'
