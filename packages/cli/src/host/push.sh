# The commands of a push: what the host is told over ssh, and the guard that outlives the connection.

# [FOLDER]
is_under_way() {
	kill -0 "$(cat "${1-$run}/pid" 2>/dev/null)" 2>/dev/null
}

pause() {
	sleep 0.1 2>/dev/null || sleep 1
}

# SECONDS: the run of somebody else is waited for, but not for longer. One that was killed is taken
# over. What is on trial stays when nobody has confirmed it for longer than a connection takes: his
# machine died, not the way to this host, since we came by one.
take() {
	waited=0
	sweep
	mkdir -p "${run%/*}"
	until mkdir "$run" 2>/dev/null; do
		[ -d "$run" ] || fail no-room
		sleep 1
		waited=$((waited + 1))
		if ! is_under_way; then
			bury
		elif [ $waited -ge 15 ] || [ $waited -ge "$1" ] && mv "$run"/trial.* "$run/kept" 2>/dev/null; then
			bury
		elif [ $waited -ge "$1" ]; then
			fail busy
		fi
	done
	belong_to $$
}

# What those left behind that were killed while they brought files, named for their processes; no
# interface is called so.
sweep() {
	for each in "${run%/*}"/@in.*; do
		process=${each##*/@in.}
		kill -0 "${process%.*}" 2>/dev/null || rm -rf "$each"
	done
}

# Of two that find a run over, one moves it. Whoever moved what the other has begun since puts it back.
bury() {
	gone=$run.gone.$$
	mv "$run" "$gone" 2>/dev/null || return 0
	if [ ! -e "$gone/kept" ] && is_under_way "$gone" && [ ! -e "$run" ]; then
		mv "$gone" "$run"
	else
		rm -rf "$gone"
	fi
}

# PROCESS: whose the run is. Never half written: who reads nothing there takes the run for one that was killed.
belong_to() {
	echo "$1" >"$run/pid.$$"
	mv "$run/pid.$$" "$run/pid"
}

# PUBLIC: which of the host's own keys is meant.
choose_key() {
	for each in "$etc/$interface.key" "$etc/$interface.key.new"; do
		if [ -s "$each" ] && [ "$(wg pubkey <"$each")" = "$1" ]; then
			cp "$each" "$in/wireguard/$interface.key"
			return
		fi
	done
	# What is taken off needs none; the one that is there stays.
	[ -e "$in/wireguard/$interface.conf" ] || return 0
	fail key-differs
}

# FILE: room for all that is written while a change is made, taken at once: what a full /run cuts off,
# nobody would miss. Of the peers there are up to ten lists, each as long as the file.
take_room() {
	room=$(cat "$in"/wireguard/* "$run"/new/wireguard/* "$etc/$interface".* 2>/dev/null | wc -c)
	dd if=/dev/zero of="$1" bs=1024 count=$((room / 100 + 128)) 2>/dev/null
}

has_room() {
	take_room "$work/room" && rm "$work/room"
}

# Nothing was changed yet.
give_up() {
	rm -rf "$run"
	fail no-room "$1"
}

# [PUBLIC]: what would be done.
plan() {
	work=$in
	has_room || fail no-room "$work"
	[ -z "${1-}" ] || choose_key "$1"
	steps "$in" | sed 's/^/step /'
	known_names "$etc/$interface.conf"
}

# ID: a folder with all that is to be, and a copy of all that is.
prepare() {
	echo "$1" >"$run/id" || return
	mkdir "$run/work" "$run/old" "$run/old/wireguard" "$run/old/systemd" "$run/old/openrc" "$run/new" || return
	mv "$in/wireguard" "$in/systemd" "$in/openrc" "$run/new/" && cp "$in/program" "$run/program" || return
	# Held for what may have to be undone.
	take_room "$run/room" || return
	for name in $(own_files); do
		at=$(target "$name")
		[ ! -e "$at" ] || { cp -p "$at" "$run/old/$name" && cmp -s "$at" "$run/old/$name"; } || return
	done
}

# ID SECONDS [PUBLIC]: does it, and ends when the guard has it done, or undone.
begin() {
	[ -z "${3-}" ] || choose_key "$3"
	take "$2"
	work=$in
	has_room || give_up "$in"
	steps "$in" | sed 's/^/step /' >"$in/plan"
	if [ ! -s "$in/plan" ]; then
		rm -rf "$run.old" "$run"
		return
	fi
	prepare "$1" || give_up "$run"
	rm -f "$run/old/wireguard/$interface.before" "$run.undone"
	detach=
	! has setsid || detach=setsid
	# Where a manager of logins ends all that a user began there (KillUserProcesses), root's are left alone.
	if [ -n "${SUDO_UID-}" ] && systemd-run -q --scope true 2>/dev/null; then
		detach="$detach systemd-run -q --scope"
	fi
	in=$run $detach sh "$run/program" "$interface" guard "$1" "$2" </dev/null >"$run/said" 2>&1 &
	belong_to $!
	until [ -e "$run/outcome" ] || ! is_under_way; do pause; done
	outcome=$(cat "$run/outcome" 2>/dev/null || told "$1")
	echo "$outcome"
	case $outcome in fail*) exit 1 ;; esac
}

# ID CODE: undoes it. Who began it may not be there to hear of it: who asks later is told.
undo() {
	rm -f "$run/room"
	said=$(grep -v '^ *$' "$run/said" | tail -n 1)
	if ! converge "$run/old"; then set -- "$1" not-undone; fi
	if [ "$2" = not-undone ]; then
		said=$(grep -v '^ *$' "$run/said" | tail -n 1)
		# Of the first of several: later ones have seen but what it left.
		[ -e "$run.old" ] || mv "$run/old" "$run.old"
		said="$said (its files from before: $run.old)"
	fi
	echo "$1 $2 $said" >"$run.undone"
	rm -rf "$run"
}

# ID: what became of a run that is not there any more. Once told, it is forgotten.
told() {
	word=$(sed -n "s/^$1 //p" "$run.undone" 2>/dev/null)
	[ -z "$word" ] || rm -f "$run.undone"
	echo "fail ${word:-overtaken}"
}

# ID SECONDS
guard() {
	trap '' HUP
	belong_to $$
	work=$run/work
	if ! converge "$run/new"; then
		undo "$1" undone
		return
	fi
	# Named for its run, so that the guard of another never takes it for its own.
	trial=$run/trial.$1
	: >"$trial"
	awk '!seen[$0]++ { print "step " $0 }' "$run/did" >"$run/outcome.part"
	mv "$run/outcome.part" "$run/outcome"
	read -r began _ </proc/uptime
	now=$began
	while [ $((${now%%.*} - ${began%%.*})) -lt "$2" ] && [ -e "$trial" ]; do
		pause
		read -r now _ </proc/uptime
	done
	# Whoever moves the file first has decided.
	mv "$trial" "$run/expired" 2>/dev/null || return 0
	undo "$1" expired
}

# ID: over a connection that was made after the change.
confirm() {
	while [ "$(cat "$run/id" 2>/dev/null)" = "$1" ] && [ ! -e "$run/outcome" ] && is_under_way; do pause; done
	mv "$run/trial.$1" "$run/confirmed" 2>/dev/null || {
		# The way is open again before all is undone, and only then is it said why.
		while [ "$(cat "$run/id" 2>/dev/null)" = "$1" ] && is_under_way; do pause; done
		told "$1"
		exit 1
	}
	# It sees that when it wakes up. It is not killed: what it started might go with it.
	while is_under_way; do pause; done
	belong_to $$
	boot=$(boot_steps "$run/new")
	case $boot in
	*+) service enable ;;
	*-) service disable ;;
	esac >"$run/said" || boot="fail no-boot $(tail -n 1 "$run/said")"
	case $boot in fail*) echo "$boot" ;; esac
	if [ ! -e "$run/new/wireguard/$interface.conf" ]; then
		sed -n 's/^package /kept /p' "$etc/$interface.before" 2>/dev/null
		rm -f "$etc/$interface.before"
	fi
	for name in $(own_files); do rm -f "$(target "$name").warren" "$(target "$name").part"; done
	rm -rf "$etc/$interface.key.new" "$etc/$interface.key.new.part" "$run.old" "$run"
}

command=$1
shift
case $command in
facts) facts ;;
install) install_tools "$@" ;;
key) make_key "$@" ;;
plan) plan "$@" ;;
begin) begin "$@" ;;
guard) guard "$@" ;;
confirm) confirm "$@" ;;
probe) probe "$@" ;;
status) status ;;
esac
