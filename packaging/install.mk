# install, uninstall: puts what was built where Debian expects it, and takes it away again.
# Included by the top Makefile; works on its own too: make -f packaging/install.mk install DESTDIR=...
#
#   make release && sudo make install
#
# The paths below are Debian 12's with /lib merged into /usr/lib; each can be set on the command line.

PACKAGING := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
CARGO ?= cargo
BUILT ?= $(or $(CARGO_TARGET_DIR),target)/release
MULTIARCH ?= $(shell dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || gcc -print-multiarch)

DESTDIR ?=
PAMDIR ?= /usr/lib/$(if $(MULTIARCH),$(MULTIARCH)/)security
SBINDIR ?= /usr/sbin
BINDIR ?= /usr/bin
UNITDIR ?= /usr/lib/systemd/system
SYSUSERSDIR ?= /usr/lib/sysusers.d
TMPFILESDIR ?= /usr/lib/tmpfiles.d
DBUSDIR ?= /usr/share/dbus-1
POLKITDIR ?= /usr/share/polkit-1
MANDIR ?= /usr/share/man
DOCDIR ?= /usr/share/doc/otpd
SHAREDIR ?= /usr/share
CONFDIR ?= /etc/otpd

# SOURCE:TARGET:MODE of every file but the configuration. Manual pages go by their section.
INSTALLED = \
	$(BUILT)/libpam_otp.so:$(PAMDIR)/pam_otp.so:0644 \
	$(BUILT)/otpd:$(SBINDIR)/otpd:0755 \
	$(BUILT)/otp-deliver:$(SBINDIR)/otp-deliver:0755 \
	$(BUILT)/otpctl:$(BINDIR)/otpctl:0755 \
	$(PACKAGING)/dbus/org.otpd1.conf:$(DBUSDIR)/system.d/org.otpd1.conf:0644 \
	$(PACKAGING)/dbus/org.otpd1.service:$(DBUSDIR)/system-services/org.otpd1.service:0644 \
	$(PACKAGING)/polkit/org.otpd1.policy:$(POLKITDIR)/actions/org.otpd1.policy:0644 \
	$(PACKAGING)/systemd/otp-deliver.socket:$(UNITDIR)/otp-deliver.socket:0644 \
	$(PACKAGING)/systemd/otp-deliver.service:$(UNITDIR)/otp-deliver.service:0644 \
	$(PACKAGING)/systemd/otpd.socket:$(UNITDIR)/otpd.socket:0644 \
	$(PACKAGING)/systemd/otpd.service:$(UNITDIR)/otpd.service:0644 \
	$(PACKAGING)/sysusers.d/otpd.conf:$(SYSUSERSDIR)/otpd.conf:0644 \
	$(PACKAGING)/tmpfiles.d/otpd.conf:$(TMPFILESDIR)/otpd.conf:0644 \
	$(PACKAGING)/otpd.toml:$(DOCDIR)/otpd.toml:0644 \
	$(PACKAGING)/pam/otpd.pam-example:$(DOCDIR)/otpd.pam-example:0644 \
	$(PACKAGING)/completions/otpctl.bash:$(SHAREDIR)/bash-completion/completions/otpctl:0644 \
	$(PACKAGING)/completions/_otpctl:$(SHAREDIR)/zsh/vendor-completions/_otpctl:0644 \
	$(PACKAGING)/completions/otpctl.fish:$(SHAREDIR)/fish/vendor_completions.d/otpctl.fish:0644 \
	$(foreach page,$(wildcard $(PACKAGING)/man/*.[1-8]),$(page):$(MANDIR)/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)):0644)

.PHONY: release install uninstall

# The module in an invocation of its own: with the daemon's it would get the daemon's features.
release:
	$(CARGO) build --release --locked -p otpd -p otpctl
	$(CARGO) build --release --locked -p otp-deliver
	$(CARGO) build --release --locked -p pam_otp

# Everything must be there before anything is replaced; and each file is replaced at once, because a
# login may load the module at any moment.
install:
	@set -eu; \
	for entry in $(INSTALLED); do \
		source=$${entry%%:*}; \
		test -f "$$source" || { echo "install: $$source is missing; build first: make release" >&2; exit 1; }; \
	done; \
	for entry in $(INSTALLED); do \
		source=$${entry%%:*}; rest=$${entry#*:}; \
		target="$(DESTDIR)$${rest%%:*}"; mode=$${rest#*:}; \
		test -d "$${target%/*}" || install -d -m 0755 "$${target%/*}"; \
		install -m "$$mode" "$$source" "$$target.new"; \
		mv -fT "$$target.new" "$$target"; \
	done; \
	test -d "$(DESTDIR)$(CONFDIR)" || install -d -m 0755 "$(DESTDIR)$(CONFDIR)"; \
	if test -e "$(DESTDIR)$(CONFDIR)/otpd.toml" || test -L "$(DESTDIR)$(CONFDIR)/otpd.toml"; then \
		echo "kept $(DESTDIR)$(CONFDIR)/otpd.toml; the example is $(DOCDIR)/otpd.toml"; \
	else \
		install -m 0644 "$(PACKAGING)/otpd.toml" "$(DESTDIR)$(CONFDIR)/otpd.toml"; \
	fi
ifeq ($(strip $(DESTDIR)),)
	@printf '%s\n' \
		'installed. Next, as root:' \
		'  systemd-sysusers otpd.conf && systemd-tmpfiles --create otpd.conf' \
		'  systemctl daemon-reload && systemctl reload dbus' \
		'  systemctl enable --now otpd.socket otpd.service' \
		'  otpctl enroll -u NAME' \
		'for codes by e-mail or SMS: systemctl enable --now otp-deliver.socket; see otp-deliver(8)' \
		'then, with a root shell kept open, PAM: $(DOCDIR)/otpd.pam-example'
endif

# A stack that names a module which is not there lets nobody in. State and configuration stay: they
# are the administrator's to keep or to destroy.
uninstall:
	@set -eu; \
	used=$$(grep -lrs '^[^#]*pam_otp\.so' "$(DESTDIR)/etc/pam.d" "$(DESTDIR)/etc/pam.conf" || true); \
	if test -n "$$used"; then \
		echo "uninstall: still in use, and without the module nobody gets in there:" >&2; \
		echo "$$used" | sed 's/^/  /' >&2; \
		echo "take pam_otp.so out of these first" >&2; \
		exit 1; \
	fi; \
	for entry in $(INSTALLED); do \
		rest=$${entry#*:}; \
		rm -f "$(DESTDIR)$${rest%%:*}"; \
	done; \
	rmdir "$(DESTDIR)$(DOCDIR)" 2>/dev/null || true; \
	echo "kept $(CONFDIR) and /var/lib/otpd, which holds the secrets"
ifeq ($(strip $(DESTDIR)),)
	@printf '%s\n' 'removed. If otpd still runs: systemctl stop otpd.socket otpd.service otp-deliver.socket otp-deliver.service && systemctl daemon-reload'
endif
