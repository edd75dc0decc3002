// SPDX-License-Identifier: GPL-2.0-only
/* vmbctl vhd merge: what images hold goes to one below them. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "change.h"
#include "command.h"
#include "json.h"
#include "merge.h"
#include "progress.h"
#include "util.h"
#include "vhd_attach.h"
#include "vhd_chain.h"

enum { INTO, KEEP };

const struct command_option vhd_merge_options[] = {
	[INTO] = { "into", 'i', "FILE", NULL, "an image further down, not CHILD's parent" },
	[KEEP] = { "keep", 'k', NULL, NULL, "do not remove what was merged" },
	{ }
};

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static bool go_on(void *arg, u64 done)
{
	progress_show(arg, done);
	return !stopped;
}

/* The number of the image that the path leads to, or 0. */
static u32 find_target(const struct vhd_images *images, const char *into)
{
	struct stat want, st;
	u32 i;

	if (!into)
		return images->chain.depth > 1;
	if (stat(into, &want))
		return 0;
	for (i = images->chain.depth - 1; i; i--)
		if (!fstat(images->file[i].fd, &st) && st.st_dev == want.st_dev &&
		    st.st_ino == want.st_ino)
			break;
	return i;
}

static int get_ready(struct vhd_images *images, u32 target)
{
	u32 i;
	int ret = 0;

	for (i = 0; i <= target && !ret; i++)
		ret = vhd_images_childless(images, i);
	for (i = 0; i <= target && !ret; i++)
		ret = vhd_images_write(images, i);
	return ret;
}

/* An image stays, and knows its parent as that is now. */
static int settle(struct vhd_images *images, u32 i)
{
	const guid_t ids[2] = { vhd_random_id(), vhd_random_id() };
	struct vhd_linkage linkage = { .id = images->link[i + 1].img.id };
	struct vhd_error error;
	struct stat st;

	if (fstat(images->file[i + 1].fd, &st))
		err(EXIT_FAILED, "%s", images->path[i + 1]);
	linkage.timestamp = st.st_mtime - VHD_EPOCH;
	if (!vhd_change_linkage(&images->link[i].img, images->link[i].io, &linkage, ids, &error))
		return 0;
	return vhd_file_failed(&images->file[i], &error);
}

/* The lowest first: what is told who its parent is has another time afterwards. */
static int settle_all(struct vhd_images *images, u32 target)
{
	int ret = 0;
	u32 i;

	for (i = target; i-- && !ret; )
		ret = settle(images, i);
	return ret;
}

/*
 * First of all the topmost is told that it is none: from then on the target alone is
 * the disk, and may be written by who finds only that. Then the lowest first: should it
 * stop in between, those above have lost their parent.
 */
static int clean_up(struct vhd_images *images, u32 target)
{
	const guid_t ids[2] = { vhd_random_id(), vhd_random_id() };
	struct vhd_error error;
	u32 i;

	if (vhd_merge_bury(&images->link[0].img, images->link[0].io, ids, &error))
		return vhd_file_failed(&images->file[0], &error);
	for (i = target; i--; ) {
		if (!unlink(images->path[i]))
			continue;
		warn("%s was merged, and cannot be removed", images->path[i]);
		return EXIT_FAILED;
	}
	return 0;
}

static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = stop };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* somebody wants to open one of the files, see vhd_file_alone() */
	sigaction(SIGIO, &action, NULL);
}

static int merge(struct vhd_images *images, u32 target, bool keep, u64 *copied)
{
	struct vhd_merge m = { .chain = &images->chain, .target = target, .go_on = go_on };
	struct progress progress;
	struct vhd_error error;
	int ret;
	u32 i;

	for (i = 0; i < 6; i++)
		m.ids[i] = vhd_random_id();
	catch_signals();
	ret = get_ready(images, target);
	if (ret)
		return ret;
	progress_start(&progress, "merging", images->link[0].img.size);
	m.arg = &progress;
	ret = vhd_merge(&m, &error);
	progress_end(&progress);
	*copied = m.copied;
	if (ret == -EINTR) {
		warnx("interrupted; %s is as it was, and the same command goes on",
		      images->path[0]);
		return EXIT_FAILED;
	}
	if (ret)
		return vhd_file_failed(&images->file[target], &error);
	return keep ? settle_all(images, target) : clean_up(images, target);
}

/* What the kernel's refusal means, beside its name */
static const char *advice(int error)
{
	switch (error) {
	case EBUSY:
		return "it is being merged already, or another disk uses its parent";
	case EINVAL:
		return "it has no parent";
	case ENOENT:
		return "the kernel is one that has no online merges, or the disk is gone";
	default:
		return "the disk is as it was; 'dmesg | grep vhd' says more";
	}
}

/* Until the kernel is through with it, or we are told to stop. Returns its word. */
static char *wait_for_merge(const char *disk, struct progress *progress)
{
	char *state;

	for (;;) {
		state = vhd_disk_get(disk, "merge");
		if (strcmp(state, "running"))
			return state;
		free(state);
		progress_show(progress, vhd_disk_number(disk, "merge_completed"));
		/* it answers when it has stopped */
		if (stopped)
			vhd_disk_set(disk, "merge", "0");
		else
			usleep(50000);
	}
}

/* The kernel has the image. It merges it while the disk goes on. */
static int merge_online(const struct args *args, const char *disk)
{
	const char *child = args->operand[0];
	char *parent = vhd_disk_line(disk, "chain", 1), *device = vhd_disk_get(disk, "device");
	char *state = NULL;
	bool keep = args->value[KEEP];
	struct json j = { .file = stdout };
	struct progress progress;
	int ret = EXIT_FAILED, error;

	if (args->value[INTO])
		warnx("/dev/%s is in use: %s can be merged only into its parent: leave --into out",
		      device, child);
	else if (!*parent)
		warnx("%s has no parent to be merged into", child);
	else
		ret = vhd_childless(parent, child);
	if (!ret) {
		catch_signals();
		error = vhd_disk_set(disk, "merge", "1");
		if (error) {
			warnx("%s: %s: %s", child, strerror(error), advice(error));
			ret = EXIT_FAILED;
		}
	}
	if (!ret) {
		progress_start(&progress, "merging", vhd_disk_number(disk, "size"));
		state = wait_for_merge(disk, &progress);
		progress_end(&progress);
		if (!strcmp(state, "stopped"))
			warnx("interrupted; %s is as it was, and the same command begins again",
			      child);
		else if (strcmp(state, "done"))
			warnx("%s was not merged, and is as it was; 'dmesg | grep vhd' says why",
			      child);
		ret = strcmp(state, "done") ? EXIT_FAILED : 0;
	}
	if (!ret && !keep && unlink(child)) {
		warn("%s was merged, and cannot be removed", child);
		ret = EXIT_FAILED;
	}
	if (!ret && args->json) {
		json_open(&j, NULL, '{');
		json_string(&j, "file", child);
		json_string(&j, "into", parent);
		json_string(&j, "device", device);
		json_bool(&j, "removed", !keep);
		json_close(&j, '}');
	} else if (!ret) {
		printf("%s: merged into %s, which /dev/%s writes to from now on%s\n", child, parent,
		       device, keep ? "; it is of no use any more" : ", and removed");
	}
	free(state);
	free(device);
	free(parent);
	return ret;
}

/**
 * vhd_merge_run - vmbctl vhd merge
 * @args: what was given
 *
 * Return: an exit code.
 */
int vhd_merge_run(const struct args *args)
{
	char *disk = vhd_disk_written(args->operand[0]);
	struct json j = { .file = stdout };
	bool keep = args->value[KEEP];
	struct vhd_images *images;
	u64 copied = 0;
	u32 target;
	int ret;

	if (disk) {
		ret = merge_online(args, disk);
		free(disk);
		return ret;
	}
	images = vhd_images_open(args->operand[0], true);
	if (!images)
		return EXIT_FAILED;
	target = find_target(images, args->value[INTO]);
	if (!target) {
		warnx("%s is none of the images below %s", args->value[INTO] ?: "nothing",
		      args->operand[0]);
		vhd_images_close(images);
		return EXIT_FAILED;
	}
	ret = merge(images, target, keep, &copied);
	if (!ret && args->json) {
		json_open(&j, NULL, '{');
		json_string(&j, "file", images->path[0]);
		json_string(&j, "into", images->path[target]);
		json_u64(&j, "copied", copied);
		json_bool(&j, "removed", !keep);
		json_close(&j, '}');
	} else if (!ret) {
		printf("%s: merged into %s%s\n", images->path[0], images->path[target],
		       keep ? "" : ", and removed");
	}
	vhd_images_close(images);
	return ret;
}
