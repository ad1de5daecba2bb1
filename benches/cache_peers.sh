#!/bin/sh
# libCacheSim (its Python package; the loop runs in C) beside the cache room on one trace, alternately, CPU time of one thread each.
#
#   benches/cache_peers.sh [ROUNDS]
#
# SPEED_REFERENCE  the reference's folder          (default: ../shared/reference/speed beside the project)
# PEERS_VENV       Python environment for the peer (default: target/peers-venv)
set -eu
cd "$(dirname "$0")/.."
rounds=${1:-3}
script=${SPEED_REFERENCE:-../shared/reference/speed}/python/bench_libcachesim.py
venv=${PEERS_VENV:-$PWD/target/peers-venv}
[ -f "$script" ] || { echo "no speed reference at $script (set SPEED_REFERENCE)" >&2; exit 1; }
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -c 'import libcachesim' 2>/dev/null || "$venv/bin/pip" install --quiet libcachesim
bench=$(cargo bench --no-run --bench cache --message-format=json 2>/dev/null |
    sed -n 's/.*"name":"cache".*"executable":"\([^"]*\)".*/\1/p' | tail -1)
[ -x "$bench" ] || { echo "the benchmark cache was not built" >&2; exit 1; }
trace=$(mktemp) results=$(mktemp)
trap 'rm -f "$trace" "$results"' EXIT
CACHE_TRACE=$trace "$bench"
round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    echo "round $round of $rounds" >&2
    "$bench" lru fifo s3fifo dense ahead | awk '$2 == "dense" || $2 == "ahead" { print $1 "\t" $2 "\t" $3 "\t" 1 - $4 }' >> "$results"
    "$venv/bin/python" "$script" "$trace" 100000 lru,fifo,s3fifo | awk '
        function field(name) { match($0, "\"" name "\": *[0-9.e+-]+"); return substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 4) + 0 }
        { match($0, /"algo": "[a-z0-9]+/); print substr($0, RSTART + 9, RLENGTH - 9) "\tlibCacheSim\t" field("mreq_s") "\t" field("miss") }' >> "$results"
done
echo "million requests per second, median of $rounds alternating rounds"
sort -t "$(printf '\t')" -k1,1 -k2,2 -k3,3g "$results" | awk -F '\t' '
    { key = $1 FS $2; value[key, ++n[key]] = $3; miss[key] = $4; names[$1] = 1 }
    END {
        for (name in names) {
            theirs = name FS "libCacheSim"; b = value[theirs, int((n[theirs] + 1) / 2)]
            for (way = 1; way <= 2; way++) {
                ours = name FS (way == 1 ? "dense" : "ahead"); a = value[ours, int((n[ours] + 1) / 2)]
                printf "%-7s scalelab %-6s %7.2f (miss ratio %.4f)  libCacheSim %6.2f (%.4f)  %5.1f times\n", name, way == 1 ? "" : "ahead", a, miss[ours], b, miss[theirs], a / b
            }
        }
    }' | sort
