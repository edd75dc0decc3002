// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmwp, the worker process: runs a stock VMM with the relay loaded, and adds to
 * its command line what a guest needs to find VMBus.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vmb.h>

#include "cmdline.h"
#include "vmbs.h"
#include "vmwp.h"

#define RELAY	"vmwp-relay.so"

/* exit codes, after env(1) */
#define EXIT_USAGE	125
#define EXIT_NO_EXEC	126
#define EXIT_NOT_FOUND	127

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	0x0008U
#endif

/*
 * What guests want before they use VMBus. Without kvm=off, Linux takes the CPU
 * for KVM's and looks no further.
 */
static const char *const cpu_flags[] = {
	"hv-relaxed", "hv-vapic", "hv-time", "hv-vpindex", "hv-synic",
	"hv-stimer", "hv-runtime", "kvm=off", NULL
};

/*
 * Timers that keep out of the slot in which VMBus has its messages: there is no
 * exit to free it, and Linux 6.12 jumps to NULL when a timer's message comes
 * while it gives up the SynIC, before kexec for one.
 */
static const char *const timer_flags[] = { "hv-stimer-direct", NULL };

/*
 * The guest does not ask for AutoEOI then, which would switch the hardware's
 * interrupt virtualisation off for the whole machine.
 */
static const char *const apicv_flags[] = { "hv-avic", NULL };

static const char smbios[] =
	"type=1,manufacturer=Microsoft Corporation,product=Virtual Machine,version=7.0";

struct options {
	const char *partition;
	const char *relay;
	bool cpu_flags;
	bool acpi;
	bool smbios;
	bool pin_memory;
	bool verbose;
	bool dry_run;
};

static void print_help(void)
{
	fputs("Usage: vmwp --partition NAME [OPTION]... -- QEMU [ARGUMENT]...\n"
	      "Run QEMU with the VMBus of a partition that vmb_host serves.\n"
	      "\n"
	      "  --partition NAME  the partition, as in /sys/kernel/config/vmb/NAME\n"
	      "  --no-cpu-flags    leave -cpu as it is\n"
	      "  --no-acpi         do not add the ACPI device of VMBus\n"
	      "  --no-smbios       do not add the SMBIOS strings of a Hyper-V guest, so that\n"
	      "                    Linux's ata_piix keeps emulated IDE disks\n"
	      "  --pin-memory      keep all guest memory pinned, which makes I/O cheaper; counts\n"
	      "                    as locked memory (see ulimit -l)\n"
	      "  --relay PATH      the relay to load, in place of the installed one\n"
	      "  --verbose         tell on standard error what is relayed\n"
	      "  --dry-run         print the command, one argument a line, and run nothing\n"
	      "  --help            print this and exit\n"
	      "  --version         print the version and exit\n"
	      "\n"
	      "Options that QEMU is given already are left as they are. KVM is switched on\n"
	      "unless an accelerator is named.\n", stdout);
}

static void __attribute__((__noreturn__)) usage(void)
{
	fputs("Try 'vmwp --help'.\n", stderr);
	exit(EXIT_USAGE);
}

static int parse(struct options *opt, int argc, char **argv)
{
	enum { PARTITION = 1, CPU, ACPI, SMBIOS, PIN, RELAY_PATH, VERBOSE, DRY, HELP,
	       VERSION_TEXT };
	static const struct option longopts[] = {
		{ "partition", required_argument, NULL, PARTITION },
		{ "no-cpu-flags", no_argument, NULL, CPU },
		{ "no-acpi", no_argument, NULL, ACPI },
		{ "no-smbios", no_argument, NULL, SMBIOS },
		{ "pin-memory", no_argument, NULL, PIN },
		{ "relay", required_argument, NULL, RELAY_PATH },
		{ "verbose", no_argument, NULL, VERBOSE },
		{ "dry-run", no_argument, NULL, DRY },
		{ "help", no_argument, NULL, HELP },
		{ "version", no_argument, NULL, VERSION_TEXT },
		{ }
	};
	int c;

	/* "+": what follows the first non-option is QEMU's */
	while ((c = getopt_long(argc, argv, "+", longopts, NULL)) != -1) {
		switch (c) {
		case PARTITION:
			opt->partition = optarg;
			break;
		case CPU:
			opt->cpu_flags = false;
			break;
		case ACPI:
			opt->acpi = false;
			break;
		case SMBIOS:
			opt->smbios = false;
			break;
		case PIN:
			opt->pin_memory = true;
			break;
		case RELAY_PATH:
			opt->relay = optarg;
			break;
		case VERBOSE:
			opt->verbose = true;
			break;
		case DRY:
			opt->dry_run = true;
			break;
		case HELP:
			print_help();
			exit(EXIT_SUCCESS);
		case VERSION_TEXT:
			puts("vmwp " VERSION);
			exit(EXIT_SUCCESS);
		default:
			usage();
		}
	}

	if (!opt->partition) {
		warnx("no --partition");
		usage();
	}
	if (!*opt->partition || strchr(opt->partition, '/') ||
	    strlen(opt->partition) >= VMB_NAME_MAX)
		errx(EXIT_USAGE, "'%s' is not the name of a partition",
		     opt->partition);
	if (optind == argc) {
		warnx("no command to run");
		usage();
	}
	return optind;
}

/* Beside the executable when it was just built, else where it is installed. */
static char *find_relay(void)
{
	static const char *const places[] = {
		"%s/lib/" RELAY, "%s/../lib/vmb/" RELAY, NULL
	};
	const char *const *place;
	char exe[PATH_MAX], *dir, *path, *real;
	ssize_t len;

	len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (len < 0)
		err(EXIT_NO_EXEC, "/proc/self/exe");
	exe[len] = '\0';
	dir = dirname(exe);
	for (place = places; *place; place++) {
		if (asprintf(&path, *place, dir) < 0)
			err(EXIT_NO_EXEC, NULL);
		real = realpath(path, NULL);
		free(path);
		if (real)
			return real;
	}
	errx(EXIT_NO_EXEC, "the relay, " RELAY ", is not installed; see --relay");
}

/* A file that only its descriptor leads to: nothing to install or clean up. */
static int acpi_table(void)
{
	int fd;

	fd = memfd_create("vmwp-acpi", MFD_NOEXEC_SEAL);
	/* before Linux 6.3 */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("vmwp-acpi", 0);
	if (fd < 0)
		err(EXIT_NO_EXEC, "memfd_create");
	if (write(fd, vmbs_aml_code, sizeof(vmbs_aml_code)) !=
	    sizeof(vmbs_aml_code))
		err(EXIT_NO_EXEC, "ACPI table");
	return fd;
}

static bool parameter_is_on(const char *path)
{
	char c = 'N';
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, &c, 1) != 1)
		c = 'N';
	close(fd);
	return c == 'Y' || c == '1';
}

static bool have_apicv(void)
{
	return parameter_is_on("/sys/module/kvm_intel/parameters/enable_apicv") ||
	       parameter_is_on("/sys/module/kvm_amd/parameters/avic");
}

static void add_cpu_flags(struct cmdline *cmd)
{
	int at = cmdline_find(cmd, "cpu");
	char *cpu;

	if (!at) {
		cmdline_insert(cmd, 1, "-cpu");
		cmdline_insert(cmd, 2, "host");
		at = 2;
	}
	cpu = cmdline_amend_cpu(cmd->argv[at], cpu_flags);
	if (!cmdline_cpu_mentions(cmd->argv[at], "hv-stimer"))
		cpu = cmdline_amend_cpu(cpu, timer_flags);
	if (have_apicv())
		cpu = cmdline_amend_cpu(cpu, apicv_flags);
	cmd->argv[at] = cpu;
}

static void amend(struct cmdline *cmd, const struct options *opt)
{
	const char *problem;
	char *arg;
	bool accel;
	int fd;

	problem = cmdline_accel_problem(cmd, &accel);
	if (problem)
		errx(EXIT_USAGE, "VMBus needs KVM, but the accelerator is '%s'",
		     problem);

	/* in front, so that what the user says comes later and wins */
	if (opt->smbios) {
		cmdline_insert(cmd, 1, "-smbios");
		cmdline_insert(cmd, 2, smbios);
	}
	if (opt->acpi) {
		fd = acpi_table();
		if (asprintf(&arg, "file=/proc/self/fd/%d", fd) < 0)
			err(EXIT_NO_EXEC, NULL);
		cmdline_insert(cmd, 1, "-acpitable");
		cmdline_insert(cmd, 2, arg);
		if (asprintf(&arg, "%d", fd) < 0 ||
		    setenv(VMWP_ENV_ACPI_FD, arg, 1))
			err(EXIT_NO_EXEC, NULL);
		free(arg);
	}
	if (opt->cpu_flags)
		add_cpu_flags(cmd);
	if (!accel)
		cmdline_insert(cmd, 1, "-enable-kvm");
}

static void set_environment(const struct options *opt)
{
	const char *before = getenv("LD_PRELOAD");
	char *relay, *preload;

	relay = opt->relay ? realpath(opt->relay, NULL) : find_relay();
	if (!relay)
		err(EXIT_NO_EXEC, "%s", opt->relay);
	/* the loader splits there */
	if (strpbrk(relay, ": "))
		errx(EXIT_NO_EXEC, "cannot load '%s': a blank or colon in its path",
		     relay);

	preload = relay;
	if (before && *before &&
	    asprintf(&preload, "%s:%s", relay, before) < 0)
		err(EXIT_NO_EXEC, NULL);
	if ((before ? setenv(VMWP_ENV_PRELOAD, before, 1) :
		      unsetenv(VMWP_ENV_PRELOAD)) ||
	    setenv("LD_PRELOAD", preload, 1) ||
	    setenv(VMWP_ENV_PARTITION, opt->partition, 1) ||
	    (opt->pin_memory && setenv(VMWP_ENV_PIN, "1", 1)) ||
	    (opt->verbose && setenv(VMWP_ENV_TRACE, "1", 1)))
		err(EXIT_NO_EXEC, NULL);
}

int main(int argc, char **argv)
{
	struct options opt = {
		.cpu_flags = true,
		.acpi = true,
		.smbios = true,
	};
	struct cmdline cmd;
	int first, i;

	first = parse(&opt, argc, argv);
	cmdline_init(&cmd, argc - first, argv + first);
	amend(&cmd, &opt);
	set_environment(&opt);

	if (opt.dry_run) {
		for (i = 0; i < cmd.argc; i++)
			puts(cmd.argv[i]);
		return EXIT_SUCCESS;
	}
	execvp(cmd.argv[0], cmd.argv);
	err(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NO_EXEC, "%s", cmd.argv[0]);
}
