# SPDX-License-Identifier: GPL-2.0-only
# Userspace and module build without root; "make help" lists the rest.

KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= 6.1
CMD ?= uname -a
# As typed: a command's $(...) is the guest's, not make's.
override CMD := $(value CMD)
export CMD
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
DESTDIR ?=
CFLAGS ?= -O2 -g
VERSION := $(shell sed -n 's/.*MAGLEV_VERSION "\(.*\)"/\1/p' include/maglev/version.h)

B := build
CORE := $(wildcard core/*.c)
HEADERS := $(wildcard include/maglev/*.h)
ADM := $(wildcard userspace/maglevadm/*.c)
DAEMON := $(wildcard userspace/maglevd/*.c)
LIB := $(wildcard userspace/lib/*.c)
LIB_HEADERS := $(wildcard userspace/lib/*.h include/uapi/linux/*.h)
MODULE_SOURCES := Kbuild $(CORE) $(HEADERS) $(wildcard include/uapi/linux/*.h kmod/*.[ch])
CPPFLAGS += -Iinclude
CSTD := -std=gnu11 -Wall -Wextra
# Evaluated when used: a machine without the library gets the compiler's error, not make's.
CJSON = $(shell pkg-config --cflags --libs libcjson 2>/dev/null || echo -lcjson)
DAEMON_LIBS = $(CJSON) $(shell pkg-config --cflags --libs libcap-ng libcurl libfyaml libmicrohttpd libsystemd) -lev -lmnl -lresolv -lm

.DEFAULT_GOAL := all
.PHONY: all userspace dpdk module install dkms-install dkms-source deb rpm deps format clean help
.PHONY: check check-all check-debug check-dpdk check-packages check-replay unit fuzz lint selftest demo vm vm-shell frames soak check-kernels check-keepalived check-documents
.PHONY: bench bench-table bench-kernel bench-scaling bench-probes bench-scale bench-share bench-bfd bench-dpdk bench-document

all: userspace ## build the userspace, and the module where kernel headers are
	@if [ -e "$(KDIR)/Makefile" ]; then \
		$(MAKE) --no-print-directory module; \
	else \
		echo "module: skipped, no kernel headers: install linux-headers-$$(uname -r) or give KDIR="; \
	fi

HAS_DPDK := $(shell pkg-config --exists libdpdk libnl-route-3.0 2>/dev/null && echo yes)
userspace: $(B)/maglevadm $(B)/maglevd $(if $(HAS_DPDK),$(B)/maglev-dpdk) ## build maglevadm and maglevd, and maglev-dpdk where libdpdk is

$(B)/maglevadm: $(ADM) $(wildcard userspace/maglevadm/*.h) $(CORE) $(HEADERS) $(LIB_HEADERS) $(B)/libmaglev.a
	@mkdir -p $(B)
	$(CC) $(CSTD) $(CPPFLAGS) -Iinclude/uapi -Iuserspace/lib $(CFLAGS) -o $@ $(ADM) $(CORE) $(B)/libmaglev.a \
		$(LDFLAGS) $(CJSON) -lmnl

$(B)/maglevd: $(DAEMON) $(wildcard userspace/maglevd/*.h) $(CORE) $(HEADERS) $(LIB_HEADERS) $(B)/libmaglev.a
	@mkdir -p $(B)
	$(CC) $(CSTD) $(CPPFLAGS) -Iinclude/uapi -Iuserspace/lib $(CFLAGS) -o $@ $(DAEMON) $(CORE) $(B)/libmaglev.a \
		$(LDFLAGS) $(DAEMON_LIBS)

# What maglev-dpdk's control half is made of, which needs no DPDK.
CONTROL := $(addprefix userspace/dpdk/,answer.c answer_change.c answer_explain.c answer_flow.c answer_list.c \
	answer_preview.c buffer.c build.c control.c draft.c events.c grace.c model.c publish.c pulse.c reply.c server.c \
	tables.c talk.c) $(addprefix kmod/,netlink_policy.c netlink_request.c netlink_request_settings.c)
CONTROL_FLAGS := -Iuserspace/dpdk/kernel -Iinclude/uapi -Iuserspace/lib -Ikmod

# maglev-dpdk, where DPDK is. Its own sources and the core at once: the packet path crosses both.
DPDK_HEADERS := $(wildcard userspace/dpdk/*.h)
DPDK_DATA := $(addprefix userspace/dpdk/,burst.c data.c fragments.c hop.c icmp.c lookup.c ports.c siphash.c spill.c split.c worker.c xmit.c)
DPDK_MAIN := $(addprefix userspace/dpdk/,main.c options.c)
DPDK_FIXED := $(addprefix selftests/dpdk/,control_fixed.c fixed.c)
DPDK_FLAGS = $(CFLAGS) -O3 -flto=auto -fno-strict-aliasing $(shell pkg-config --cflags libdpdk libnl-route-3.0)
DPDK_LIBS = $(shell pkg-config --libs libdpdk libnl-route-3.0) -lev
DPDK_SANITIZE = -O1 -fno-lto -fsanitize=address,undefined -fno-sanitize-recover=all -fno-sanitize=alignment
BUILD_DPDK = $(CC) $(CSTD) $(CPPFLAGS) -Iinclude/uapi -Iuserspace/dpdk -Iselftests/dpdk $(DPDK_FLAGS)

dpdk: $(B)/maglev-dpdk ## build maglev-dpdk

$(B)/maglev-dpdk: $(DPDK_MAIN) $(DPDK_DATA) $(CONTROL) $(DPDK_HEADERS) $(CORE) $(HEADERS) $(LIB_HEADERS) $(B)/libmaglev.a
	@mkdir -p $(B)
	$(BUILD_DPDK) $(CONTROL_FLAGS) -o $@ $(filter %.c,$^) $(B)/libmaglev.a $(LDFLAGS) $(DPDK_LIBS) -lmnl

$(B)/maglev-dpdk-fixed: $(DPDK_MAIN) $(DPDK_DATA) $(DPDK_FIXED) $(DPDK_HEADERS) selftests/dpdk/fixed.h $(CORE) $(HEADERS)
	@mkdir -p $(B)
	$(BUILD_DPDK) -o $@ $(filter %.c,$^) $(LDFLAGS) $(DPDK_LIBS)

$(B)/maglev-dpdk-asan: $(DPDK_MAIN) $(DPDK_DATA) $(DPDK_FIXED) $(DPDK_HEADERS) selftests/dpdk/fixed.h $(CORE) $(HEADERS)
	@mkdir -p $(B)
	$(BUILD_DPDK) $(DPDK_SANITIZE) -o $@ $(filter %.c,$^) $(LDFLAGS) $(DPDK_LIBS)

DPDK_RELOAD := selftests/dpdk/reload.c selftests/dpdk/fixed.c $(DPDK_DATA)
$(B)/dpdk_reload $(B)/dpdk_reload-asan: $(DPDK_RELOAD) $(DPDK_HEADERS) selftests/dpdk/fixed.h $(CORE) $(HEADERS)
	@mkdir -p $(B)
	$(BUILD_DPDK) $(if $(findstring asan,$@),$(DPDK_SANITIZE)) -o $@ $(filter %.c,$^) $(LDFLAGS) $(DPDK_LIBS) -lrte_net_ring

check-dpdk: $(B)/maglev-dpdk-fixed $(B)/maglev-dpdk-asan $(B)/dpdk_reload $(B)/dpdk_reload-asan ## maglev-dpdk: frames through the real program, with and without ASan
	@selftests/dpdk/run

bench-dpdk: ## what a packet costs maglev-dpdk, above receiving and sending it
	@scripts/need bench-dpdk
	@$(MAKE) --no-print-directory $(B)/dpdk_bench $(B)/dpdk_load
	@selftests/bench/dpdk/run | tee $(B)/bench-dpdk.txt
	@selftests/bench/dpdk/plot.py $(B)/bench-dpdk.txt $(B)/bench-dpdk.svg

$(B)/dpdk_bench $(B)/dpdk_load: $(B)/%: selftests/bench/dpdk/%.c selftests/dpdk/fixed.c $(DPDK_DATA) $(DPDK_HEADERS) selftests/dpdk/fixed.h $(CORE) $(HEADERS)
	@mkdir -p $(B)
	$(BUILD_DPDK) -o $@ $(filter %.c,$^) $(LDFLAGS) $(DPDK_LIBS) -lrte_net_ring

$(B)/lib/%.o: userspace/lib/%.c $(LIB_HEADERS) $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(CPPFLAGS) -Iinclude/uapi $(CFLAGS) -c -o $@ $<

$(B)/libmaglev.a: $(LIB:userspace/%.c=$(B)/%.o) ## the client library; link it with -lmnl
	$(AR) rcs $@ $^

frames: $(B)/frames $(B)/explain_all $(B)/maglev-dpdk-control ## build the network tests' traffic tool, and what asks the kernel about its flows

$(B)/frames: $(wildcard selftests/net/frames*.[ch]) include/maglev/env.h
	@mkdir -p $(B)
	$(CC) $(CSTD) $(CPPFLAGS) $(CFLAGS) -o $@ $(filter %.c,$^) $(LDFLAGS)

$(B)/explain_all: selftests/net/explain_all.c $(B)/libmaglev.a
	$(CC) $(CSTD) $(CPPFLAGS) -Iinclude/uapi -Iuserspace/lib $(CFLAGS) -o $@ $^ $(LDFLAGS) -lmnl

$(B)/replay_wire: selftests/dpdk/replay_wire.c
	@mkdir -p $(B)
	$(CC) $(CSTD) $(CFLAGS) -o $@ $< $(LDFLAGS)

# It alone, with workers and next hops that stand still: what tests ask.
$(B)/maglev-dpdk-control: selftests/unit/dpdk_control.c selftests/unit/dpdk_stand_in.c $(CONTROL) $(CORE) $(HEADERS) \
		$(wildcard userspace/dpdk/*.h userspace/dpdk/kernel/net/*.h kmod/*.h) $(LIB_HEADERS) $(B)/libmaglev.a
	@mkdir -p $(B)
	$(CC) $(CSTD) $(CPPFLAGS) $(CONTROL_FLAGS) -Iuserspace/dpdk $(CFLAGS) -o $@ $(filter %.c,$^) $(B)/libmaglev.a \
		$(LDFLAGS) -lmnl -lev

module: ## build ip_vs_maglev.ko for the running kernel, or for KDIR=
	@[ -e "$(KDIR)/Makefile" ] || { \
		echo "module: no kernel headers in $(KDIR): install linux-headers-$$(uname -r) or give KDIR=" >&2; \
		exit 1; }
	@scripts/build-module "$(KDIR)" $(B)/module

install: userspace ## install what is built (PREFIX=, DESTDIR=); the module too where it is built
	install -D -m 755 $(B)/maglevadm $(DESTDIR)$(SBINDIR)/maglevadm
	install -D -m 644 userspace/maglevadm/completion.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/maglevadm
	install -D -m 755 $(B)/maglevd $(DESTDIR)$(SBINDIR)/maglevd
	install -D -m 644 userspace/maglevd/maglevd.yaml.example $(DESTDIR)$(PREFIX)/share/doc/maglev/maglevd.yaml.example
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/maglev/announce Documentation/announce/*.conf
	@mkdir -p $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|/usr/sbin|$(SBINDIR)|' userspace/maglevd/maglevd.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/maglevd.service
	install -D -m 644 Documentation/man/maglevadm.8 $(DESTDIR)$(PREFIX)/share/man/man8/maglevadm.8
	install -D -m 644 Documentation/man/maglevd.8 $(DESTDIR)$(PREFIX)/share/man/man8/maglevd.8
	install -D -m 644 Documentation/man/maglevd.yaml.5 $(DESTDIR)$(PREFIX)/share/man/man5/maglevd.yaml.5
	install -D -m 644 Documentation/man/ip_vs_maglev.7 $(DESTDIR)$(PREFIX)/share/man/man7/ip_vs_maglev.7
	@if [ -e $(B)/maglev-dpdk ]; then \
		install -D -m 755 $(B)/maglev-dpdk $(DESTDIR)$(SBINDIR)/maglev-dpdk && \
		install -D -m 644 Documentation/man/maglev-dpdk.8 $(DESTDIR)$(PREFIX)/share/man/man8/maglev-dpdk.8 && \
		sed 's|/usr/sbin|$(SBINDIR)|' userspace/dpdk/maglev-dpdk.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/maglev-dpdk.service; \
	fi
	@if [ -e $(B)/module/ip_vs_maglev.ko ]; then \
		$(MAKE) -C "$(KDIR)" M=$(CURDIR)/$(B)/module INSTALL_MOD_PATH=$(DESTDIR) modules_install && \
		if [ -z "$(DESTDIR)" ]; then depmod "$$(modinfo -F vermagic $(B)/module/ip_vs_maglev.ko | cut -d ' ' -f 1)"; fi; \
	else \
		echo "install: the module is not built (make module); see also make dkms-install"; \
	fi
	@if [ -z "$(DESTDIR)" ]; then scripts/settle; fi

dkms-install: ## give the module's source to DKMS, which builds and installs it for every kernel
	scripts/dkms-install $(VERSION) $(MODULE_SOURCES) dkms.conf

dkms-source: ## put the module's source where a package has it for DKMS (PREFIX=, DESTDIR=)
	@mkdir -p $(DESTDIR)$(PREFIX)/src/ip-vs-maglev-$(VERSION)
	cp --parents $(MODULE_SOURCES) dkms.conf $(DESTDIR)$(PREFIX)/src/ip-vs-maglev-$(VERSION)

deb: ## build Debian packages in build/deb, out of a copy of what git tracks
	@scripts/need deb
	@scripts/build-deb

rpm: ## build RPM packages in build/rpm, likewise
	@scripts/need rpm
	@scripts/build-rpm

check: deps ## unit tests, properties, fuzzers, lint, and kselftests in virtual machines: the brief ones, on 6.1 and 6.12
	@scripts/check

check-all: deps ## check with all kselftests, an hour and a half
	@scripts/check -a

check-debug: ## kselftests on kernels that look for mistakes, built the first time: KERNELS="debug kcsan rt" T="TEST..."
	@scripts/need check-debug
	@scripts/check-debug $(KERNELS) $(T)

check-replay: userspace $(B)/replay_wire ## the same 1,000,000 flows to maglev-dpdk and to the module in User-Mode Linux: what leaves, byte for byte
	@scripts/need bench-kernel
	@selftests/dpdk/replay $(FLOWS)

check-packages: ## packages in clean roots of Debian, units under its systemd, RPM packages: SUITES="12 13 unstable"
	@scripts/need check-packages
	@selftests/packages/run $(SUITES)
	@selftests/packages/systemd $(SUITES)
	@selftests/packages/rpm

check-kernels: ## each kernel of Debian 12, 13 and unstable, each flavour: gcc, clang, boot; Documentation/kernels.md: KERNELS=
	@scripts/need check-kernels
	@scripts/check-kernels $(KERNELS)

check-keepalived: ## keepalived of Debian 12, 13 and unstable drives the services: SUITES=
	@scripts/need check-kernels
	@scripts/check-keepalived $(SUITES)

check-documents: ## commands of the documents, as they are printed: in a virtual machine, and in a clean root of Debian 12
	@scripts/need check
	@scripts/need check-packages
	@scripts/selftest 6.1 selftests/documents/*_test.sh
	@selftests/documents/clean

unit: $(B)/maglevadm ## unit tests and properties under ASan and UBSan
	@selftests/unit/run

lint: ## sparse, W=1, checkpatch, clang-format, shellcheck, layers, spelling, kernel-doc
	@scripts/lint

.PHONY: analyze coverage coverage-kernel
analyze: ## clang-tidy, cppcheck, gcc -fanalyzer and coccinelle over the sources, some minutes: T="CHECK..."
	@scripts/need analyze
	@scripts/analyze $(T)

coverage: ## which lines of core and userspace the unit tests and fuzzers' corpora run, some minutes
	@scripts/need check
	@scripts/coverage

coverage-kernel: ## which lines of the module the kselftests run, in User-Mode Linux, built the first time: T="selftests/net/NAME.sh ..."
	@scripts/need coverage-kernel
	@scripts/coverage-kernel $(T)

fuzz: ## fuzz everything that reads bytes we did not write: T="NAME...", SECONDS= for each
	@scripts/fuzz -t $(or $(SECONDS),30) $(T)

selftest: ## kselftests in a virtual machine: KERNEL=6.1|6.12|debug|kcsan|rt|12|13|unstable[-cloud|-rt], T="selftests/net/NAME.sh ..."
	@scripts/selftest $(KERNEL) $(T)

soak: ## traffic and chaos in a virtual machine for half an hour: MINUTES= SEED= KERNEL=
	@scripts/need check
	@MINUTES=$(MINUTES) SEED=$(SEED) KERNEL=$(KERNEL) selftests/soak/run

demo: ## watch real HTTP cross the scheduler to GRE and IPIP backends, in a virtual machine
	@scripts/need demo
	@scripts/demo

bench: bench-table bench-kernel bench-scaling bench-probes bench-scale bench-share bench-bfd ## how fast tables are built, packets forwarded, backends asked, shares and routers follow

bench-table: ## how fast tables are built, laid over and looked up
	@scripts/need build
	@selftests/bench/run

bench-kernel: ## packets a second beside stock IPVS, in User-Mode Linux, built the first time: COLUMN="udp4-*" ROUNDS=
	@scripts/need bench-kernel
	@selftests/bench/kernel $(if $(ROUNDS),-r $(ROUNDS)) $(COLUMN)

bench-scaling: ## packets a second with two CPUs, in multiples of one; skipped without four cores or KVM
	@selftests/bench/scaling

bench-probes: $(B)/probe_bench ## what a probe of maglevd costs: CPU and memory
	@for kind in tcp http hang; do echo "$$kind:"; $(B)/probe_bench $$kind; done

$(B)/probe_bench: selftests/bench/maglevd/probe_bench.c $(wildcard userspace/maglevd/probe*.[ch] userspace/maglevd/curl_loop.[ch] userspace/maglevd/agent.[ch])
	@scripts/need build
	@mkdir -p $(B)
	$(CC) $(CSTD) $(CPPFLAGS) -Iinclude/uapi -Iuserspace/lib -Iuserspace/maglevd $(CFLAGS) -o $@ $(filter %.c,$^) \
		$(LDFLAGS) $(DAEMON_LIBS)

bench-scale: ## what maglevd takes for 10,000 backends, here and in User-Mode Linux: KIND="tcp-*" SECONDS=
	@scripts/need bench-scale
	@selftests/bench/maglevd/scale -n $(if $(SECONDS),-s $(SECONDS)) $(KIND)
	@selftests/bench/maglevd/scale $(if $(SECONDS),-s $(SECONDS)) $(KIND)

bench-share: userspace frames ## how soon shares by latency follow a backend that is slow, and what is gained: in User-Mode Linux
	@scripts/need bench-share
	@selftests/vm/uml "BOUNDS=1 selftests/net/maglevd_weights_test.sh"

bench-bfd: ## how soon a router leaves a balancer that dies, by BFD of BIRD and FRR: as root, in namespaces here
	@scripts/need bench-bfd
	@selftests/bench/bfd

$(B)/scale_server: selftests/bench/maglevd/scale_server.c
	@mkdir -p $(B)
	$(CC) $(CSTD) $(CFLAGS) -o $@ $< $(LDFLAGS)

# maglevd without a kernel: with one that remembers what it is told.
$(B)/maglevd-alone: selftests/bench/maglevd/scale_kernel.c $(DAEMON) $(wildcard userspace/maglevd/*.h) $(B)/libmaglev.a
	$(CC) $(CSTD) $(CPPFLAGS) -Iinclude/uapi -Iuserspace/lib -Iuserspace/maglevd $(CFLAGS) -o $@ $< \
		$(filter-out userspace/maglevd/kernel.c,$(DAEMON)) $(CORE) $(B)/libmaglev.a $(LDFLAGS) $(DAEMON_LIBS)

bench-document: ## measure all of it, an hour, and write Documentation/performance.md
	@scripts/need bench-document
	@selftests/bench/kernel
	@selftests/bench/kernel_document $(B)/bench-kernel.json

vm: ## run CMD= in a virtual machine with KERNEL=6.1|6.12|debug|kcsan|rt|12|13|unstable
	@scripts/need vm
	@selftests/vm/vm -k $(KERNEL) -- "$$CMD"

vm-shell: ## a shell in a virtual machine with KERNEL=6.1|6.12|debug|kcsan|rt|12|13|unstable
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
