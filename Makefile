# SPDX-License-Identifier: GPL-2.0
#
# For people and CI. The kernel's build system enters through Kbuild instead.

# Variables: KDIR, the kernel build tree to build modules for (the newest
# installed 6.12 headers); V=1 shows the commands; VMB_CACHE, where kernels and
# images are kept; VMB_ACCEL=tcg|kvm overrides the probe.

.DEFAULT_GOAL := modules

help:
	@echo 'Targets:'
	@echo '  modules          build the kernel modules for KDIR, or for the newest 6.12 headers'
	@echo '  modules_install  install them, under INSTALL_MOD_PATH if given, and run depmod'
	@echo '  tools            build vmwp and vmbctl'
	@echo '  tools_install    install them, below PREFIX (/usr/local) in DESTDIR'
	@echo '  demo [KEEP=1]    boot a KVM host and an unmodified guest, compare three disks;'
	@echo '                   KEEP=1 leaves a shell in the host'
	@echo '  bench [QUICK=1]  one disk by every driver, in one guest: emulated IDE, virtio, vhost, vmb;'
	@echo '                   without QUICK=1 also one NIC by every driver'
	@echo '  bench-ring       the ring library beside virtio'\''s rings, vmb_loop beside null_blk;'
	@echo '                   QUICK=1 for short rounds'
	@echo '  bench-scale      the cost of an I/O with 1 to 64 partitions, disks and channels'
	@echo '  bench-vhd        disks in images beside a loop device and qemu-nbd'
	@echo '  check            every test of every level'
	@echo '  lint             checkpatch, W=1, sparse, kernel-doc, shellcheck, dependency rules'
	@echo '  setup            install the packages that building and testing need'
	@echo '  kernels          prepare every kernel that the tests boot (done on demand anyway)'
	@echo '  clean            remove build/; kernels and images stay in the cache'

setup:
	@tools/setup/install

modules:
	@tools/setup/install build
	@tools/setup/build-modules host

modules_install: modules
	@tools/setup/build-modules host modules_install CONFIG_MODULE_SIG_ALL= DEPMOD=true

tools:
	@tools/setup/install build
	@$(MAKE) --no-print-directory -C tools/vmwp
	@$(MAKE) --no-print-directory -C tools/vmbctl

tools_install:
	@$(MAKE) --no-print-directory -C tools/vmwp install
	@$(MAKE) --no-print-directory -C tools/vmbctl install

lint:
	@tools/setup/install build lint
	@tools/testing/lint

check:
	@tools/testing/check

demo:
	@tools/setup/install build test
	@tools/testing/qemu/demo $(if $(KEEP),--keep)

bench:
	@tools/setup/install build test bench
	@tools/testing/qemu/bench $(if $(QUICK),quick)

bench-ring:
	@tools/setup/install build test bench
	@QUICK=$(QUICK) tools/testing/ringbench/run

bench-scale:
	@tools/setup/install build test bench
	@tools/testing/qemu/scale $(if $(QUICK),quick)

bench-vhd:
	@tools/setup/install build test bench
	@tools/testing/qemu/bench-vhd $(if $(QUICK),quick)

kernels:
	@tools/setup/install build test
	@for k in stock 6.1 uml uml-bench debug; do tools/setup/kernel $$k >/dev/null || exit; done

clean:
	rm -rf build

.PHONY: help setup modules modules_install tools tools_install lint check demo bench bench-ring bench-scale bench-vhd kernels clean
