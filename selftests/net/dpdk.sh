# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# maglev-dpdk at $WORK/socket, beside the kernel's balancer: to be sourced after lib.sh.
# shellcheck disable=SC2154 # they are lib.sh's

dpdk() { "$MAGLEVADM" --dpdk="$WORK/socket" "$@"; }
is_listening() { [ -S "$WORK/socket" ] && dpdk show >/dev/null 2>&1; }

# digests PLANE: adm's or dpdk's, of base and live tables and of the key.
digests() { "$1" -j service show | grep -oE '"(base|live|key)-(digest|check)":[[:space:]]*"[0-9a-f]*"' | tr -d ' \t'; }
agree() { [ "$(digests adm)" = "$(digests dpdk)" ]; }
