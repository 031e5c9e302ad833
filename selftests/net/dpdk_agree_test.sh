#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel and maglev-dpdk, told the same, have the same tables: digests are compared after each of CHANGES random
# changes of states, shares and weights, under one key, and explanations of TUPLES packets name the same backends.
#
#   as in lib.sh; maglev-dpdk's control half alone, whose workers stand still
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/dpdk.sh"

CHANGES=${CHANGES:-40}
TUPLES=${TUPLES:-20}
BACKENDS=20
CONTROL=${CONTROL:-$(dirname "$0")/../../build/maglev-dpdk-control}
SERVICE="tcp $VIP:80"

# both WORD...: told to the kernel, and to maglev-dpdk.
both() {
	adm "$@" || fail "kernel: $*"
	dpdk "$@" || fail "maglev-dpdk: $*"
}
backend_of() { "$@" | awk '$1 == "chosen" { sub(":[^:]*$", "", $2); print $2 }'; }

# change: one thing about one backend.
change() {
	local backend=10.9.0.$((RANDOM % BACKENDS + 1)):80

	# shellcheck disable=SC2086 # two words
	case $((RANDOM % 5)) in
	0) both backend down $SERVICE $backend ;;
	1) both backend drain $SERVICE $backend ;;
	2) both backend up $SERVICE $backend ;;
	3) both backend share $SERVICE $backend $((RANDOM % 101)) ;;
	4) both backend weight $SERVICE $backend $((RANDOM % 9)) ;;
	esac
}

[ -x "$CONTROL" ] || skip "$CONTROL: make frames"
RANDOM=${MAGLEV_TEST_SEED:-20160316}
setup_topology
load_module table_size=509
echo 000102030405060708090a0b0c0d0e0f >"$WORK/key"
chmod 600 "$WORK/key"
"$CONTROL" -s "$WORK/socket" -k "$WORK/key" -m 509 >/dev/null &
control=$!
trap 'kill $control; clean_topology' EXIT
poll 20 is_listening || fail "maglev-dpdk's control half does not listen"
adm set key "$WORK/key"

lb ipvsadm -A -t "$VIP:80" -s maglev
dpdk -A -t "$VIP:80" -s maglev
for ((i = BACKENDS; i; i--)); do
	lb ipvsadm -a -t "$VIP:80" -r 10.9.0.$i -i --tun-type gre -w $((i % 4 + 1))
	dpdk -a -t "$VIP:80" -r 10.9.0.$i -i --tun-type gre -w $((i % 4 + 1))
done
poll 20 agree || fail "after adding: $(digests adm) $(digests dpdk)"
for ((i = 0; i < CHANGES; i++)); do
	change
	poll 20 agree || fail "after change $i: $(digests adm) $(digests dpdk)"
done
for ((i = 0; i < TUPLES; i++)); do
	packet="tcp 198.51.100.$((RANDOM % 250 + 1)):$((RANDOM + 1)) $VIP:80"
	# shellcheck disable=SC2086 # three words
	expect "$packet" "$(backend_of adm explain $packet)" "$(backend_of dpdk explain $packet)"
done
echo "$CHANGES changes and $TUPLES packets: the same"
