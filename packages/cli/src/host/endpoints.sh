#!/bin/sh
# Follows WireGuard peers whose endpoints are names: sh INTERFACE.endpoints.sh INTERFACE [loop]
# Once, or every 15 s for as long as the interface is there. Asks for the names of those peers only that
# are sent to and do not answer, and says one line for each endpoint that it changes.
# Needs wg and awk, getent or nslookup, and where there is one, ip.
set -u
export LC_ALL=C
umask 077

interface=${1-}
list=/etc/wireguard/$interface.endpoints
run=/run/warren
state=$run/$interface.endpoints-state

# Reads the list, what the last run saw, and wg's dump: prints a line for each peer to look after, and
# writes what this run saw. A dump has secrets: none of them is printed or kept.
#
# Nobody can tell from one look whether an answer is only under way. So a peer is helped when it was
# sent to in two spans of 15 s, one after the other, and nothing at all came back from it in either:
# whoever is sent data answers within 10 s, with an empty packet if with nothing else.
# 14, because these are whole seconds, of a clock that was looked at at any moment of one.
# shellcheck disable=SC2016 # these are awk's own
judge='
	function keep(key, at, rx, tx, knocked) { print key, at, rx, tx, knocked >fresh }
	function choose(why) { print $1, host[$1], port[$1], $3, $6, mark, why, label[$1] }
	# An empty packet, such as a keepalive, has 32 bytes, and a handshake 148. After data came in there
	# is one empty packet even without a keepalive.
	function isKnock(grown, span, keepalive,   most) {
		most = 32 * (keepalive > 0 ? int(span / keepalive) + 1 : 1)
		return grown > most || (grown > 0 && grown % 32 != 0)
	}
	what == "list" && $1 == "#" { name = $2; next }
	what == "list" {
		if (NF == 3 && length($1) == 44 && $1 ~ /^[A-Za-z0-9+\/]+=$/ && $2 ~ /^[a-z0-9][a-z0-9.-]*$/ && $3 ~ /^[0-9]+$/) {
			host[$1] = $2; port[$1] = $3
			label[$1] = name ~ /^[a-z0-9.-]+$/ ? name : $2
		}
		name = ""
		next
	}
	what == "state" { if ($2 <= now) { at[$1] = $2; rx[$1] = $3; tx[$1] = $4; knocked[$1] = $5 }; next }
	NF == 4 { mark = $4 }
	NF != 8 || !($1 in host) { next }
	$3 == "(none)" { choose("none"); keep($1, now, $6, $7, 0); next }
	!($1 in at) || rx[$1] "" != $6 "" { keep($1, now, $6, $7, 0); next }
	now - at[$1] < 14 { keep($1, at[$1], $6, tx[$1], knocked[$1]); next }
	isKnock($7 - tx[$1], now - at[$1], $8 + 0) {
		if (knocked[$1]) choose("silent")
		keep($1, now, $6, $7, 1)
		next
	}
	# What cannot be sent at all does not count as sent.
	$7 "" == tx[$1] "" { choose("still") }
	{ keep($1, now, $6, $7, 0) }
'

# Prints addresses out of answers of getent or nslookup, as endpoints have them: IPv6 first, sorted, so
# that a resolver that turns its answers round hides none. Nothing else ever gets to wg.
# shellcheck disable=SC2016
addresses='
	$1 == "Server:" { isAnswer = 0 }
	$1 == "Name:" { isAnswer = 1 }
	$2 == "STREAM" { show($1) }
	isAnswer && /^Address[ 0-9]*:/ { sub(/^Address[ 0-9]*:[ \t]*/, ""); show($1) }
	function show(address) {
		if (address ~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/ && address !~ /^(0|127)\./) print "v4", address
		if (address ~ /^[0-9a-f:]+$/ && address ~ /:.*:/ && address !~ /^::1?$/) print "v6", "[" address "]"
	}
'

# By one tool, of one family. It becomes the tool, so that whoever started it can end that.
ask() {
	if getent ahostsv4 127.0.0.1 >/dev/null 2>&1; then exec getent "ahostsv$1" "$2"; fi
	if [ "$1" = 4 ]; then exec nslookup -type=a "$2"; else exec nslookup -type=aaaa "$2"; fi
}

# Both families at once, and 5 s at most, whatever a resolver does.
resolve() {
	ask 6 "$1" &
	six=$!
	ask 4 "$1" &
	four=$!
	{
		trap 'kill "$nap"; exit' TERM
		sleep 5 &
		nap=$!
		wait "$nap"
		kill "$six" "$four"
	} >/dev/null &
	guard=$!
	wait "$six" "$four"
	kill "$guard"
} 2>/dev/null

# Whether packets for an address could leave the host. In doubt they could.
is_routed() {
	command -v ip >/dev/null || return 0
	bare=${1#[}
	bare=${bare%]}
	if [ "$mark" = off ]; then
		route=$(ip route get "$bare" 2>&1)
	else
		route=$(ip route get "$bare" mark "$mark" 2>&1)
	fi
	case $route in *'RTNETLINK answers'* | *nreachable*) return 1 ;; esac
}

# Of the answers on standard input, prints the endpoint after the present one. Where that is none of
# them, the first of its family, which works between the two, or else the first.
next_endpoint() {
	first='' near='' is_past=''
	while read -r _ address; do
		if [ "$address:$port" = "$endpoint" ]; then
			is_past=yes
		elif is_routed "$address"; then
			if [ -n "$is_past" ]; then
				first=$address:$port
				break
			fi
			first=${first:-$address:$port}
			case $endpoint/$address in
			[[]*/[[]* | [0-9]*/[0-9]*) near=${near:-$address:$port} ;;
			esac
		fi
	done
	if [ -z "$is_past" ]; then first=${near:-$first}; fi
	[ -z "$first" ] || echo "$first"
}

# Meanwhile an answer may have come, or somebody else may have set it.
is_unchanged() {
	# shellcheck disable=SC2016
	wg show "$interface" dump 2>/dev/null |
		awk -v key="$key" -v endpoint="$endpoint" -v rx="$rx" '
			NF == 8 && $1 == key && $3 == endpoint && $6 "" == rx "" { found = 1 }
			END { exit !found }
		'
}

# One peer: $key $host $port $endpoint $rx $mark $why $label
look_after() {
	if [ "$why" = still ] && is_routed "${endpoint%:*}"; then return; fi
	next=$(resolve "$host" | awk "$addresses" | sort -r -u | next_endpoint)
	if [ -z "$next" ] || ! is_unchanged; then return; fi
	wg set "$interface" peer "$key" endpoint "$next" &&
		echo "warren-endpoints: $interface: $label now at $next"
}

look_once() {
	[ -e "$list" ] || return 0
	mkdir -p "$run" || return
	[ -e "$state" ] || : >"$state"
	# Seconds since the start of the machine: nobody sets that clock.
	read -r now _ </proc/uptime
	chosen=$(wg show "$interface" dump 2>/dev/null |
		awk -v now="${now%%.*}" -v fresh="$state.$$" "$judge" what=list "$list" what=state "$state" what=dump -)
	# Written before anything is done, so that another run does not do the same.
	if [ -e "$state.$$" ]; then mv -f "$state.$$" "$state"; fi
	[ -n "$chosen" ] || return 0
	printf '%s\n' "$chosen" | {
		while read -r key host port endpoint rx mark why label; do look_after & done
		wait
	}
}

case $interface in
'' | *[!a-zA-Z0-9_=+.-]*)
	echo "usage: sh $0 INTERFACE [loop]" >&2
	exit 64
	;;
esac
case ${2-} in
loop)
	# Each time anew, so that a newer script takes over.
	while [ -e "$list" ] && wg show "$interface" public-key >/dev/null 2>&1; do
		sleep 15 &
		said=$(sh "$0" "$interface" 2>&1)
		[ -z "$said" ] || logger -t warren-endpoints "${said#warren-endpoints: }"
		wait
	done
	;;
*) look_once ;;
esac
