// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connection ids: how the guest signals a channel.
 *
 * The hypervisor turns HvSignalEvent on a connection id into an eventfd. Which
 * ids need one is our decision; making the eventfd is the VMM's part. It learns
 * of it by records, which are the difference between what we want and what it
 * was told. A guest that signals before the eventfd is there falls back to
 * VMB_HCALL, so nothing is lost.
 */
#define pr_fmt(fmt) "vmb_host: " fmt

#include <kunit/visibility.h>
#include <linux/slab.h>

#include "host.h"

/**
 * vmb_signal_connection_id - the connection id of a channel
 * @relid: the channel, or 0 for the shared event connection
 *
 * Return: the connection id.
 */
u32 vmb_signal_connection_id(u32 relid)
{
	return relid ? VMB_CONN_ID_BASE + relid : VMB_CONN_EVENT;
}
EXPORT_SYMBOL_IF_KUNIT(vmb_signal_connection_id);

static int vmb_signal_relid(u32 connection_id)
{
	if (connection_id == VMB_CONN_EVENT)
		return 0;
	if (connection_id <= VMB_CONN_ID_BASE ||
	    connection_id - VMB_CONN_ID_BASE >= VMB_MAX_RELIDS)
		return -ENOENT;
	return connection_id - VMB_CONN_ID_BASE;
}

/**
 * vmb_signal_want - say whether a channel needs an eventfd
 * @bus: the bus
 * @relid: the channel, or 0 for the shared event connection
 * @want: it does
 *
 * Context: any but hard interrupts.
 */
void vmb_signal_want(struct vmb_bus *bus, u32 relid, bool want)
{
	bool differs;

	spin_lock(&bus->sig_lock);
	__assign_bit(relid, bus->sig_want, want);
	differs = want != test_bit(relid, bus->sig_told);
	spin_unlock(&bus->sig_lock);
	if (differs)
		wake_up_interruptible_poll(&bus->record_wait, EPOLLIN);
}
EXPORT_SYMBOL_IF_KUNIT(vmb_signal_want);

/**
 * vmb_signal_has_record - is there something to tell the VMM?
 * @bus: the bus
 *
 * Context: any but hard interrupts.
 */
bool vmb_signal_has_record(struct vmb_bus *bus)
{
	bool equal;

	spin_lock(&bus->sig_lock);
	equal = bitmap_equal(bus->sig_want, bus->sig_told, VMB_MAX_RELIDS);
	spin_unlock(&bus->sig_lock);
	return !equal;
}
EXPORT_SYMBOL_IF_KUNIT(vmb_signal_has_record);

/**
 * vmb_signal_next_record - take the next record
 * @bus: the bus
 * @rec: filled
 *
 * Context: any but hard interrupts.
 * Return: false when there is none.
 */
bool vmb_signal_next_record(struct vmb_bus *bus, struct vmb_record *rec)
{
	bool found = false;
	u32 relid;

	spin_lock(&bus->sig_lock);
	for (relid = 0; relid < VMB_MAX_RELIDS; relid++) {
		bool want = test_bit(relid, bus->sig_want);

		if (want == test_bit(relid, bus->sig_told))
			continue;
		__assign_bit(relid, bus->sig_told, want);
		rec->type = want ? VMB_RECORD_ASSIGN : VMB_RECORD_DROP;
		rec->connection_id = vmb_signal_connection_id(relid);
		found = true;
		break;
	}
	spin_unlock(&bus->sig_lock);
	return found;
}
EXPORT_SYMBOL_IF_KUNIT(vmb_signal_next_record);

/**
 * vmb_signal_return_record - a record could not be handed over: keep it
 * @bus: the bus
 * @rec: from vmb_signal_next_record()
 *
 * Context: any but hard interrupts.
 */
void vmb_signal_return_record(struct vmb_bus *bus, const struct vmb_record *rec)
{
	spin_lock(&bus->sig_lock);
	__assign_bit(vmb_signal_relid(rec->connection_id), bus->sig_told,
		     rec->type == VMB_RECORD_DROP);
	spin_unlock(&bus->sig_lock);
}
EXPORT_SYMBOL_IF_KUNIT(vmb_signal_return_record);

static void vmb_signal_kick_relid(struct vmb_bus *bus, u32 relid)
{
	struct vmb_chan *ch;

	rcu_read_lock();
	ch = xa_load(&bus->chans, relid);
	if (ch)
		vmb_chan_kick(ch);
	rcu_read_unlock();
}

/* Guests before version 2.4 set a bit in a page and signal one shared id. */
static void vmb_signal_kick_shared(struct vmb_bus *bus)
{
	struct vmb_evt_page *page;
	unsigned long *sent, bits;
	unsigned int i, bit;

	rcu_read_lock();
	page = rcu_dereference(bus->int_page);
	if (page) {
		/* the host sends by the first half, the guest by the second */
		sent = (void *)page->flags + VMB_PAGE_SIZE / 2;
		for (i = 0; i < BITS_TO_LONGS(VMB_MAX_RELIDS); i++) {
			if (!READ_ONCE(sent[i]))
				continue;
			bits = xchg(&sent[i], 0);
			for_each_set_bit(bit, &bits, BITS_PER_LONG)
				vmb_signal_kick_relid(bus, i * BITS_PER_LONG + bit);
		}
	}
	rcu_read_unlock();
}

static void vmb_signal_kick(struct vmb_bus *bus, u32 relid)
{
	if (relid)
		vmb_signal_kick_relid(bus, relid);
	else
		vmb_signal_kick_shared(bus);
}

/* called with the eventfd's lock held and interrupts off, by the vCPU's hypercall */
static int vmb_signal_woken(wait_queue_entry_t *wait, unsigned int mode,
			    int sync, void *key)
{
	struct vmb_signal *sig = container_of(wait, struct vmb_signal, wait);
	u64 cnt;

	if (!(key_to_poll(key) & EPOLLIN))
		return 0;
	eventfd_ctx_do_read(sig->ctx, &cnt);
	vmb_signal_kick(sig->bus, sig->relid);
	return 0;
}

/**
 * vmb_signal_raise - the guest signalled a connection id without an eventfd
 * @bus: the bus
 * @connection_id: as the guest gave it
 *
 * Context: any, hard interrupts included.
 * Return: 0 or -ENOENT.
 */
int vmb_signal_raise(struct vmb_bus *bus, u32 connection_id)
{
	int relid = vmb_signal_relid(connection_id);

	if (relid < 0 || !test_bit(relid, bus->sig_want))
		return -ENOENT;
	vmb_signal_kick(bus, relid);
	return 0;
}

static void vmb_signal_free(struct vmb_signal *sig)
{
	vmb_eventfd_unlisten(sig->ctx, &sig->wait);
	kfree(sig);
}

/**
 * vmb_signal_set_fd - take over or give back an eventfd
 * @bus: the bus
 * @connection_id: of a record
 * @fd: the eventfd, or -1
 *
 * Context: may sleep; partition's lock.
 * Return: 0 or a negative errno as VMB_SIGNAL_FD says.
 */
int vmb_signal_set_fd(struct vmb_bus *bus, u32 connection_id, int fd)
{
	int relid = vmb_signal_relid(connection_id);
	struct vmb_signal *sig;
	int ret;

	lockdep_assert_held(&bus->partition->lock);
	if (relid < 0)
		return relid;

	if (fd == -1) {
		sig = xa_erase(&bus->signals, relid);
		if (!sig)
			return -ENOENT;
		vmb_signal_free(sig);
		return 0;
	}

	if (!test_bit(relid, bus->sig_want))
		return -ENOENT;
	if (xa_load(&bus->signals, relid))
		return -EEXIST;
	sig = kzalloc(sizeof(*sig), GFP_KERNEL_ACCOUNT);
	if (!sig)
		return -ENOMEM;
	sig->bus = bus;
	sig->relid = relid;
	ret = xa_reserve(&bus->signals, relid, GFP_KERNEL_ACCOUNT);
	if (ret)
		goto free_sig;
	ret = vmb_eventfd_listen(fd, &sig->ctx, &sig->wait, vmb_signal_woken);
	if (ret)
		goto release;
	xa_store(&bus->signals, relid, sig, GFP_KERNEL_ACCOUNT);
	/* what the guest signalled before we listened */
	vmb_signal_kick(bus, relid);
	return 0;

release:
	xa_release(&bus->signals, relid);
free_sig:
	kfree(sig);
	return ret;
}

/**
 * vmb_signal_destroy - give back all eventfds
 * @bus: the bus
 *
 * Context: may sleep; partition's lock.
 */
void vmb_signal_destroy(struct vmb_bus *bus)
{
	struct vmb_signal *sig;
	unsigned long relid;

	xa_for_each(&bus->signals, relid, sig)
		vmb_signal_free(sig);
	xa_destroy(&bus->signals);
}
