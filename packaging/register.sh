#!/bin/sh
# register.sh set | rm - registers or deregisters this host's exporter, by rollcall.
#
# For unit files and init scripts written for a script of this name; plain POSIX sh.
# The environment says what:
#   EXPORTER_TYPE     the service: node, node.a, mysql (required)
#   EXPORTER_ADDRESS  where it answers; default: the address towards etcd.  With it, rm takes
#                     away only what is registered with that address
#   EXPORTER_PORT     its port (required by set)
#   ETCD_ENDPOINT     a domain, to find etcd by SRV, or a URL
#   ETCD_BASE_PATH    /skydns/local/prom; default: rollcall's prefix and zone
# ROLLCALL names the program when it is not in PATH.
#
# Where the program is not, or with ROLLCALL_SERVER, it asks a server by curl instead:
#   ROLLCALL_SERVER      its URL; default: http://127.0.0.1:9530
#   ROLLCALL_TOKEN_FILE  a file with the token that may write there, if it wants one
#   ROLLCALL_ZONE        default: what ETCD_BASE_PATH says below its first part, or prom.internal
#
# `rm` is not a deregistration when nobody asked for one: after a crash (systemd tells by
# SERVICE_RESULT) and while the machine goes down the registration stays.
set -eu

rollcall=${ROLLCALL:-rollcall}

usage() {
  echo "usage: EXPORTER_TYPE=SERVICE [EXPORTER_PORT=PORT] $0 set|rm" >&2
  exit 2
}

keep() {
  echo "register.sh: $EXPORTER_TYPE stays registered: $1" >&2
  exit 0
}

going_down() {
  case ${RUNLEVEL:-} in 0 | 6) return 0 ;; esac
  command -v systemctl >/dev/null 2>&1 &&
    [ "$(systemctl is-system-running 2>/dev/null)" = stopping ]
}

missing() {
  echo "register.sh: $1 is not set" >&2
  usage
}

by_server() {
  [ -n "${ROLLCALL_SERVER:-}" ] || ! command -v "$rollcall" >/dev/null 2>&1
}

# --- by a server's API

fail() {
  echo "register.sh: $1" >&2
  exit 1
}

# only WHAT TEXT CHARACTERS: nothing else may get into a URL or into JSON.
only() {
  case $2 in
    *[!$3]*) echo "register.sh: $1 '$2' has characters that cannot be in one" >&2 && exit 2 ;;
  esac
}

# The zone that a base path stands for: /skydns/local/prom is prom.local.
zone_of() {
  zone=
  rest=${1#/}
  rest=${rest%/}
  while case $rest in */*) true ;; *) false ;; esac; do
    rest=${rest#*/}
    zone=${rest%%/*}${zone:+.$zone}
  done
  echo "$zone"
}

# api METHOD PATH [BODY]: prints the answer, and its status on a line of its own.
api() {
  {
    [ -z "${ROLLCALL_TOKEN_FILE:-}" ] ||
      printf 'header = "Authorization: Bearer %s"\n' "$(cat "$ROLLCALL_TOKEN_FILE")"
    [ -z "${3:-}" ] || printf 'data = "%s"\n' "$(echo "$3" | sed 's/"/\\"/g')"
  } | curl -sS -m 15 -K - -X "$1" -H 'Content-Type: application/json' -w '\n%{http_code}\n' \
    "${server%/}/api/v1/$2" || fail "$server cannot be asked"
}

# The port that an instance is registered with; nothing: it is not.
port_of() {
  found=$(api GET "instances/$1.$EXPORTER_TYPE.$zone") || exit 1
  echo "$found" |
    sed -n 's/^{"status":"success","data":{[^{]*"port":\([0-9]*\).*/\1/p'
}

# HOST, or HOST-PORT where HOST is held with another port: as `rollcall register` names it.
instance() {
  host=$(uname -n | sed 's/\..*//' | tr '[:upper:]' '[:lower:]')
  only 'host name' "$host" 'a-z0-9_-'
  port=${EXPORTER_PORT:-}
  if [ -n "$port" ]; then
    held=$(port_of "$host") || exit 1
    if [ -n "$held" ]; then
      [ "$held" = "$port" ] || host=$host-$port
    else
      # Named so while HOST was another's, which has gone since.
      held=$(port_of "$host-$port") || exit 1
      [ "$held" != "$port" ] || host=$host-$port
    fi
  fi
  echo "$host"
}

# change METHOD QUERY BODY DONE
change() {
  command -v curl >/dev/null 2>&1 || fail "there is neither $rollcall nor curl here"
  only EXPORTER_TYPE "$EXPORTER_TYPE" 'A-Za-z0-9._-'
  only EXPORTER_PORT "${EXPORTER_PORT:-}" '0-9'
  only EXPORTER_ADDRESS "${EXPORTER_ADDRESS:-}" '0-9A-Fa-f.:'
  server=${ROLLCALL_SERVER:-http://127.0.0.1:9530}
  zone=${ROLLCALL_ZONE:-}
  [ -n "$zone" ] || [ -z "${ETCD_BASE_PATH:-}" ] || zone=$(zone_of "$ETCD_BASE_PATH")
  zone=${zone:-prom.internal}
  only 'the zone' "$zone" 'A-Za-z0-9._-'
  name=$(instance) || exit 1
  name=$name.$EXPORTER_TYPE.$zone
  answer=$(api "$1" "instances/$name$2" "$3") || exit 1
  case ${answer##*
} in
    200) echo "$4 $name" ;;
    # Its own sentence, in JSON or not.
    *) fail "$(echo "$answer" | sed -n '1s/.*"error":"\(.*\)"}$/\1/;1p;$s/^/status /p' | tr '\n' ' ')" ;;
  esac
}

[ $# -eq 1 ] || usage
[ -n "${EXPORTER_TYPE:-}" ] || missing EXPORTER_TYPE

case $1 in
  set)
    [ -n "${EXPORTER_PORT:-}" ] || missing EXPORTER_PORT
    by_server || exec "$rollcall" register "$EXPORTER_TYPE"
    address=${EXPORTER_ADDRESS:+,\"address\":\"$EXPORTER_ADDRESS\"}
    change PUT "" "{\"port\":$EXPORTER_PORT$address}" registered
    ;;
  rm)
    [ "${SERVICE_RESULT:-success}" = success ] || keep "the exporter failed ($SERVICE_RESULT)"
    ! going_down || keep "the machine is going down"
    by_server || exec "$rollcall" deregister "$EXPORTER_TYPE"
    change DELETE "?why=register.sh${EXPORTER_ADDRESS:+&address=$EXPORTER_ADDRESS}" "" deregistered
    ;;
  *) usage ;;
esac
