# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# A scenario overrides what it needs. Read by run, and in both machines. What
# scenarios share is in $SCENARIO_LIB. CHECK=no keeps one out of make check.

L1_KERNEL=stock		# stock, debug, or uml, which has no KVM and no guests
L1_MEM=2G
# The emulator goes wrong with several CPUs that run guests of their own, so only
# what needs them has them.
L1_CPUS=1
# NUMA nodes, with equal shares of the memory and of the CPUs, of which there are as many
# or more.
L1_NODES=1
# When the host is emulated, each instruction takes 1 ns of its time, however busy
# the machine is: what time a thread has run counts instructions. One CPU only.
L1_ICOUNT=no
L1_MANIFEST=		# more lines for the host's image
L1_DISKS=		# images of mkdisk that the host has, by name: see host_disk
L2_KERNEL=none		# any of: none stock 6.1
L2_MANIFEST=		# more lines for the guest's image
MODULES=yes		# whether our modules and vmwp are put in
SUITES=no		# whether those of KUnit are among them
PLAN=0			# how many tests run
TIMEOUT=300		# seconds, for all of it

l1() { fail l1 "the scenario has no function l1"; }
l2() { fail l2 "the scenario has no function l2"; }
# What run --keep does in L1 before it gives you a shell.
scenario_keep() { :; }
# Runs on the build machine, builds what the scenario needs and prints
# manifest lines for the host's image.
prepare() { :; }
