#!/bin/sh
# Installs stand-ins into a directory of its own and compares what is there, with modes, with
# installed.txt; then everything that must not happen: a configuration overwritten, a module replaced
# under a login, half an installation, a module removed that PAM still names.
# BLESS=1 writes installed.txt anew.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
root="$scratch/a root"

fail() {
    echo "test-install: $*" >&2
    exit 1
}

run_make() {
    (cd "$here/.." && make -s -f packaging/install.mk BUILT="$scratch/built" \
        MULTIARCH=x86_64-linux-gnu DESTDIR="$root" "$@")
}

# Root's umask may be anything; modes must not depend on it.
umask 077

mkdir "$scratch/built"
for file in libpam_otp.so otpd otp-deliver; do echo "$file 1" >"$scratch/built/$file"; done

if run_make install 2>"$scratch/err"; then fail "installed although otpctl is not built"; fi
grep -q 'otpctl is missing.*make release' "$scratch/err" || fail "no word of what is missing"
test ! -e "$root" || fail "half an installation"

echo "otpctl 1" >"$scratch/built/otpctl"
run_make install >"$scratch/out"
test ! -s "$scratch/out" || fail "words for a staged installation: $(cat "$scratch/out")"
(cd "$root" && find . -mindepth 1 \( -type d -o -type f -o -type l \) -printf '%M %P\n' |
    LC_ALL=C sort -k 2) >"$scratch/seen"
if test -n "${BLESS:-}"; then cp "$scratch/seen" "$here/installed.txt"; fi
diff -u "$here/installed.txt" "$scratch/seen" || fail "another tree than installed.txt"
cmp -s "$here/otpd.toml" "$root/etc/otpd/otpd.toml" || fail "another configuration"

# Again: the administrator's configuration stays, and whoever has the old module mapped keeps it.
module="$root/usr/lib/x86_64-linux-gnu/security/pam_otp.so"
echo '# mine' >"$root/etc/otpd/otpd.toml"
echo 'libpam_otp.so 2' >"$scratch/built/libpam_otp.so"
exec 3<"$module"
run_make install >"$scratch/out"
grep -q 'kept .*otpd.toml' "$scratch/out" || fail "no word of the configuration that stays"
test "$(cat "$root/etc/otpd/otpd.toml")" = '# mine' || fail "the configuration was overwritten"
test "$(cat <&3)" = 'libpam_otp.so 1' || fail "the module was written into, not replaced"
test "$(cat "$module")" = 'libpam_otp.so 2' || fail "the module is the old one"
exec 3<&-

# A directory that the administrator closed stays closed.
chmod 0700 "$root/etc/otpd"
run_make install >/dev/null
test "$(stat -c %a "$root/etc/otpd")" = 700 || fail "the configuration's directory was opened"

# A link of the administrator's, even one that leads nowhere yet, is a configuration too.
ln -sf /nowhere/otpd.toml "$root/etc/otpd/otpd.toml"
run_make install >/dev/null
test -L "$root/etc/otpd/otpd.toml" || fail "a link was overwritten"

mkdir "$root/etc/pam.d"
printf '#auth required pam_otp.so\n' >"$root/etc/pam.d/su"
printf '@include common-auth\nauth required pam_otp.so\n' >"$root/etc/pam.d/sudo"
if run_make uninstall 2>"$scratch/err"; then fail "removed a module that PAM names"; fi
test -e "$module" || fail "removed the module all the same"
grep -qxF "  $root/etc/pam.d/sudo" "$scratch/err" || fail "no word of who uses it"
if grep -q '/su$' "$scratch/err"; then fail "a comment counts as use"; fi

printf '@include common-auth\n' >"$root/etc/pam.d/sudo"
run_make uninstall >/dev/null
left=$(cd "$root" && find . -not -type d | LC_ALL=C sort | tr '\n' ' ')
test "$left" = "./etc/otpd/otpd.toml ./etc/pam.d/su ./etc/pam.d/sudo " || fail "left behind: $left"

echo "test-install: ok"
