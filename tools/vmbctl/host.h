/* SPDX-License-Identifier: GPL-2.0-only */
/* What a host's vmb is at, as configfs and debugfs say. */
#ifndef VMBCTL_HOST_H
#define VMBCTL_HOST_H

#include <stdbool.h>
#include <stdint.h>

/* more buckets than there are now */
#define HOST_MAX_BUCKETS	64

/**
 * struct host_lun - a disk
 * @number: of the logical unit
 * @path: of its block device; empty if none is set
 * @state: as configfs has it
 * @enabled: the guest sees it
 * @size: in bytes, 0 while disabled
 * @block_size: in bytes, 0 while disabled
 * @counted: the counters below are known
 */
struct host_lun {
	unsigned int number;
	char *path;
	char *state;
	bool enabled;
	uint64_t size;
	uint64_t block_size;
	bool counted;
	uint64_t commands;
	uint64_t reads;
	uint64_t read_bytes;
	uint64_t writes;
	uint64_t write_bytes;
	uint64_t flushes;
	uint64_t errors;
};

/**
 * struct host_device - a device of a partition
 * @name: of its directory
 * @state: as configfs has it
 * @enabled: offered to the guest
 * @instance: its id, or NULL
 * @lun: its disks by number
 * @nr_luns: how many
 */
struct host_device {
	char *name;
	char *state;
	bool enabled;
	char *instance;
	struct host_lun *lun;
	int nr_luns;
};

/**
 * struct host_channel - a channel that a guest was offered
 * @relid: its number
 * @index: 0 for its device's primary one
 * @device: name of the device, or NULL if that is gone
 * @state: offered, open or rescinded
 * @vp: takes its interrupts, or -1
 * @place: vcpu or worker
 * @broken: the guest broke a ring
 * @stored: the counters from @in_flight on are known
 * @latency: histogram, by powers of two of ns
 * @nr_buckets: in use
 */
struct host_channel {
	uint64_t relid;
	uint64_t index;
	char *device;
	char *state;
	int vp;
	char *place;
	bool broken;
	uint64_t kicks;
	uint64_t polls_vcpu;
	uint64_t polls_worker;
	uint64_t packets;
	uint64_t completions;
	uint64_t interrupts;
	uint64_t ring_full;
	uint64_t naps;
	bool stored;
	uint64_t in_flight;
	uint64_t bytes;
	uint64_t latency_ns;
	uint64_t latency[HOST_MAX_BUCKETS];
	int nr_buckets;
};

/**
 * struct host_partition - a partition
 * @name: of its directory
 * @state: free, bound or connected
 * @version: of VMBus, or NULL
 * @max_version: that it may use
 * @uid: who may use it
 * @gid: likewise
 * @device: by name
 * @nr_devices: how many
 * @counted: debugfs could be read: channels and all counters are known
 * @channel: by relid
 * @nr_channels: how many
 */
struct host_partition {
	char *name;
	char *state;
	char *version;
	char *max_version;
	uint64_t uid;
	uint64_t gid;
	struct host_device *device;
	int nr_devices;
	bool counted;
	struct host_channel *channel;
	int nr_channels;
};

/**
 * struct host - all of it
 * @partition: by name
 * @nr: how many
 * @uncounted: why there are no counters: an errno, or 0
 */
struct host {
	struct host_partition *partition;
	int nr;
	int uncounted;
};

char *host_config_dir(void);
char *host_net_dir(void);
int host_read(struct host *host, const char *only);
void host_free(struct host *host);
void host_each_name(void (*each)(const char *name, const char *arg), const char *arg);
void host_each_device(const char *partition, const char *begin,
		      void (*each)(const char *name, const char *arg), const char *arg);
void host_warn_uncounted(const struct host *host);
int host_measure_latency(void);

#endif /* VMBCTL_HOST_H */
