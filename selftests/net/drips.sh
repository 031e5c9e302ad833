# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Downloads that last as long as a test wants them to: a line every two seconds (where all is slow, slower) from the
# backend that they began at, until there is $WORK/enough. To be sourced after lib.sh.
# shellcheck disable=SC2154 # they are lib.sh's

declare -A DRIPS_IN DRIPS_OUT

# serve_drips I PORT: bI says "bI 0" at once, "bI 1" later, and so on; then "end".
# shellcheck disable=SC2016 # perl's
serve_drips() {
	local b=b$1

	rm -f "$WORK/$b.ready"
	# Not by in_ns: its pid would be a shell's, which hands no signal on.
	nsenter --net="/run/netns/$NS-$b" perl -MIO::Socket::IP -MIO::Select \
		-MTime::HiRes=clock_gettime,CLOCK_MONOTONIC -e '
		my ($name, $port, $pause, $enough, $ready) = @ARGV;
		$SIG{PIPE} = "IGNORE";
		sub now() { clock_gettime(CLOCK_MONOTONIC) }
		my $listener = IO::Socket::IP->new(LocalHost => "::", LocalPort => $port, Listen => 4096, V6Only => 0,
			ReuseAddr => 1) or die $@;
		my ($come, @due) = IO::Select->new($listener); # [when, to whom, which line]: the first is due first
		open(my $file, ">", $ready); close $file;
		for (;;) {
			my $left = @due ? $due[0][0] - now : 1;
			push @due, [now, scalar $listener->accept, 0] and unshift @due, pop @due
				if $come->can_read($left > 0 ? $left : 0);
			my $end = -e $enough;
			# Not all of them, should they be late: who is new does not wait.
			for (1 .. 20) {
				last unless @due and $due[0][0] <= now;
				my (undef, $socket, $line) = @{shift @due};
				next unless $socket and syswrite $socket, $end && $line ? "end\n" : "$name $line\n";
				push @due, [now + $pause, $socket, $line + 1] unless $end && $line;
			}
		}' "$b" "$2" $((2 * ${MAGLEV_SLOW:-1})) "$WORK/enough" "$WORK/$b.ready" &
	echo $! >"$WORK/$b.pid"
	poll 20 test -e "$WORK/$b.ready" || fail "$b does not listen"
}

# kill_server I: as the kernel does it: nothing is said to clients but by their sockets' end.
kill_server() {
	local pid

	pid=$(cat "$WORK/b$1.pid")
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
	rm "$WORK/b$1.pid"
}

# begin_drips NAME FIRST N PORT VIP...: by one process, N to each VIP, from the client's ports FIRST, FIRST + 1, ...
# shellcheck disable=SC2016 # perl's
begin_drips() {
	local name=$1 in out

	shift
	mkfifo "$WORK/$name.in" "$WORK/$name.out"
	(
		ulimit -n 65536
		exec nsenter --net="/run/netns/$NS-client" perl -MIO::Socket::IP -MIO::Select -e '
			my ($told, $first, $n, $port, @vips) = @ARGV;
			my ($ask, $asked, @all, %of) = (IO::Select->new(\*STDIN));
			$| = 1;
			for my $vip (@vips) { for (1 .. $n) {
				my $socket = IO::Socket::IP->new(PeerHost => $vip, PeerPort => $port, LocalPort => $first,
					Proto => "tcp", Timeout => 60);
				push @all, {port => $first++, vip => $vip, name => "-", line => 0, text => "", goal => 0,
					state => $socket ? "going" : "broken"};
				$of{$socket} = $all[-1] and $ask->add($socket) if $socket;
			} }
			sub hear {
				my ($socket, $drip) = @_;
				my $n = sysread $socket, $drip->{text}, 4096, length $drip->{text};
				while ($drip->{text} =~ s/^(.*)\n//) {
					my $said = $1;
					$drip->{state} = "whole", next if $said eq "end";
					$drip->{name} = $1 if !$drip->{line} and $said =~ /^(\w+) 0$/;
					$drip->{state} = "broken" if $said ne "$drip->{name} $drip->{line}";
					$drip->{line}++;
				}
				return if $n;
				$drip->{state} = "broken" if $drip->{state} eq "going";
				$ask->remove($socket);
				close $socket;
			}
			sub report {
				my %count = (going => 0, whole => 0, broken => 0);
				open(my $file, ">", $told);
				for (@all) {
					$count{$_->{state}}++;
					print $file "$_->{port} $_->{vip} $_->{name} $_->{state} $_->{line}\n";
				}
				close $file;
				print "$count{going} going $count{whole} whole $count{broken} broken\n";
			}
			for (;;) {
				for my $ready ($ask->can_read) {
					hear($ready, $of{$ready}), next if $ready != \*STDIN;
					sysread STDIN, my $line, 100 or exit;
					my ($backends, $lines) = split " ", $line;
					$asked = 1;
					$_->{goal} = $_->{name} =~ /^($backends)$/ ? $_->{line} + $lines : 0 for @all;
				}
				next if !$asked or grep { $_->{state} eq "going" and $_->{line} < $_->{goal} } @all;
				$asked = 0;
				report();
			}' "$WORK/$name.drips" "$@" <"$WORK/$name.in" >"$WORK/$name.out" &
		echo $! >"$WORK/$name.pid"
	)
	exec {in}>"$WORK/$name.in" {out}<"$WORK/$name.out"
	DRIPS_IN[$name]=$in DRIPS_OUT[$name]=$out
}

# ask_drips NAME [BACKENDS [LINES]]: when all of them that go on (those of BACKENDS: b1|b2) have so many (2) lines more,
# as a client that acknowledges each has been heard meanwhile: "N going N whole N broken"; each is in $WORK/NAME.drips.
ask_drips() {
	local line

	echo "${2:-.*} ${3:-2}" >&"${DRIPS_IN[$1]}"
	read -r -t $((120 * ${MAGLEV_SLOW:-1})) line <&"${DRIPS_OUT[$1]}" || fail "downloads $1 do not go on"
	echo "$line"
}

# count_drips NAME STATE BACKENDS: as ask_drips has them.
count_drips() { awk -v state="$2" -v name="^($3)\$" '$4 == state && $3 ~ name { n++ } END { print n + 0 }' "$WORK/$1.drips"; }
