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

[ $# -eq 1 ] || usage
[ -n "${EXPORTER_TYPE:-}" ] || missing EXPORTER_TYPE

case $1 in
  set)
    [ -n "${EXPORTER_PORT:-}" ] || missing EXPORTER_PORT
    exec "$rollcall" register "$EXPORTER_TYPE"
    ;;
  rm)
    [ "${SERVICE_RESULT:-success}" = success ] || keep "the exporter failed ($SERVICE_RESULT)"
    ! going_down || keep "the machine is going down"
    exec "$rollcall" deregister "$EXPORTER_TYPE"
    ;;
  *) usage ;;
esac
