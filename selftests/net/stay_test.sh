#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Long flows stay with their backends whatever is done to the others: FLOWS raw ones and CONNECTIONS held ones, half of
# them IPv6, all tried after each of a list of changes, while the balancer takes packets on one CPU, then on the other.
#
#   silent backends on port 80; b1, b2 and later b3 on port 81
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

FLOWS=${FLOWS:-$((${MAGLEV_SLOW:-1} > 1 ? 4000 : 100000))}
CONNECTIONS=${CONNECTIONS:-1000}
cpu=1

# both VERB OPTIONS I J: silent backend I and real backend J.
both() {
	# shellcheck disable=SC2086
	backends "$1" $2 "$3"
	# shellcheck disable=SC2086
	named "$1" "$4" $2
}

# overlay I J VERB [WORD...]: of maglevadm backend, for silent backend I and real backend J.
overlay() {
	local i=$1 j=$2 verb=$3

	shift 3
	adm backend "$verb" tcp $VIP:80 "10.0.4.$i:80" "$@"
	adm backend "$verb" tcp "[$VIP6]:80" "[2001:db8:4::$i]:80" "$@"
	adm backend "$verb" tcp $VIP:81 "10.0.0.$j:81" "$@"
	adm backend "$verb" tcp "[$VIP6]:81" "[2001:db8::$j]:81" "$@"
}

resize() {
	local vip port

	for vip in $VIP "[$VIP6]"; do
		for port in 80 81; do
			adm service set tcp "$vip:$port" table-size "$1"
		done
	done
}

# stays WHAT COMMAND...: a change of all four services; then every flow and connection is tried, on the other CPU.
stays() {
	local what=$1

	shift
	changed 4 "$@"
	cpu=$((3 - cpu))
	take_packets_on $cpu
	long_stay "$what"
}

setup_long 3

stays "a backend more" both -a "" 5 3
stays "one drained by its weight" both -e "-w 0" 1 1
stays "a weight changed" both -e "-w 3" 2 2
stays "that one up again" both -e "-w 1" 1 1
stays "one drained by the operator" overlay 3 1 drain
stays "a share changed" overlay 4 2 share 40
stays "all as before" overlay 3 1 up
stays "a table size changed" resize 131071
finish
