#!/bin/sh
# The bus policy and the activation file, on a real dbus-daemon with the system bus's default rules:
# who can own the name, what can be sent to it. Needs root, to be other users; the user _otpd exists
# in a mount namespace of its own alone.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
for tool in dbus-daemon dbus-send setpriv unshare systemd-sysusers; do
    command -v "$tool" >/dev/null || { echo "test-bus: $tool is missing" >&2; exit 1; }
done
if test "$(id -u)" != 0; then
    echo "test-bus: needs root, to be other users; run it by sudo" >&2
    exit 1
fi
if test "${1:-}" != inside; then
    scratch=$(mktemp -d)
    status=0
    unshare -m --propagation private "$0" inside "$scratch" || status=$?
    rm -rf "$scratch"
    exit "$status"
fi
scratch=$2
chmod 755 "$scratch"

fail() {
    echo "test-bus: $*" >&2
    exit 1
}

# The user comes from our own sysusers file, into copies of the user database.
mkdir -p "$scratch/root/etc"
cp /etc/passwd /etc/group "$scratch/root/etc"
systemd-sysusers --root="$scratch/root" "$here/sysusers.d/otpd.conf" >/dev/null 2>&1 ||
    fail "systemd-sysusers refuses sysusers.d/otpd.conf"
for file in passwd group; do
    chmod 644 "$scratch/root/etc/$file"
    mount --bind "$scratch/root/etc/$file" "/etc/$file"
done
getent passwd _otpd | grep -q ':/var/lib/otpd:/usr/sbin/nologin$' || fail "_otpd is another user"

# The rules of Debian's system.conf, and our two files. An Exec that fails tells a call that was let
# through from one that was not.
mkdir "$scratch/system.d" "$scratch/services"
cp "$here/dbus/org.otpd1.conf" "$scratch/system.d"
sed -e 's,^Exec=.*,Exec=/bin/false,' "$here/dbus/org.otpd1.service" >"$scratch/services/org.otpd1.service"
cat >"$scratch/bus.conf" <<EOF
<busconfig><type>system</type><listen>unix:path=$scratch/bus</listen><auth>EXTERNAL</auth>
<servicedir>$scratch/services</servicedir>
<policy context="default"><allow user="*"/><deny own="*"/><deny send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="method_return"/>
<allow receive_type="error"/><allow receive_type="signal"/>
<allow send_destination="org.freedesktop.DBus"/></policy>
<includedir>$scratch/system.d</includedir></busconfig>
EOF
mkfifo "$scratch/address"
dbus-daemon --config-file="$scratch/bus.conf" --nofork --print-address \
    >"$scratch/address" 2>"$scratch/log" &
bus=$!
trap 'kill "$bus"; wait "$bus" || true' EXIT
read -r address <"$scratch/address" || fail "the bus does not start: $(cat "$scratch/log")"

# as USER DESTINATION PATH METHOD ARGUMENTS...: one call, its answer or error on standard output.
as() {
    user=$1 destination=$2
    shift 2
    setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups \
        dbus-send --bus="$address" --print-reply=literal --dest="$destination" "$@" 2>&1 || true
}

own() {
    as "$1" org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus.RequestName \
        string:org.otpd1 uint32:4
}

for user in root _otpd; do
    answer=$(own "$user")
    test "$answer" = '   uint32 1' || fail "$user cannot own the name: $answer"
done
answer=$(own nobody)
case $answer in
*Error.AccessDenied*) ;;
*) fail "nobody can own the name: $answer" ;;
esac

for user in nobody root; do
    for interface in org.otpd1.Auth org.otpd1.Manage org.otpd1.Admin org.otpd1.Keys \
        org.freedesktop.DBus.Introspectable org.freedesktop.DBus.Peer \
        org.freedesktop.DBus.Properties; do
        answer=$(as "$user" org.otpd1 /org/otpd1 "$interface.Anything")
        case $answer in
        *Error.Spawn.ChildExited*) ;;
        *) fail "$user cannot call $interface: $answer" ;;
        esac
    done
    for interface in org.otpd1.Other org.freedesktop.DBus.ObjectManager org.example; do
        answer=$(as "$user" org.otpd1 /org/otpd1 "$interface.Anything")
        case $answer in
        *Error.AccessDenied*) ;;
        *) fail "$user can call $interface: $answer" ;;
        esac
    done
done

echo "test-bus: ok"
