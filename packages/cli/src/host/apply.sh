# Does the steps that converge.sh works out, under a guard: unless somebody confirms in time that the
# host can still be reached, it undoes them by itself.

# FOLDER NAME…: whole files beside their places first, so that a full disk changes nothing.
stage_files() {
	folder=$1
	shift
	for name in "$@"; do
		at=$(target "$name")
		mkdir -p "$(dirname "$at")" && cp "$folder/$name" "$at.warren" || return
		case $name in
		systemd/*) chmod 644 "$at.warren" ;;
		openrc/*) chmod 755 "$at.warren" ;;
		esac || return
		# Else a power cut may leave the new name with nothing in it.
		sync "$at.warren" 2>/dev/null || sync
	done
	for name in "$@"; do mv -f "$(target "$name").warren" "$(target "$name")" || return; done
}

put_files() {
	# By what is there, before it goes.
	if grep -q '^file - .*\.endpoints$' "$work/steps"; then
		followers off
		# Also what a run that was ended just now had begun to write.
		rm -f "/run/warren/$interface.endpoints-state"*
	fi
	names=$(sed -n 's/^file + //p' "$work/steps")
	# shellcheck disable=SC2086
	stage_files "$1" $names || {
		for name in $names; do rm -f "$(target "$name").warren"; done
		return 1
	}
	sed -n 's/^file - //p' "$work/steps" | while read -r name; do rm -f "$(target "$name")"; done
	if grep -q '^file . systemd/' "$work/steps"; then systemctl daemon-reload; fi
}

# A setting of the kernel is noted before it is changed, so that it can be given back.
note() {
	grep -qs "^$1 " "$etc/$interface.before" || echo "$1 $(cat "/proc/sys/$1")" >>"$etc/$interface.before"
}

set_kernel() {
	note "$1" && echo "$2" >"/proc/sys/$1"
}

# PATTERN WANT: where another interface of ours needs it too, by its state file, the note goes over to
# that one. The notes are replaced last: what was given back twice is as before.
give_back() {
	own=$etc/$interface.before
	grep -qsE "^$1 " "$own" || return 0
	grep -vE "^$1 " "$own" >"$own.part"
	grep -E "^$1 " "$own" >"$work/notes"
	other=$(grep -ls "^$2" "$etc"/*.state | grep -vxF "$etc/$interface.state" | head -n 1)
	other=${other:+${other%.state}.before}
	while read -r name value; do
		if [ -z "$other" ]; then
			[ ! -e "/proc/sys/$name" ] || echo "$value" >"/proc/sys/$name"
		else
			hand_over "$other" "$name" "$value"
		fi
	done <"$work/notes"
	if [ -s "$own.part" ]; then mv "$own.part" "$own"; else rm -f "$own" "$own.part"; fi
}

# FILE NAME VALUE: in place of what it noted itself, which was ours.
hand_over() {
	{
		grep -sv "^$2 " "$1"
		echo "$2 $3"
	} >"$1.part"
	mv "$1.part" "$1"
}

# FOLDER: whatever stopped the need for a setting, it is as before.
give_back_unwanted() {
	wanted_state "$1" >"$work/wanted"
	grep -q '^forward 4' "$work/wanted" || forward - 4
	grep -q '^forward 6' "$work/wanted" || forward - 6
	grep -q '^restart default 4' "$work/wanted" || give_back net/ipv4/conf/all/src_valid_mark 'restart default 4'
}

# A host that forwards forgets the routes that routers advertise, unless accept_ra is 2.
forward() {
	case $1$2 in
	+4) note_forwarding 4 && set_kernel net/ipv4/ip_forward 1 ;;
	-4) give_back 'net/ipv4/(ip_forward|.*/forwarding|.*/accept_redirects)' 'forward 4' ;;
	+6)
		note_forwarding 6
		for each in /proc/sys/net/ipv6/conf/*/accept_ra; do
			[ "$(cat "$each")" != 1 ] || echo 2 >"$each"
		done
		set_kernel net/ipv6/conf/all/forwarding 1
		;;
	-6) give_back 'net/ipv6/.*' 'forward 6' ;;
	esac
}

# FAMILY: the switch first, since to turn it back resets what is noted after it.
note_forwarding() {
	case $1 in
	4) switch=net/ipv4/ip_forward ;;
	6) switch=net/ipv6/conf/all/forwarding ;;
	esac
	note "$switch"
	[ "$(cat "/proc/sys/$switch")" != 1 ] || return 0
	if [ "$1" = 4 ]; then note net/ipv4/conf/all/accept_redirects; fi
	for each in "/proc/sys/net/ipv$1"/conf/*/forwarding /proc/sys/net/ipv6/conf/*/accept_ra; do
		case $1$each in 4*/accept_ra) continue ;; esac
		[ "$(cat "$each")" != 1 ] || note "${each#/proc/sys/}"
	done
}

# FOLDER: what a start will change by its hooks is noted first.
note_settings() {
	wanted_state "$1" >"$work/wanted"
	for family in 4 6; do
		if grep -q "^forward $family" "$work/wanted"; then note_forwarding $family; fi
	done
	if grep -q '^restart default 4' "$work/wanted"; then note net/ipv4/conf/all/src_valid_mark; fi
}

rules() {
	case $1$2 in
	+nft) nft -f "$etc/$interface.nft" ;;
	-nft) nft "table inet $(rules_table); delete table inet $(rules_table)" ;;
	+iptables) sh "$etc/$interface.iptables" up ;;
	-iptables) sh "$etc/$interface.iptables" down ;;
	esac
}

# FOLDER: the peers that differ as wg reads them, each with all that was not said before. Zeros are no key.
changed_peers() {
	sed -n 's/^peer //p' "$work/steps" | awk '
		NR == FNR { steps[$1] = $0; next }
		/^\[/ { print_peer() ; next }
		/^[A-Z]/ { block[$1] = $3; line[$1] = $0 }
		END { print_peer() }
		function is(field) { return steps[key] ~ ("( [+]| " field ")( |$)") }
		function print_peer() {
			key = block["PublicKey"]
			if (key != "" && key in steps) {
				print "[Peer]\n" line["PublicKey"]
				if (is("psk")) print "PresharedKey = " ("PresharedKey" in block ? block["PresharedKey"] : zeros)
				if (is("keepalive")) print "PersistentKeepalive = " ("PersistentKeepalive" in block ? block["PersistentKeepalive"] : "off")
				if (is("endpoint") && "Endpoint" in line) print line["Endpoint"]
				# wg takes those that are not named from a peer that is.
				if ("AllowedIPs" in line) print line["AllowedIPs"]
			}
			split("", block); split("", line)
		}' zeros=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= - "$1/wireguard/$interface.conf"
}

set_peers() {
	changed_peers "$1" >"$work/changed"
	if [ -s "$work/changed" ]; then wg addconf "$interface" "$work/changed" || return; fi
	gone=$(sed -n 's/^peer \([^ ]*\) -$/peer \1 remove/p' "$work/steps")
	# shellcheck disable=SC2086
	[ -z "$gone" ] || wg set "$interface" $gone
}

set_key() {
	if [ -s "$1/wireguard/$interface.key" ]; then
		wg set "$interface" private-key "$1/wireguard/$interface.key"
	else
		setting_of "$1" PrivateKey | wg set "$interface" private-key /dev/stdin
	fi
}

# FOLDER STEP…
live_step() {
	folder=$1
	shift
	case $1 in
	address)
		# Else the kernel removes all addresses of a range together with their first.
		echo 1 >"/proc/sys/net/ipv4/conf/$interface/promote_secondaries" || return
		[ "$2" = - ] && verb=del || verb=add
		ip address "$verb" "$3" dev "$interface"
		;;
	route)
		[ "$2" = - ] && verb=del || verb=add
		case $3 in *:*) family=6 ;; *) family=4 ;; esac
		shift 2
		ip "-$family" route "$verb" "$@" dev "$interface"
		;;
	mtu) ip link set dev "$interface" mtu "$3" ;;
	forward) forward "$2" "$3" ;;
	key) set_key "$folder" ;;
	port) wg set "$interface" listen-port "$2" ;;
	mark) wg set "$interface" fwmark "$2" ;;
	rules) rules "$2" "$3" ;;
	esac
}

# FOLDER: runs the steps between files and boot; what a step says when it fails is the last word.
live_steps() {
	grep -v '^\(file\|boot\|start\|restart\|stop\)' "$work/steps" >"$work/live-steps"
	are_peers_set=
	while read -r step; do
		case $step in
		peer*)
			[ -z "$are_peers_set" ] || continue
			are_peers_set=yes
			why=$(set_peers "$1" 2>&1)
			;;
		*)
			# shellcheck disable=SC2086
			why=$(live_step "$1" $step 2>&1)
			;;
		esac || {
			echo "$step: $(echo "$why" | tail -n 1)"
			return 1
		}
	done <"$work/live-steps"
}

stop() {
	if service is-active; then service stop; fi
	if is_up && [ -e "$etc/$interface.conf" ]; then wg-quick down "$interface" 2>&1; fi
	# Somebody took away the file by which it would be stopped.
	if is_up && [ -e "$etc/$interface.state" ]; then
		own_state | sed -n 's/^rules //p' | while read -r kind; do rules - "$kind"; done
		ip link delete dev "$interface"
	fi
	! is_up
}

# FOLDER: does everything that differs. It says nothing but why it failed.
converge() {
	# Up to three times: what a first round changed may show what else there is.
	: >"$run/did"
	for round in 1 2 3; do
		has_room || { echo "no room in $run"; return 1; }
		steps "$1" >"$work/steps"
		cat "$work/steps" >>"$run/did"
		grep -qv '^boot' "$work/steps" || return 0
		[ $round -lt 3 ] || break
		# Stopped by the files that started it, so that its rules are taken back as they were loaded.
		if grep -q '^\(stop\|restart\)' "$work/steps"; then stop || return; fi
		if grep -q '^rules -' "$work/steps"; then remove_rules; fi
		put_files "$1" || return
		if grep -q '^\(start\|restart\)' "$work/steps"; then
			note_settings "$1"
			# Active for its manager, whoever took the link away: then a start alone does nothing.
			if service is-active; then service stop; fi
			service start || return
		fi
		live_steps "$1" || return
		if grep -q '^file + .*endpoints' "$work/steps"; then followers on || return; fi
		give_back_unwanted "$1"
	done
	echo "still differs: $(tr '\n' ';' <"$work/steps")"
	return 1
}

# By the file that loaded them, before it goes.
remove_rules() {
	while read -r word _ kind; do
		[ "$word" != rules ] || [ -z "$kind" ] || rules - "$kind"
	done <<-END
		$(grep '^rules -' "$work/steps")
	END
	sed -i '/^rules -/d' "$work/steps"
}
