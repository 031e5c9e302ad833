# SPDX-License-Identifier: GPL-2.0-only
# Userspace and module build without root; "make help" lists the rest.

KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= 6.1
CMD ?= uname -a
# As typed: a command's $(...) is the guest's, not make's.
override CMD := $(value CMD)
export CMD
PREFIX ?= /usr/local
DESTDIR ?=
CFLAGS ?= -O2 -g
VERSION := $(shell sed -n 's/.*MAGLEV_VERSION "\(.*\)"/\1/p' include/maglev/version.h)

B := build
CORE := $(wildcard core/*.c)
HEADERS := $(wildcard include/maglev/*.h)
ADM := $(wildcard userspace/maglevadm/*.c)
MODULE_SOURCES := Kbuild $(CORE) $(HEADERS) $(wildcard kmod/*.[ch])
CPPFLAGS += -Iinclude
CSTD := -std=gnu11 -Wall -Wextra
# Evaluated when used: a machine without the library gets the compiler's error, not make's.
CJSON = $(shell pkg-config --cflags --libs libcjson 2>/dev/null || echo -lcjson)

.DEFAULT_GOAL := all
.PHONY: all userspace module install dkms-install deps format clean help
.PHONY: check unit lint selftest demo bench vm vm-shell

all: userspace ## build the userspace, and the module where kernel headers are
	@if [ -e "$(KDIR)/Makefile" ]; then \
		$(MAKE) --no-print-directory module; \
	else \
		echo "module: skipped, no kernel headers: install linux-headers-$$(uname -r) or give KDIR="; \
	fi

userspace: $(B)/maglevadm ## build maglevadm

$(B)/maglevadm: $(ADM) $(wildcard userspace/maglevadm/*.h) $(CORE) $(HEADERS)
	@mkdir -p $(B)
	$(CC) $(CSTD) $(CPPFLAGS) $(CFLAGS) -o $@ $(ADM) $(CORE) $(LDFLAGS) $(CJSON)

module: ## build ip_vs_maglev.ko for the running kernel, or for KDIR=
	@[ -e "$(KDIR)/Makefile" ] || { \
		echo "module: no kernel headers in $(KDIR): install linux-headers-$$(uname -r) or give KDIR=" >&2; \
		exit 1; }
	@scripts/build-module "$(KDIR)" $(B)/module

install: userspace ## install what is built (PREFIX=, DESTDIR=); the module too where it is built
	install -D -m 755 $(B)/maglevadm $(DESTDIR)$(PREFIX)/sbin/maglevadm
	install -D -m 644 Documentation/man/maglevadm.8 $(DESTDIR)$(PREFIX)/share/man/man8/maglevadm.8
	install -D -m 644 Documentation/man/ip_vs_maglev.7 $(DESTDIR)$(PREFIX)/share/man/man7/ip_vs_maglev.7
	@if [ -e $(B)/module/ip_vs_maglev.ko ]; then \
		$(MAKE) -C "$(KDIR)" M=$(CURDIR)/$(B)/module INSTALL_MOD_PATH=$(DESTDIR) modules_install; \
	else \
		echo "install: the module is not built (make module); see also make dkms-install"; \
	fi

dkms-install: ## give the module's source to DKMS, which builds and installs it for every kernel
	scripts/dkms-install $(VERSION) $(MODULE_SOURCES) dkms.conf

check: deps ## all tests: unit, properties, lint, and kselftests in virtual machines on 6.1 and 6.12
	@scripts/check

unit: $(B)/maglevadm ## unit tests and properties under ASan and UBSan
	@selftests/unit/run

lint: ## sparse, W=1, checkpatch, clang-format, shellcheck, layers, spelling, kernel-doc
	@scripts/lint

selftest: ## kselftests in a virtual machine: KERNEL=6.1|6.12, T="selftests/net/NAME.sh ..."
	@scripts/selftest $(KERNEL) $(T)

demo: ## watch real HTTP cross the scheduler to GRE and IPIP backends, in a virtual machine
	@scripts/need demo
	@scripts/demo

bench: ## how fast tables are built, laid over and looked up
	@scripts/need build
	@selftests/bench/run

vm: ## run CMD= in a virtual machine with KERNEL=6.1|6.12
	@scripts/need vm
	@selftests/vm/vm -k $(KERNEL) -- "$$CMD"

vm-shell: ## a shell in a virtual machine with KERNEL=6.1|6.12
	@scripts/need vm
	@selftests/vm/vm -k $(KERNEL) -i

deps: ## install what make check needs (Debian, root), or name what is missing
	@scripts/need check

format: ## lay out the sources by .clang-format
	clang-format -i $(filter-out kmod/trace.h,$(shell git ls-files '*.c' '*.h'))

clean: ## remove what was built; the cache of kernels stays
	rm -rf $(B)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | \
		awk -F'\t' '{ printf "  make %-13s %s\n", $$1, $$2 }'
