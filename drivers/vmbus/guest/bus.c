// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bus: from its creation by a platform to its end.
 */
#define pr_fmt(fmt) "vmb_guest: " fmt

#include <linux/cpu.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/slab.h>

#include "guest.h"

static void vmb_guest_bus_free(struct vmb_guest_bus *bus)
{
	int i;

	if (bus->msg_wq)
		destroy_workqueue(bus->msg_wq);
	if (bus->tell_wq)
		destroy_workqueue(bus->tell_wq);
	if (bus->chan_wq)
		destroy_workqueue(bus->chan_wq);
	vmb_guest_cpu_free(bus);
	for (i = 0; i < ARRAY_SIZE(bus->monitor); i++)
		free_page((unsigned long)bus->monitor[i]);
	free_page((unsigned long)bus->int_page);
	xa_destroy(&bus->chans);
	mutex_destroy(&bus->lock);
	/* channels are freed after a grace period, by our code */
	rcu_barrier();
	kfree(bus);
}

/**
 * vmb_guest_bus_create - make a bus that is not connected yet
 * @pf: the platform; outlives the bus
 *
 * Enables the SynIC of all CPUs.
 *
 * Context: may sleep.
 * Return: it or an ERR_PTR() with -ENOMEM, or what the platform says.
 */
struct vmb_guest_bus *vmb_guest_bus_create(struct vmb_guest_platform *pf)
{
	struct vmb_guest_bus *bus;
	int i, ret = -ENOMEM;

	bus = kzalloc(sizeof(*bus), GFP_KERNEL);
	if (!bus)
		return ERR_PTR(-ENOMEM);
	bus->pf = pf;
	mutex_init(&bus->lock);
	xa_init_flags(&bus->chans, XA_FLAGS_LOCK_IRQ);
	spin_lock_init(&bus->dev_lock);
	INIT_LIST_HEAD(&bus->devices);
	init_waitqueue_head(&bus->left);
	spin_lock_init(&bus->msg_lock);
	INIT_LIST_HEAD(&bus->waits);
	INIT_WORK(&bus->msg_work, vmb_guest_message_work);
	INIT_WORK(&bus->wake_work, vmb_guest_offer_wake_work);
	init_completion(&bus->offers_done);

	if (vmb_guest_cpu_alloc(bus))
		goto free;
	bus->int_page = (void *)get_zeroed_page(GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(bus->monitor); i++)
		bus->monitor[i] = (void *)get_zeroed_page(GFP_KERNEL);
	if (!bus->int_page || !bus->monitor[0] || !bus->monitor[1])
		goto free;
	/*
	 * The work of messages has to run on one CPU. To get memory, I/O may have
	 * to end; drivers come and go without such a promise, as they wait for
	 * much else in the kernel.
	 */
	bus->msg_wq = alloc_workqueue("vmb_guest_msg", WQ_MEM_RECLAIM, 1);
	bus->tell_wq = alloc_workqueue("vmb_guest_tell", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	bus->chan_wq = alloc_workqueue("vmb_guest_chan", WQ_UNBOUND, 0);
	if (!bus->msg_wq || !bus->tell_wq || !bus->chan_wq)
		goto free;

	ret = vmb_guest_cpu_start(bus);
	if (ret)
		goto free;
	vmb_guest_debugfs_add(bus);
	return bus;

free:
	vmb_guest_bus_free(bus);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(vmb_guest_bus_create);

/**
 * vmb_guest_bus_connect - negotiate a version and find out what there is
 * @bus: the bus, not connected
 *
 * Context: may sleep. On return the drivers that are there have been given the
 * devices, or soon will.
 * Return: 0; -ECONNREFUSED when the host serves no version of ours; -ETIMEDOUT;
 * -EIO; -EISCONN.
 */
int vmb_guest_bus_connect(struct vmb_guest_bus *bus)
{
	int ret;

	/* the CPU that takes messages must not go before it is known as such */
	cpus_read_lock();
	mutex_lock(&bus->lock);
	ret = -EISCONN;
	if (bus->state == VMB_GUEST_DISCONNECTED) {
		bus->msg_cpu = cpumask_first(bus->cpus);
		WRITE_ONCE(bus->ignore, false);
		ret = bus->msg_cpu < nr_cpu_ids ? vmb_guest_conn_negotiate(bus) : -ENODEV;
	}
	mutex_unlock(&bus->lock);
	cpus_read_unlock();
	if (ret)
		return ret;

	ret = vmb_guest_conn_request_offers(bus);
	flush_workqueue(bus->msg_wq);
	vmb_guest_chan_flush(bus);
	return ret == -ETIMEDOUT ? 0 : ret;
}
EXPORT_SYMBOL_GPL(vmb_guest_bus_connect);

/**
 * vmb_guest_bus_unload - end the connection; the devices stay as they are
 * @bus: the bus
 *
 * For a machine that goes down: the drivers have been shut down, and no channel
 * is served any more.
 *
 * Context: may sleep.
 */
void vmb_guest_bus_unload(struct vmb_guest_bus *bus)
{
	WRITE_ONCE(bus->ignore, true);
	mutex_lock(&bus->lock);
	vmb_guest_conn_unload(bus);
	mutex_unlock(&bus->lock);
}
EXPORT_SYMBOL_GPL(vmb_guest_bus_unload);

/**
 * vmb_guest_bus_synic_off - disable the SynIC of all CPUs
 * @bus: the bus, not connected
 *
 * Context: may sleep.
 */
void vmb_guest_bus_synic_off(struct vmb_guest_bus *bus)
{
	vmb_guest_cpu_stop(bus);
}
EXPORT_SYMBOL_GPL(vmb_guest_bus_synic_off);

/**
 * vmb_guest_bus_synic_on - undo vmb_guest_bus_synic_off()
 * @bus: the bus
 *
 * Context: may sleep.
 * Return: 0 or what the platform says.
 */
int vmb_guest_bus_synic_on(struct vmb_guest_bus *bus)
{
	return vmb_guest_cpu_start(bus);
}
EXPORT_SYMBOL_GPL(vmb_guest_bus_synic_on);

/**
 * vmb_guest_bus_suspend - end the connection for a while
 * @bus: the bus; the drivers of its devices have been suspended
 *
 * Sub-channels go, devices stay. The SynIC stays enabled.
 *
 * Context: may sleep.
 * Return: 0.
 */
int vmb_guest_bus_suspend(struct vmb_guest_bus *bus)
{
	WRITE_ONCE(bus->ignore, true);
	flush_workqueue(bus->msg_wq);
	vmb_guest_chan_flush(bus);
	vmb_guest_offer_sleep(bus);
	mutex_lock(&bus->lock);
	vmb_guest_conn_unload(bus);
	mutex_unlock(&bus->lock);
	return 0;
}
EXPORT_SYMBOL_GPL(vmb_guest_bus_suspend);

/**
 * vmb_guest_bus_resume - connect again after vmb_guest_bus_suspend()
 * @bus: the bus
 *
 * A device that the host offers again, which is told by its instance id, is the
 * same device. One that has not come back is taken away, new ones are added.
 *
 * Context: may sleep.
 * Return: as vmb_guest_bus_connect().
 */
int vmb_guest_bus_resume(struct vmb_guest_bus *bus)
{
	int ret;

	ret = vmb_guest_bus_connect(bus);
	vmb_guest_offer_wake(bus);
	return ret;
}
EXPORT_SYMBOL_GPL(vmb_guest_bus_resume);

/**
 * vmb_guest_bus_destroy - end a bus
 * @bus: the bus, connected or not; gone afterwards
 *
 * Drivers are told to remove their devices while the host still answers.
 *
 * Context: may sleep.
 */
void vmb_guest_bus_destroy(struct vmb_guest_bus *bus)
{
	vmb_guest_debugfs_remove(bus);
	WRITE_ONCE(bus->ignore, true);
	flush_workqueue(bus->msg_wq);
	cancel_work_sync(&bus->wake_work);
	vmb_guest_offer_purge(bus);
	mutex_lock(&bus->lock);
	vmb_guest_conn_unload(bus);
	mutex_unlock(&bus->lock);
	vmb_guest_cpu_stop(bus);
	cancel_work_sync(&bus->msg_work);
	vmb_guest_bus_free(bus);
}
EXPORT_SYMBOL_GPL(vmb_guest_bus_destroy);

/**
 * vmb_guest_bus_version - the negotiated version
 * @bus: the bus
 *
 * Return: VMB_VERSION(), 0 when not connected.
 */
u32 vmb_guest_bus_version(const struct vmb_guest_bus *bus)
{
	return vmb_guest_bus_connected(bus) ? bus->version : 0;
}
EXPORT_SYMBOL_GPL(vmb_guest_bus_version);
