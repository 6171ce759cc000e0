#!/bin/sh
# SPDX-License-Identifier: MIT
#
# torture-nat.sh: a WHEP client (aiortc) behind a NAT of the kernel's, whose address changes while it plays, and a way
# that is dead for 40 s. Three network namespaces: server, router with nftables, client; nothing outside them is
# touched, and no root is needed where users may make namespaces. Takes a minute. Ends with one line
# `N passed, N failed`.
set -eu
cd "$(dirname "$0")/.."
if [ "${1-}" != inside ]; then
  if ! unshare --map-root-user --net --mount true 2>/dev/null; then
    echo "torture-nat: this user may not make network namespaces: run it as root"
    echo "0 passed, 1 failed"
    exit 1
  fi
  exec unshare --map-root-user --net --mount --pid --fork --kill-child --mount-proc "$0" inside
fi

PATH=$PATH:/usr/sbin:/sbin
token=a-token-for-a-player passed=0 failed=0
mount -t tmpfs none /run
work=$(mktemp -d)
export XDG_RUNTIME_DIR=$work # here all are root, and /tmp may have a directory of its
trap 'rm -rf "$work"' EXIT

# The router is where we are. link NAME NETWORK: a namespace with one link to it, at NETWORK.2; the router is NETWORK.1.
link() {
  ip netns add "$1"
  ip link add "to-$1" type veth peer name eth0 netns "$1"
  ip addr add "$2.1/24" dev "to-$1"
  ip link set "to-$1" up
  ip -n "$1" addr add "$2.2/24" dev eth0
  ip -n "$1" link set lo up
  ip -n "$1" link set eth0 up
  ip -n "$1" route add default via "$2.1"
}
ip link set lo up
link server 10.9.1
link client 10.9.2
echo 1 >/proc/sys/net/ipv4/ip_forward
nft add table ip nat
nft add chain ip nat out '{ type nat hook postrouting priority srcnat; }'
nft add rule ip nat out oifname to-server masquerade
nft add table ip way
nft add chain ip way pass '{ type filter hook forward priority filter; }'

# until_true SECONDS COMMAND...: waits for what has no event.
until_true() {
  tries=$(($1 * 10))
  shift
  until "$@"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.1
  done
}

serve() {
  ORIEL_TOKEN=$token ip netns exec server build/oriel serve 'pattern:?size=320x240&scene=motion&fps=30' \
    --listen 10.9.1.2:8080 --insecure --log-level debug >"$work/oriel.log" 2>&1 &
  server=$!
  until_true 10 grep -q '^ready: ' "$work/oriel.log"
}

# play PICTURES: in the background.
play() {
  : >"$work/client.log"
  ip netns exec client /usr/bin/python3 tests/e2e/lib/whep-aiortc.py http://10.9.1.2:8080 "$token" "$1" \
    >"$work/client.log" 2>&1 &
  client=$!
}

# has COUNT PATTERN: so many lines of the server's log.
has() { [ "$(grep -c -- "$2" "$work/oriel.log")" -eq "$1" ]; }

# counted SERIES: its value in /metrics.
counted() {
  ip netns exec server /usr/bin/python3 -c "import urllib.request as u
asked = u.Request('http://10.9.1.2:8080/metrics', headers={'authorization': 'Bearer $token'})
print(u.urlopen(asked).read().decode())" |
    sed -n "s/^$1 //p"
}

sent_more() { [ "$(counted oriel_whep_packets_total)" -ge "$1" ]; }

check() {
  if "$@"; then
    echo "ok     $name"
    passed=$((passed + 1))
  else
    echo "FAIL   $name"
    tail -n 5 "$work/oriel.log" "$work/client.log"
    failed=$((failed + 1))
  fi
}

# The server sees one address after another, and one session plays to its end.
moves() {
  play 300
  until_true 10 has 1 'audit: joined address=10.9.1.1 .*by=whep' || return 1
  until_true 10 sent_more 100 || return 1
  ip addr add 10.9.1.3/24 dev to-server
  ip addr del 10.9.1.1/24 dev to-server # which makes the kernel forget all that it masqueraded as that
  ip addr show dev to-server | grep -q 10.9.1.3 || ip addr add 10.9.1.3/24 dev to-server
  ip -n server route replace default via 10.9.1.3
  wait "$client" || return 1
  has 1 'audit: joined .*by=whep' && until_true 10 has 1 'audit: left .*reason="the client ended it"'
}

# Nothing passes: the server gives it up after 35 s, and says why.
darkness() {
  play 1000000
  until_true 10 has 2 'audit: joined .*by=whep' || return 1
  until_true 10 sent_more 500 || return 1
  nft add rule ip way pass drop
  until_true 45 has 1 'audit: left .*reason="the client is not heard of any more"'
  result=$?
  nft flush chain ip way pass
  kill "$client" 2>/dev/null || true
  wait "$client" || true
  [ "$(counted 'oriel_whep_sessions_ended_total{cause="lost"}')" = 1 ] || return 1
  return "$result"
}

serve || {
  tail -n 5 "$work/oriel.log"
  echo "0 passed, 1 failed"
  exit 1
}
name='behind a NAT whose address changes one session plays on' check moves
name='a way that is dead for 40 s ends the session, and its counters say so' check darkness
kill "$server"
wait "$server" || true
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
