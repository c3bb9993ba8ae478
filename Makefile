# otpd. `make try` shows it at work on a private system, `make check` runs every test.
# Both change nothing of the machine but target/, beyond the packages that tests/tools names.

CARGO ?= cargo
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
# What is tried and tested, side by side: never what some other build left lying about.
STAGE := $(TARGET)/stage
SUDO := $(shell test "$$(id -u)" = 0 || echo sudo)
# A program with a PAM handle, for the tests.
PAM_HOST = $(CC) -std=gnu11 -g -O1 -Wall -Wextra -Werror -pthread tests/host/*.c -lpam
# A directory of people, likewise.
NSS_MODULE = $(CC) -std=gnu11 -g -O1 -Wall -Wextra -Werror -fPIC -shared tests/nss/*.c
CHECKS ?= units module packaging system

.PHONY: all try smoke bench check soak fuzz measure stage tools
all: stage

try: tools stage
	@$(SUDO) env OTPD_BUILD_DIR=$(STAGE) $(STAGE)/try-otpd

smoke: tools stage
	@$(SUDO) env OTPD_BUILD_DIR=$(STAGE) $(STAGE)/smoke

# What a login costs, beside the peers; with what would be shipped, not with what is tested.
bench: release
	@tests/tools bench
	$(CARGO) build --locked --release -p otpd-tests --bins
	@mkdir -p $(STAGE)-release
	@cd $(TARGET)/release && install -m 755 otpd otpctl fake-otpd callers bench-logins $(STAGE)-release
	@install -m 755 $(TARGET)/release/libpam_otp.so $(STAGE)-release/pam_otp.so
	@$(PAM_HOST) -o $(STAGE)-release/pam-host
	@$(NSS_MODULE) -o $(STAGE)-release/libnss_otptest.so.2
	@$(SUDO) env OTPD_BUILD_DIR=$(STAGE)-release $(STAGE)-release/bench-logins

check:
	@MAKE="$(MAKE)" CARGO="$(CARGO)" STAGE="$(STAGE)" tests/check $(CHECKS)

# The same tests of the module and the whole system at the long counts, for hours; prints what
# docs/robustness.md tells.
soak:
	@OTPD_SOAK=1 MAKE="$(MAKE)" CARGO="$(CARGO)" STAGE="$(STAGE)" tests/check module system
	@$(MAKE) --no-print-directory fuzz SECONDS=3600

# The parsers under libFuzzer, each for so many seconds; what is found lies in fuzz/artifacts. On the
# stable compiler, which takes libFuzzer's flags when told to.
SECONDS ?= 10
fuzz:
	@command -v cargo-fuzz >/dev/null || { echo "missing: cargo install cargo-fuzz --locked" >&2; exit 1; }
	@mkdir -p $(TARGET)/fuzz-corpus
	@for target in $$(cd fuzz && ls corpus); do \
	    mkdir -p $(TARGET)/fuzz-corpus/$$target; \
	    RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --target-dir $(TARGET)/fuzz $$target \
	        $(TARGET)/fuzz-corpus/$$target fuzz/corpus/$$target -- -max_total_time=$(SECONDS) \
	        -max_len=4096 -timeout=10 -print_final_stats=1 || exit; \
	done

# How long prompt and refusal take for those who may not get in; fails if one can tell them apart.
measure: stage
	@tests/tools check
	@$(SUDO) env OTPD_BUILD_DIR=$(STAGE) $(STAGE)/measure $(ROUNDS)

# Names the packages that this machine lacks, and installs them where it may.
tools:
	@tests/tools

# The module in an invocation of its own: with the daemon's it would get the daemon's features.
stage:
	$(CARGO) build --locked -p otpd -p otpctl
	$(CARGO) build --locked -p otp-deliver
	$(CARGO) build --locked -p pam_otp
	$(CARGO) build --locked -p otpd-tests --bins
	@mkdir -p $(STAGE)
	@cd $(TARGET)/debug && install -m 755 otpd otpctl otp-deliver try-otpd smoke fake-otpd callers measure $(STAGE)
	@$(PAM_HOST) -o $(STAGE)/pam-host
	@$(NSS_MODULE) -o $(STAGE)/libnss_otptest.so.2
	@install -m 755 $(TARGET)/debug/libpam_otp.so $(STAGE)/pam_otp.so

-include packaging/install.mk
