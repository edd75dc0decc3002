// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logical units: queue depth and counters, which are in sysfs in the folder
 * storport of the SCSI device.
 */
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <kunit/visibility.h>

#include "port.h"

/**
 * storport_lun_alloc() - there may be a logical unit
 * @sdev: the mid-layer's
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int storport_lun_alloc(struct scsi_device *sdev)
{
	struct storport_port *port = shost_priv(sdev->host);
	struct storport_lun *lun;

	lun = kzalloc(sizeof(*lun), GFP_KERNEL);
	if (!lun)
		return -ENOMEM;
	lun->stats = alloc_percpu(struct storport_stats);
	if (!lun->stats) {
		kfree(lun);
		return -ENOMEM;
	}
	lun->sdev = sdev;
	sdev->sdev_bflags |= port->adapter.config.lun_flags;
	sdev->hostdata = lun;
	return 0;
}

/**
 * storport_lun_configure() - there is one
 * @sdev: the mid-layer's
 * @lim: limits of its queue
 *
 * Context: may sleep.
 * Return: 0, or what the miniport says.
 */
int storport_lun_configure(struct scsi_device *sdev, struct queue_limits *lim)
{
	struct storport_port *port = shost_priv(sdev->host);
	const struct storport_miniport *mp = port->adapter.miniport;

	return mp->configure_lun ? mp->configure_lun(&port->adapter, sdev, lim) : 0;
}

/**
 * storport_lun_free() - the opposite of storport_lun_alloc()
 * @sdev: the mid-layer's; no command of it is in flight
 */
void storport_lun_free(struct scsi_device *sdev)
{
	struct storport_lun *lun = storport_lun_of(sdev);
	unsigned long flags;

	if (!lun)
		return;
	/* whoever has not got a command of it looks at it under this lock */
	spin_lock_irqsave(sdev->host->host_lock, flags);
	sdev->hostdata = NULL;
	spin_unlock_irqrestore(sdev->host->host_lock, flags);
	free_percpu(lun->stats);
	kfree(lun);
}

/**
 * storport_lun_begin() - one more command in flight
 * @lun: the logical unit
 *
 * Context: any.
 */
void storport_lun_begin(struct storport_lun *lun)
{
	int now = atomic_inc_return(&lun->in_flight);
	int max = READ_ONCE(lun->max_in_flight);

	while (unlikely(now > max) &&
	       !try_cmpxchg(&lun->max_in_flight, &max, now))
		;
}

/**
 * storport_lun_end() - one less
 * @lun: the logical unit
 *
 * Context: any.
 */
void storport_lun_end(struct storport_lun *lun)
{
	atomic_dec(&lun->in_flight);
}

/**
 * storport_lun_sum() - add the counters of all CPUs
 * @lun: the logical unit
 * @sum: set
 *
 * Context: any.
 */
void storport_lun_sum(struct storport_lun *lun, struct storport_stats *sum)
{
	int cpu;

	*sum = (struct storport_stats){};
	for_each_possible_cpu(cpu) {
		const struct storport_stats *s = per_cpu_ptr(lun->stats, cpu);

		sum->requests += READ_ONCE(s->requests);
		sum->read_bytes += READ_ONCE(s->read_bytes);
		sum->write_bytes += READ_ONCE(s->write_bytes);
		sum->errors += READ_ONCE(s->errors);
		sum->busy += READ_ONCE(s->busy);
	}
}
EXPORT_SYMBOL_IF_KUNIT(storport_lun_sum);

static struct storport_stats stats_of(struct storport_lun *lun)
{
	struct storport_stats sum;

	storport_lun_sum(lun, &sum);
	return sum;
}

#define STORPORT_LUN_COUNT(_name, _value)					\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr,	\
			    char *buf)						\
{										\
	struct storport_lun *lun = storport_lun_of(to_scsi_device(dev));	\
										\
	return sysfs_emit(buf, "%llu\n", (u64)(_value));			\
}										\
static DEVICE_ATTR_RO(_name)

STORPORT_LUN_COUNT(requests, stats_of(lun).requests);
STORPORT_LUN_COUNT(read_bytes, stats_of(lun).read_bytes);
STORPORT_LUN_COUNT(write_bytes, stats_of(lun).write_bytes);
STORPORT_LUN_COUNT(errors, stats_of(lun).errors);
STORPORT_LUN_COUNT(busy, stats_of(lun).busy);
STORPORT_LUN_COUNT(timeouts, atomic64_read(&lun->timeouts));
STORPORT_LUN_COUNT(in_flight, atomic_read(&lun->in_flight));
STORPORT_LUN_COUNT(max_in_flight, READ_ONCE(lun->max_in_flight));

static struct attribute *lun_attrs[] = {
	&dev_attr_requests.attr,
	&dev_attr_read_bytes.attr,
	&dev_attr_write_bytes.attr,
	&dev_attr_errors.attr,
	&dev_attr_busy.attr,
	&dev_attr_timeouts.attr,
	&dev_attr_in_flight.attr,
	&dev_attr_max_in_flight.attr,
	NULL
};

static const struct attribute_group lun_group = {
	.name	= "storport",
	.attrs	= lun_attrs,
};

const struct attribute_group *storport_lun_groups[] = {
	&lun_group,
	NULL
};
