"""One session of stock etcdctl, held with the embedded store and with a real etcd alike."""

import re
import shlex

from harness.wait import check, equal

# A line: the words of etcdctl, and behind `<` what it reads, with \n for a new line.  LEASE
# is the lease of the last `lease grant`.  Revisions begin with an empty store.
SESSION = r"""
put /a/1 one
put /a/2 two
put /a/3 three
put /b x
put -- /dash --value
put /a/1 uno --prev-kv
put /missing --ignore-value
put /a/1 value --ignore-value
put /a/1 --ignore-value
put "" nothing
put /from-stdin < a value\nof two lines
get /a/1
get /a/1 -w json
get /a/1 -w fields
get /none
get --prefix /a/
get --prefix /a/ --limit=2 -w json
get --prefix /a/ --keys-only
get --prefix /a/ --print-value-only
get --from-key /a/2
get --from-key "" --keys-only
get /a/1 /a/3
get /a/3 /a/1
get --prefix /a/ --order=DESCEND
get --prefix / --sort-by=MODIFY --order=DESCEND --keys-only
get --prefix / --sort-by=CREATE --order=ASCEND --keys-only
get --prefix /a/ --sort-by=VALUE
get --prefix / --sort-by=VERSION --order=DESCEND --limit=1
get --prefix /a/ --rev=3
get /a/1 --rev=2
get /a/1 --rev=100
get /a/1 --consistency=s
get --prefix /a/ --consistency=s -w json
txn < value("/a/1") = "uno"\n\nput /t/1 yes\nget /t/1\n\nput /t/1 no\n\n
txn < value("/a/1") = "other"\n\nput /t/2 yes\n\nget /a/1\nput /t/2 no\n\n
txn < mod("/a/2") = "3"\ncreate("/a/2") > "2"\nver("/a/2") < "2"\n\nput /t/3 yes\n\nput /t/3 no\n\n
txn < mod("/a/2") > "3"\n\nput /t/4 yes\n\n\n
txn < ver("/none") = "0"\ncreate("/none") = "0"\n\nput /none now\ndel /t/1\n\n\n
txn < val("/gone") = "x"\n\nput /t/5 yes\n\nput /t/5 no\n\n
txn < val("/a/1") != "x"\n\nput /t/5 yes\n\nput /t/5 no\n\n
txn < \nput /twice 1\nput /twice 2\n\n\n
txn < \nput /b 2\ndel --prefix /\n\n\n
txn -w json < \nget --prefix /t/\ndel /t/3 --prev-kv\n\n\n
get --prefix /t/
lease grant 3600
lease grant 9000000001
put /leased/1 x --lease=LEASE
put /leased/2 y --lease=LEASE
get /leased/1 -w json
lease timetolive LEASE
lease timetolive LEASE --keys
lease list
lease keep-alive --once LEASE
put /leased/1 z --ignore-lease
lease timetolive LEASE --keys
put /leased/2 free
lease timetolive LEASE --keys
put /x y --lease=123
lease revoke LEASE
lease timetolive LEASE
lease revoke LEASE
lease list
lease timetolive 123
lease keep-alive 123
get --prefix /leased/
del /b --prev-kv
del /b
del --prefix /t/ --prev-kv
del /a/1 /a/3
del --from-key /l
get --prefix "" --keys-only
put /c 1
put /c 2
compaction 7
compaction 7
compaction 1000
get /a/1 --rev=6
get /a/1 --rev=7
watch /a/1 --rev=6
compaction 1 < x
put /c 3
compaction 40 --physical
alarm list
alarm disarm
defrag
member list
endpoint status
endpoint health
endpoint hashkv
check perf --load=huge
get
"""


def _plain(words, done, endpoint, lease):
    """What the command did, without what is each server's own."""
    text = done.stdout.replace(endpoint, "ENDPOINT")
    if lease:
        text = text.replace(lease, "LEASE").replace(str(int(lease, 16)), "LEASE")
    text = re.sub(r'"(cluster_id|member_id|raft_term|ID)":\d+', r'"\1":0', text)
    text = re.sub(r'"(ClusterID|MemberID|RaftTerm)" : \d+', r'"\1" : 0', text)
    text = re.sub(r"remaining\(\d+s\)", "remaining", text)
    # In any order from etcd.
    text = re.sub(r"attached keys\(\[(.*)\]\)", lambda keys: str(sorted(keys[1].split())), text)
    if words[0] in ("member", "endpoint"):
        # Ids, names, versions, sizes, hashes.
        text = re.sub(r"[^,\n]+", "_", text)
    errors = [re.sub(r"took = .*", "", line.replace(endpoint, "ENDPOINT"))
              for line in done.stderr.splitlines() if not line.startswith("{")]
    return done.returncode, text, errors


def _hold(ctl, endpoint):
    """[(line, what came of it)]"""
    lease, told = None, []
    for line in SESSION.strip().splitlines():
        command, _, stdin = line.partition(" < ")
        words = shlex.split(command.replace("LEASE", lease or ""))
        done = ctl(*words, stdin=stdin.replace("\\n", "\n"))
        granted = re.match(r"lease (\w+) granted", done.stdout)
        if granted:
            lease = granted[1]
        told.append((line, _plain(words, done, endpoint, lease)))
    return told


def compare(scenario, ours, etcd):
    """Both fresh."""
    from_ours = _hold(ours.ctl, ours.url)
    from_etcd = _hold(etcd.try_ctl, etcd.endpoints)
    for (line, got), (_, want) in zip(from_ours, from_etcd):
        equal(got, want, f"etcdctl {line}")
    by_line = dict(from_ours)
    # Two that agree could still both be wrong, or be asked nothing.
    equal(by_line["get --prefix /a/ --rev=3"][1], "/a/1\none\n/a/2\ntwo\n", "the past")
    check("required revision has been compacted" in by_line["get /a/1 --rev=6"][2][0],
          f"a compacted revision: {by_line['get /a/1 --rev=6']}")
    equal(by_line["put -- /dash --value"][0], 0, "a value that looks like a flag")
    check(sum(1 for _, (status, _, _) in from_ours if status == 0) > 60, "most of it works")
    scenario.step(f"{len(from_ours)} commands of etcdctl: what etcd says, word for word")


# What one node cannot do, and what is said of it.
REFUSED = {
    "snapshot save FILE": "use `rollcall store backup`",
    "member add x --peer-urls=http://192.0.2.1:2380": "`rollcall store copy` moves it to a cluster",
    "member update 1 --peer-urls=http://192.0.2.1:2380": "`rollcall store copy` moves it",
    "member remove 1": "rollcall's store is one node",
    "member promote 1": "rollcall's store is one node",
    "move-leader 1": "leads itself",
    "user add someone:secret": "--store.users-file",
    "user list": "--store.users-file",
    "role add something": "--store.users-file",
    "auth enable": "--store.users-file",
}


def refusals(scenario, ours):
    for command, way in REFUSED.items():
        done = ours.ctl(*command.replace("FILE", scenario.path("snapshot")).split())
        check(done.returncode and "Unimplemented" in done.stderr and way in done.stderr,
              f"etcdctl {command} speaks of {way}: {done.stderr}")
    scenario.step(f"{len(REFUSED)} commands that one node cannot do name another way")
