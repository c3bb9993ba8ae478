#!/bin/sh
# The units, the user and the directories, as systemd's own tools read them, in a root of their own.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
for tool in systemd-analyze systemd-sysusers systemd-tmpfiles; do
    command -v "$tool" >/dev/null || { echo "test-units: $tool is missing" >&2; exit 1; }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "test-units: $*" >&2
    exit 1
}

# Of 100; what is left is Unix sockets, the host's uids and the calls of an ordinary service.
EXPOSURE=10

root="$scratch/root"
units="$root/usr/lib/systemd/system"
mkdir -p "$units" "$root/usr/sbin" "$root/etc" "$root/usr/bin"
cp "$here"/systemd/otp*.* "$units"
for unit in /usr/lib/systemd/system/*.target /usr/lib/systemd/system/dbus.socket \
    /usr/lib/systemd/system/dbus.service; do
    cp "$unit" "$units"
done
printf '#!/bin/sh\n' >"$root/usr/sbin/otpd"
cp "$root/usr/sbin/otpd" "$root/usr/sbin/otp-deliver"
cp "$root/usr/sbin/otpd" "$root/usr/bin/dbus-daemon"
cp "$root/usr/sbin/otpd" "$root/usr/bin/otpctl"
chmod 755 "$root/usr/sbin/otpd" "$root/usr/sbin/otp-deliver" "$root/usr/bin/dbus-daemon" \
    "$root/usr/bin/otpctl"

systemd-analyze verify --root="$root" --man=no otpd.service otpd.socket otp-deliver.service \
    otp-deliver.socket 2>"$scratch/err" || true
grep 'otp\(d\|-deliver\)\.\(service\|socket\)' "$scratch/err" && fail "systemd-analyze verify complains"

systemd-analyze security --offline=true --root="$root" --threshold="$EXPOSURE" --no-pager otpd.service \
    >"$scratch/security" || { cat "$scratch/security"; fail "more exposed than $EXPOSURE"; }

# It needs the network, and runs what the administrator wrote.
systemd-analyze security --offline=true --root="$root" --threshold=25 --no-pager otp-deliver.service \
    >"$scratch/deliver" || { cat "$scratch/deliver"; fail "otp-deliver is more exposed than 25"; }

# The user, then what is his.
systemd-sysusers --root="$root" "$here/sysusers.d/otpd.conf" >/dev/null 2>"$scratch/err" ||
    fail "$(cat "$scratch/err")"
grep -q '^_otpd:x:[0-9]*:[0-9]*:One-time passwords:/var/lib/otpd:/usr/sbin/nologin$' "$root/etc/passwd" ||
    fail "another user: $(cat "$root/etc/passwd")"
grep -q '^_otpd-deliver:x:[0-9]*:[0-9]*:One-time passwords, messages:/:/usr/sbin/nologin$' \
    "$root/etc/passwd" || fail "no user for messages: $(cat "$root/etc/passwd")"
if test "$(id -u)" = 0; then
    systemd-tmpfiles --root="$root" --create "$here/tmpfiles.d/otpd.conf"
    uid=$(sed -n 's/^_otpd:x:\([0-9]*\):.*/\1/p' "$root/etc/passwd")
    seen=$(cd "$root" && stat -c '%n %a %u' run/otpd var/lib/otpd etc/otpd | tr '\n' ' ')
    test "$seen" = "run/otpd 755 0 var/lib/otpd 700 $uid etc/otpd 755 0 " || fail "directories: $seen"
else
    echo "test-units: needs root for the owners of the directories" >&2
    exit 1
fi

# The two makers of /run/otpd and /var/lib/otpd agree with each other.
grep -qx 'StateDirectoryMode=0700' "$here/systemd/otpd.service" || fail "the state directory is open"
grep -qx 'DirectoryMode=0755' "$here/systemd/otpd.socket" || fail "the socket's directory"
grep -qx 'SocketMode=0600' "$here/systemd/otpd.socket" || fail "the socket is open"

# The way to otp-deliver is _otpd's alone, in a directory of root's.
for line in SocketMode=0600 SocketUser=_otpd DirectoryMode=0755; do
    grep -qx "$line" "$here/systemd/otp-deliver.socket" || fail "otp-deliver.socket: no $line"
done

tail -n 1 "$scratch/security"
echo "test-units: ok"
