"""Writes libcachesim_hits.csv: hits of libCacheSim 0.3.5 (pip install libcachesim==0.3.5) on made traces of many shapes and sizes.
The traces are made by the same arithmetic in tests/policy/traces.rs."""
import libcachesim as lcs

POLICIES = {"lru": lcs.LRU, "fifo": lcs.FIFO, "lfu": lcs.LFU, "clock": lcs.Clock, "sieve": lcs.Sieve,
            "s3fifo": lcs.S3FIFO, "2q": lcs.TwoQ, "arc": lcs.ARC}


def trace(seed, keys, requests, skew, shift):
    state = seed
    for at in range(requests):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        uniform = state >> 33
        skewed = uniform
        for _ in range(skew):
            skewed = skewed * uniform >> 31
        yield ((keys * skewed >> 31) + (at // shift if shift else 0)) % keys


def hits(policy, items, keys):
    cache, request, found = POLICIES[policy](items), lcs.Request(), 0
    for key in keys:
        request.obj_id, request.obj_size = key, 1
        found += cache.get(request)
    return found


print("seed,keys,requests,skew,shift,items," + ",".join(POLICIES))
for seed in range(1, 25):
    keys, requests = (30, 100, 600, 3000)[seed % 4], (500, 4000, 12000)[seed % 3]
    skew, shift = seed % 5, (0, 0, 7, 50)[seed // 2 % 4]
    for items in (3 + seed % 17, 20 + 3 * seed, 101 + 11 * seed):
        # libCacheSim keeps nothing at all if S3-FIFO's small queue has no room for two items, or 2Q's A1in for one.
        fewest = {"s3fifo": 20, "2q": 4}
        row = ["" if items < fewest.get(name, 1) else hits(name, items, trace(seed, keys, requests, skew, shift))
               for name in POLICIES]
        print(seed, keys, requests, skew, shift, items, *row, sep=",")
