#!/bin/bash
# What is installed, on a real systemd: a small Debian is made once (target/debian), boots in a
# container without a network, and in there otpd is started by its socket and by the bus, asked for
# codes by PAM as root and as a user, and looked at. Needs root, debootstrap and systemd-container.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck disable=SC2016 # the scripts below are for the container's shell

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
built=${BUILT:-$target/debug}
base=$target/debian
packages=systemd-sysv,dbus,oathtool,pamtester,login,passwd

fail() {
    echo "test-systemd: $*" >&2
    exit 1
}

for tool in debootstrap systemd-nspawn unshare; do
    command -v $tool >/dev/null || fail "$tool is missing; apt-get install debootstrap systemd-container"
done
test "$(id -u)" = 0 || fail "needs root"
for program in otpd otpctl otp-deliver libpam_otp.so; do
    test -f "$built/$program" || fail "$built/$program is missing; build first: make stage"
done

# Everything that is mounted is mounted in here alone, and goes when this ends.
if test "${OTPD_UNSHARED:-}" != yes; then
    OTPD_UNSHARED=yes exec unshare --mount --propagation private "$0" "$@"
fi

mirror() {
    awk '/^URIs:/ {print $2; exit}' /etc/apt/sources.list.d/*.sources 2>/dev/null | grep . ||
        awk '/^deb / {print $2; exit}' /etc/apt/sources.list
}

if ! test -f "$base.done"; then
    rm -rf "$base"
    debootstrap --variant=minbase --include="$packages" bookworm "$base" "$(mirror)" >"$target/debootstrap.log" 2>&1 ||
        fail "debootstrap failed; see $target/debootstrap.log"
    touch "$base.done"
fi

# A throw-away copy on top of it, in memory.
work=$(mktemp -d)
trap 'umount "$work/root" "$work" 2>/dev/null || true; rmdir "$work"' EXIT
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/scratch" "$work/root"
root=$work/root
mount -t overlay overlay -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/scratch" "$root"

make -s -f packaging/install.mk install BUILT="$built" DESTDIR="$root" >/dev/null
useradd --root "$root" --create-home alice
echo 'auth requisite pam_otp.so' >"$root/etc/pam.d/otp"
echo 'auth required pam_permit.so' >>"$root/etc/pam.d/otp"
echo 'account required pam_permit.so' >>"$root/etc/pam.d/otp"

cat >"$root/usr/local/bin/tried" <<'SCRIPT'
#!/bin/bash
# Runs in the container; each step says what it shows.
set -euo pipefail
step() { echo "step: $*"; }
secret=3132333435363738393031323334353637383930
code() { oathtool --hotp --counter "$1" $secret; }
is() { test "$1" = "$2" || { echo "found: $1, expected: $2"; exit 1; }; }

systemd-sysusers
systemd-tmpfiles --create 2>/dev/null || true
systemctl daemon-reload
systemctl start otpd.socket
busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus ReloadConfig

step "the socket is there and root's alone, and nothing runs yet"
is "$(stat -c '%a %U' /run/otpd/auth)" "600 root"
is "$(stat -c '%a %U' /run/otpd)" "755 root"
is "$(systemctl is-active otpd.service || true)" inactive

step "the first call starts it by its socket"
echo "hex:$secret" | otpctl enroll -u alice --kind hotp --label token --secret - --json --no-confirm >/dev/null
is "$(systemctl is-active otpd.service)" active
code 0 | otpctl confirm -u alice token >/dev/null

step "it is confined"
pid=$(systemctl show -P MainPID otpd.service)
is "$(stat -c %U /proc/"$pid"/status)" root    # not dumpable: what is in it is not its user's
is "$(awk '/^Uid:/ {print $2}' /proc/"$pid"/status)" "$(id -u _otpd)"
is "$(awk '/^CapEff:/ {print $2}' /proc/"$pid"/status)" 0000000000000000
is "$(awk '/^NoNewPrivs:/ {print $2}' /proc/"$pid"/status)" 1
is "$(awk '/^Seccomp:/ {print $2}' /proc/"$pid"/status)" 2
is "$(stat -c '%a %U' /var/lib/otpd)" "700 _otpd"
# Locked, or said not to be where the container may not raise the limit.
if test "$(awk '/^VmLck:/ {print $2}' /proc/"$pid"/status)" = 0; then
    journalctl --sync
    journalctl -t otpd -o cat | grep -q 'memory is not locked (RLIMIT_MEMLOCK is '
fi

step "root lets in with a code, once"
code 1 | pamtester otp alice authenticate
if code 1 | pamtester otp alice authenticate; then echo "the same code again"; exit 1; fi

step "stopped, it is started by the bus for a user, who is let in once"
systemctl stop otpd.service otpd.socket
is "$(systemctl is-active otpd.service || true)" inactive
ask() { setpriv --reuid alice --regid alice --clear-groups pamtester otp alice authenticate; }
code 2 | ask
is "$(systemctl is-active otpd.service)" active
if code 2 | ask; then echo "the same code again"; exit 1; fi

step "the log says so"
journalctl --sync
journalctl -t otpd -o cat | grep -q 'alice accepted by otp: device hotp/'
journalctl -t otpd -o cat | grep -q 'alice refused by self: used code'
is "$(journalctl -t otpd -o json -n 1 | grep -o '"SYSLOG_FACILITY":"[0-9]*"')" '"SYSLOG_FACILITY":"10"'

step "another user cannot own its name"
if setpriv --reuid nobody --regid nogroup --clear-groups busctl call org.freedesktop.DBus \
    /org/freedesktop/DBus org.freedesktop.DBus RequestName su org.otpd1 4 2>/dev/null; then exit 1; fi

step "a keyring may come as a credential"
systemctl stop otpd.service otpd.socket
mv /var/lib/otpd/keyring /root/keyring
if systemctl start otpd.service; then echo "started without its keyring"; exit 1; fi
journalctl --sync
journalctl -t otpd -o cat | grep -q 'keyring is missing but the store needs it'
mkdir -p /etc/systemd/system/otpd.service.d
printf '[Service]\nLoadCredential=otpd.keyring:/root/keyring\n' >/etc/systemd/system/otpd.service.d/keyring.conf
systemctl daemon-reload
systemctl reset-failed otpd.service
systemctl start otpd.service
code 3 | pamtester otp alice authenticate
if otpctl keys add; then echo "changed a credential"; exit 1; fi
printf 'k2 %064d\n' 7 >>/root/keyring
systemctl restart otpd.service
otpctl keys reseal
code 4 | pamtester otp alice authenticate

step "it reloads its configuration, and a bad one fails and changes nothing"
printf '[[rule]]\nname = "open"\nservice = ["otp"]\nrequire = "none"\n' >/etc/otpd/otpd.toml
systemctl reload otpd.service
is "$(systemctl is-active otpd.service)" active
is "$(systemctl show -P StatusText otpd.service)" "1 rule in force"
pamtester otp alice authenticate </dev/null
echo 'isuer = "x"' >/etc/otpd/otpd.toml
if systemctl reload otpd.service; then echo "reloaded a mistake"; exit 1; fi
is "$(systemctl is-active otpd.service)" active
pamtester otp alice authenticate </dev/null
systemctl show -P StatusText otpd.service | grep -q 'otpd.toml: line 1: unknown field .isuer'
: >/etc/otpd/otpd.toml
systemctl kill --signal=HUP --kill-whom=main otpd.service
until journalctl --sync && journalctl -t otpd -o cat | grep -q 'put in force on SIGHUP: 0 rules'; do
    sleep 0.1
done
code 5 | pamtester otp alice authenticate

step "a message starts otp-deliver by its socket, which sends it by a command"
cat >/usr/local/bin/send-sms <<'COMMAND'
#!/bin/sh
cat >/tmp/message
id -un >>/tmp/message
COMMAND
chmod 755 /usr/local/bin/send-sms
printf '[channel.sms]\ncommand = ["/usr/local/bin/send-sms"]\n' >/etc/otpd/otpd.toml
systemctl restart otpd.service
systemctl start otp-deliver.socket
is "$(stat -c '%a %U' /run/otp-deliver/socket)" "600 _otpd"
is "$(stat -c '%a %U' /run/otp-deliver)" "755 root"
is "$(systemctl is-active otp-deliver.service || true)" inactive
otpctl enroll -u alice --kind message --channel sms --address +4915123456742 --label mobile --no-confirm
is "$(systemctl is-active otp-deliver.service)" active
kept=$(echo /tmp/systemd-private-*-otp-deliver.service-*/tmp/message)
is "$(tail -n 1 "$kept")" _otpd-deliver
sed -n 's/.*"code":"\([0-9]*\)".*/\1/p' "$kept" | otpctl confirm -u alice mobile
pid=$(systemctl show -P MainPID otp-deliver.service)
is "$(awk '/^Uid:/ {print $2}' /proc/"$pid"/status)" "$(id -u _otpd-deliver)"
is "$(awk '/^CapEff:/ {print $2}' /proc/"$pid"/status)" 0000000000000000
is "$(awk '/^NoNewPrivs:/ {print $2}' /proc/"$pid"/status)" 1
is "$(awk '/^Seccomp:/ {print $2}' /proc/"$pid"/status)" 2
journalctl --sync
if journalctl -o cat | grep -q 4915123456742; then echo "an address in the log"; exit 1; fi

step "it stops in order"
systemctl stop otpd.service
is "$(systemctl show -P Result otpd.service)" success
echo "all of it works"
SCRIPT
chmod 755 "$root/usr/local/bin/tried"

cat >"$root/etc/systemd/system/tried.service" <<'UNIT'
[Unit]
After=dbus.service
Requires=dbus.service
[Service]
Type=oneshot
ExecStart=/bin/bash -c '/usr/local/bin/tried >/root/tried.log 2>&1'
ExecStopPost=/bin/systemctl --no-block poweroff
UNIT
ln -s ../tried.service "$root/etc/systemd/system/multi-user.target.wants/tried.service" 2>/dev/null ||
    { mkdir -p "$root/etc/systemd/system/multi-user.target.wants" &&
        ln -s ../tried.service "$root/etc/systemd/system/multi-user.target.wants/tried.service"; }

SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 timeout 120 systemd-nspawn --quiet --register=no --keep-unit -b -D "$root" \
    --private-network </dev/null >"$work/boot.log" 2>&1 || true

if ! grep -qx "all of it works" "$root/root/tried.log" 2>/dev/null; then
    tail -n 30 "$work/boot.log" >&2 || true
    cat "$root/root/tried.log" >&2 2>/dev/null || true
    journalctl -D "$root/var/log/journal" -t otpd --no-pager >&2 2>/dev/null || true
    fail "see above"
fi
grep '^step: ' "$root/root/tried.log"
echo "test-systemd: ok"
