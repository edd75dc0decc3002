// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware queues, one for each channel of an adapter, and the slots of tags.
 */
#include <linux/blk-mq.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <kunit/visibility.h>

#include "port.h"

/* Of a map's queues, the nodes of the first CPUs. */
static void add_nodes(struct blk_mq_queue_map *map, unsigned int offset, unsigned int nr,
		      int *node)
{
	unsigned int cpu, queue;

	if (!nr)
		return;
	map->queue_offset = offset;
	map->nr_queues = nr;
	blk_mq_map_queues(map);
	for_each_possible_cpu(cpu) {
		queue = map->mq_map[cpu];
		if (node[queue] == NUMA_NO_NODE)
			node[queue] = cpu_to_node(cpu);
	}
}

/*
 * The nodes of the CPUs that will use the queues, where blk-mq puts the commands as well:
 * the same map that storport_queues_map() will make. NULL without memory.
 */
static int *queue_nodes(const struct storport_config *config)
{
	unsigned int nr = config->nr_queues + config->nr_poll_queues, i;
	struct blk_mq_queue_map map = {
		.mq_map = kcalloc(nr_cpu_ids, sizeof(*map.mq_map), GFP_KERNEL),
	};
	int *node = kmalloc_array(nr, sizeof(*node), GFP_KERNEL);

	if (!map.mq_map || !node) {
		kfree(map.mq_map);
		kfree(node);
		return NULL;
	}
	for (i = 0; i < nr; i++)
		node[i] = NUMA_NO_NODE;
	add_nodes(&map, 0, config->nr_queues, node);
	add_nodes(&map, config->nr_queues, config->nr_poll_queues, node);
	kfree(map.mq_map);
	return node;
}

/**
 * storport_queues_alloc() - memory for all queues
 * @port: the adapter, with its configuration
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int storport_queues_alloc(struct storport_port *port)
{
	const struct storport_config *config = &port->adapter.config;
	struct storport_queue *queues;
	unsigned int i = 0;
	int *node;

	port->nr_queues = config->nr_queues + config->nr_poll_queues;
	queues = kvcalloc(port->nr_queues, sizeof(*queues), GFP_KERNEL);
	node = queue_nodes(config);
	if (!queues || !node)
		goto free_slots;
	for (i = 0; i < port->nr_queues; i++) {
		queues[i].port = port;
		queues[i].index = i;
		queues[i].polled = i >= config->nr_queues;
		spin_lock_init(&queues[i].start_lock);
		queues[i].slots = kvcalloc_node(config->queue_depth,
						sizeof(*queues[i].slots), GFP_KERNEL,
						node[i]);
		if (!queues[i].slots)
			goto free_slots;
	}
	kfree(node);
	/* pairs with storport_slot_of(): outcomes may come in already */
	smp_store_release(&port->queues, queues);
	return 0;

free_slots:
	while (i--)
		kvfree(queues[i].slots);
	kvfree(queues);
	kfree(node);
	return -ENOMEM;
}

/**
 * storport_queues_free() - the opposite
 * @port: the adapter; nothing is in flight and nothing is handed in any more
 */
void storport_queues_free(struct storport_port *port)
{
	unsigned int i;

	if (!port->queues)
		return;
	for (i = 0; i < port->nr_queues; i++)
		kvfree(port->queues[i].slots);
	kvfree(port->queues);
	WRITE_ONCE(port->queues, NULL);
}

/**
 * storport_queues_map() - which CPU uses which queue
 * @host: the mid-layer's host
 *
 * Each kind of queue is spread over all CPUs.
 */
void storport_queues_map(struct Scsi_Host *host)
{
	struct storport_port *port = shost_priv(host);
	unsigned int i, offset = 0;

	for (i = 0; i < host->tag_set.nr_maps; i++) {
		struct blk_mq_queue_map *map = &host->tag_set.map[i];

		switch (i) {
		case HCTX_TYPE_DEFAULT:
			map->nr_queues = port->adapter.config.nr_queues;
			break;
		case HCTX_TYPE_POLL:
			map->nr_queues = port->adapter.config.nr_poll_queues;
			break;
		default:
			map->nr_queues = 0;
			continue;
		}
		map->queue_offset = offset;
		offset += map->nr_queues;
		if (map->nr_queues)
			blk_mq_map_queues(map);
	}
}

/**
 * storport_slot_of() - the slot that an id belongs to
 * @port: the adapter
 * @id: any value
 *
 * Context: any.
 * Return: the slot, or NULL if no command of this adapter can have the id.
 */
struct storport_slot *storport_slot_of(struct storport_port *port, u64 id)
{
	u32 unique = lower_32_bits(id) - 1;
	u32 hwq = blk_mq_unique_tag_to_hwq(unique);
	u32 tag = blk_mq_unique_tag_to_tag(unique);
	/* pairs with storport_queues_alloc(): find_adapter may be still at it */
	struct storport_queue *queues = smp_load_acquire(&port->queues);

	if (!lower_32_bits(id) || id & STORPORT_ID_ORPHAN || !queues ||
	    hwq >= port->nr_queues || tag >= port->adapter.config.queue_depth)
		return NULL;
	return &queues[array_index_nospec(hwq, port->nr_queues)]
		.slots[array_index_nospec(tag, port->adapter.config.queue_depth)];
}
EXPORT_SYMBOL_IF_KUNIT(storport_slot_of);

/**
 * storport_queues_barrier() - wait for those who start a command, or poll
 * @port: the adapter
 *
 * After it whoever starts a command or polls has seen the flags that were set
 * before.
 *
 * Context: process.
 */
void storport_queues_barrier(struct storport_port *port)
{
	/* pairs with storport_queues_alloc(): find_adapter may be still at it */
	struct storport_queue *queues = smp_load_acquire(&port->queues);
	unsigned int i;

	for (i = 0; queues && i < port->nr_queues; i++) {
		spin_lock(&queues[i].start_lock);
		spin_unlock(&queues[i].start_lock);
	}
	/* and for who commits */
	synchronize_rcu();
}

/**
 * storport_queues_idle() - has the device given everything back?
 * @port: the adapter, with its queues
 *
 * Looks for outcomes on poll queues, whose users may not do it any more.
 *
 * Context: process.
 * Return: whether nothing is in flight.
 */
bool storport_queues_idle(struct storport_port *port)
{
	unsigned int q, tag;

	for (q = port->adapter.config.nr_queues; q < port->nr_queues; q++)
		storport_queue_poll(port->host, q);
	for (q = 0; q < port->nr_queues; q++)
		for (tag = 0; tag < port->adapter.config.queue_depth; tag++)
			if (atomic64_read(&port->queues[q].slots[tag].id))
				return false;
	return true;
}

/**
 * storport_queue_pending() - is the device to be told what was started?
 * @queue: the queue
 *
 * Context: the queue's start_lock, in an RCU read section that the caller leaves
 * after he has told it: those who stop a device wait for that.
 * Return: whether, once: it is for the caller to call the miniport's commit, when
 * he has given up the lock.
 */
bool storport_queue_pending(struct storport_queue *queue)
{
	struct storport_port *port = queue->port;

	lockdep_assert_held(&queue->start_lock);
	/* what is swept needs no telling, and the device may be gone */
	if (READ_ONCE(port->flags) & STORPORT_PORT_NO_DEVICE)
		queue->pending = 0;
	if (!queue->pending)
		return false;
	queue->batch_max = max(queue->batch_max, queue->pending);
	queue->pending = 0;
	queue->commits++;
	return port->adapter.miniport->commit;
}

/**
 * storport_queue_commit_rqs() - a batch ends earlier than announced
 * @host: the mid-layer's host
 * @hwq: the queue
 */
void storport_queue_commit_rqs(struct Scsi_Host *host, u16 hwq)
{
	struct storport_port *port = shost_priv(host);
	struct storport_queue *queue = &port->queues[hwq];
	bool tell;

	rcu_read_lock();
	spin_lock(&queue->start_lock);
	tell = storport_queue_pending(queue);
	spin_unlock(&queue->start_lock);
	if (tell)
		port->adapter.miniport->commit(&port->adapter, hwq);
	rcu_read_unlock();
}

/**
 * storport_queue_poll() - look for outcomes on a poll queue
 * @host: the mid-layer's host
 * @hwq: the queue
 *
 * Return: how many there were.
 */
int storport_queue_poll(struct Scsi_Host *host, unsigned int hwq)
{
	struct storport_port *port = shost_priv(host);
	struct storport_queue *queue = &port->queues[hwq];
	int found = 0;

	if (!queue->polled)
		return 0;
	/* stop and removal wait for a grace period after they set the flags */
	rcu_read_lock();
	if (!(READ_ONCE(port->flags) & STORPORT_PORT_NO_DEVICE)) {
		/* for people; a few may get lost */
		data_race(queue->polls++);
		found = port->adapter.miniport->poll(&port->adapter, hwq);
	}
	rcu_read_unlock();
	return found;
}

/**
 * storport_queue_run_work() - run all queues again
 * @work: storport_port.run_work
 */
void storport_queue_run_work(struct work_struct *work)
{
	struct storport_port *port =
		container_of(to_delayed_work(work), struct storport_port, run_work);
	struct scsi_device *sdev;

	if (!test_bit(STORPORT_PORT_RUNNING, &port->flags))
		return;
	atomic_set(&port->host->host_blocked, 0);
	shost_for_each_device(sdev, port->host) {
		atomic_set(&sdev->device_blocked, 0);
		blk_mq_run_hw_queues(sdev->request_queue, true);
	}
}

/**
 * storport_ready() - there is room for commands again
 * @adapter: the adapter
 *
 * To be called after start_io has returned %STORPORT_START_ADAPTER_BUSY or
 * %STORPORT_START_LUN_BUSY, when it would not any more. Commands that were turned
 * away are tried again at once; without the call, when a command ends or after a
 * few milliseconds.
 *
 * Context: any.
 */
void storport_ready(struct storport_adapter *adapter)
{
	struct storport_port *port = storport_port_of(adapter);

	if (test_bit(STORPORT_PORT_RUNNING, &port->flags) &&
	    !test_bit(STORPORT_PORT_REMOVING, &port->flags))
		mod_delayed_work(system_highpri_wq, &port->run_work, 0);
}
EXPORT_SYMBOL_GPL(storport_ready);

/**
 * storport_queue_cpu() - who uses a queue
 * @adapter: the adapter, after storport_adapter_add()
 * @queue: the queue
 *
 * Context: any.
 * Return: the first CPU whose commands go to the queue; -1 if there is none.
 */
int storport_queue_cpu(struct storport_adapter *adapter, unsigned int queue)
{
	struct blk_mq_tag_set *set = &adapter->host->tag_set;
	bool poll = queue >= adapter->config.nr_queues;
	struct blk_mq_queue_map *map =
		&set->map[poll ? HCTX_TYPE_POLL : HCTX_TYPE_DEFAULT];
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (map->mq_map && map->mq_map[cpu] == queue)
			return cpu;
	return -1;
}
EXPORT_SYMBOL_GPL(storport_queue_cpu);
