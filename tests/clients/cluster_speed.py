"""How many operations a second redis-py does on a cluster: ports, and for how many seconds."""

import sys
import time

from redis.cluster import ClusterNode, RedisCluster

*PORTS, SECONDS = sys.argv[1:]
KEYS = [f"speed:{number}" for number in range(300)]


def main():
    nodes = [ClusterNode("127.0.0.1", int(port)) for port in PORTS]
    r = RedisCluster(startup_nodes=nodes)
    for key in KEYS:
        r.set(key, "x" * 32)
    count = 0
    begun = time.perf_counter()
    end = begun + float(SECONDS)
    while time.perf_counter() < end:
        for key in KEYS:
            r.set(key, "y" * 32)
            r.get(key)
        with r.pipeline() as pipe:
            for key in KEYS:
                pipe.get(key)
            pipe.execute()
        count += 3 * len(KEYS)
    print(count / (time.perf_counter() - begun))


main()
