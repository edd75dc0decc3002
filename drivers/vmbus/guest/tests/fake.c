// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host that the suites play, and the driver that they try.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "fake.h"

static struct fake *fake_of(struct vmb_guest_platform *pf)
{
	return container_of(pf, struct fake, pf);
}

/* The interrupt of this CPU. Interrupts are off. */
static void fake_irq(void *info)
{
	struct fake *f = info;
	struct fake_vp *vp = &f->vps[smp_processor_id()];

	vp->in_irq = true;
	do {
		vp->raised = false;
		vmb_guest_bus_interrupt(f->bus);
		/* the work that takes the queue waits for this CPU */
		if (READ_ONCE(f->bus->stalled))
			WRITE_ONCE(f->stalled, true);
	} while (vp->raised);
	vp->in_irq = false;
}

/* The same from a thread of this CPU's; bottom halves have run when it returns. */
static long fake_irq_thread(void *info)
{
	local_bh_disable();
	local_irq_disable();
	fake_irq(info);
	local_irq_enable();
	local_bh_enable();
	return 0;
}

/*
 * Raise the interrupt of a CPU. It has been taken when this returns, and bottom
 * halves have run, unless they are off here.
 */
static void fake_interrupt(struct fake *f, unsigned int cpu)
{
	if (softirq_count())
		smp_call_function_single(cpu, fake_irq, f, true);
	else
		work_on_cpu(cpu, fake_irq_thread, f);
}

/* EOM was written elsewhere than in an interrupt. On that CPU. */
static void fake_irq_work(struct work_struct *work)
{
	fake_irq_thread(container_of(work, struct fake, irq_work));
}

struct vmb_guest_synic *fake_synic(struct fake *f, unsigned int cpu)
{
	return &f->vps[cpu].synic;
}

/* The CPU of a channel; a test may have moved it to one that this machine has not. */
static unsigned int fake_cpu_of(struct fake *f, u32 relid)
{
	struct fake_chan *ch = fake_chan(f, relid);
	unsigned int cpu = ch ? ch->vp - FAKE_VP(0) : f->msg_cpu;

	return cpu < nr_cpu_ids && cpu_online(cpu) ? cpu : f->msg_cpu;
}

/* Write the next message if the slot is free; else ask for EOM. */
static bool fake_stage(struct fake *f)
{
	struct vmb_hv_message *slot = fake_synic(f, f->msg_cpu)->msg + VMB_SINT;
	struct fake_msg *m;
	unsigned long flags;
	bool staged = false;

	spin_lock_irqsave(&f->lock, flags);
	m = list_first_entry_or_null(&f->out, struct fake_msg, list);
	if (!m || f->hold)
		goto unlock;
	if (slot->message_type) {
		slot->flags |= VMB_MSG_FLAG_PENDING;
		/* the guest frees the slot, then looks at the flag; it may just be at it */
		smp_mb();
		if (READ_ONCE(slot->message_type))
			goto unlock;
	}
	list_del(&m->list);
	memcpy(slot->payload, m->payload, sizeof(m->payload));
	slot->payload_size = m->len;
	slot->flags = list_empty(&f->out) ? 0 : VMB_MSG_FLAG_PENDING;
	/* last: the guest may look while another interrupt is on its way */
	smp_store_release(&slot->message_type, cpu_to_le32(VMB_MSG_TYPE_CHANNEL));
	kfree(m);
	staged = true;
unlock:
	spin_unlock_irqrestore(&f->lock, flags);
	return staged;
}

static void fake_pump(struct fake *f)
{
	while (fake_stage(f))
		fake_interrupt(f, f->msg_cpu);
}

void fake_send(struct fake *f, const void *msg, u32 len)
{
	struct fake_msg *m = kzalloc(sizeof(*m), GFP_ATOMIC);
	unsigned long flags;

	m->len = len;
	memcpy(m->payload, msg, len);
	spin_lock_irqsave(&f->lock, flags);
	list_add_tail(&m->list, &f->out);
	spin_unlock_irqrestore(&f->lock, flags);
	fake_pump(f);
}

/* A message as no host would write it. */
void fake_send_raw(struct fake *f, u32 type, const void *msg, u32 size_field)
{
	struct vmb_hv_message *slot = fake_synic(f, f->msg_cpu)->msg + VMB_SINT;

	memset(slot, 0, sizeof(*slot));
	if (msg)
		memcpy(slot->payload, msg, sizeof(slot->payload));
	slot->payload_size = size_field;
	slot->message_type = cpu_to_le32(type);
	fake_interrupt(f, f->msg_cpu);
	KUNIT_EXPECT_EQ(f->test, slot->message_type, 0);
}

struct vmb_msg_offer fake_offer_of(u32 relid, u8 device, u16 index)
{
	struct vmb_msg_offer m = {
		.hdr.type = cpu_to_le32(VMB_MSG_OFFER),
		.class_id = TEST_CLASS,
		.flags = cpu_to_le16(VMB_OFFER_ENUMERATE_DEVICE_INTERFACE),
		.sub_channel_index = cpu_to_le16(index),
		.relid = cpu_to_le32(relid),
		.dedicated_interrupt = cpu_to_le16(1),
		.connection_id = cpu_to_le32(FAKE_CONN(relid)),
	};

	m.instance_id.b[0] = device;
	m.instance_id.b[15] = 0xaa;
	m.user[3] = device;
	return m;
}

void fake_offer(struct fake *f, u32 relid, u8 device, u16 index)
{
	struct vmb_msg_offer m = fake_offer_of(relid, device, index);

	fake_send(f, &m, sizeof(m));
}

static void fake_chan_close(struct fake *f, u32 relid)
{
	struct fake_chan *ch = f->chan[relid];

	if (!ch || !ch->open)
		return;
	ch->open = false;
	vunmap(ch->in_map);
	vunmap(ch->out_map);
	kvfree(ch->pages);
}

void fake_rescind(struct fake *f, u32 relid)
{
	struct vmb_msg_relid m = {
		.hdr.type = cpu_to_le32(VMB_MSG_RESCIND),
		.relid = cpu_to_le32(relid),
	};

	if (relid < FAKE_RELIDS)
		fake_chan_close(f, relid);
	fake_send(f, &m, sizeof(m));
}

void fake_signal(struct fake *f, u32 relid)
{
	unsigned int cpu = fake_cpu_of(f, relid);

	set_bit(relid, fake_synic(f, cpu)->evt + VMB_SINT * BITS_TO_LONGS(VMB_EVENT_FLAGS));
	fake_interrupt(f, cpu);
}

struct vmb_gpadl *fake_gpadl(struct fake *f, u32 handle)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(f->gpadl); i++)
		if (f->gpadl[i].buf && f->gpadl[i].handle == handle)
			return &f->gpadl[i];
	return NULL;
}

struct fake_chan *fake_chan(struct fake *f, u32 relid)
{
	return f->chan[relid] && f->chan[relid]->open ? f->chan[relid] : NULL;
}

static bool fake_chan_open(struct fake *f, const struct vmb_msg_open *m)
{
	struct vmb_gpadl *gpadl = fake_gpadl(f, le32_to_cpu(m->ring_gpadl));
	u32 relid = le32_to_cpu(m->relid), down = le32_to_cpu(m->downstream_page);
	struct vmb_gpa_range range;
	struct fake_chan *ch;
	u32 pos = 0, i, nr;

	if (relid >= FAKE_RELIDS || !gpadl || gpadl->relid != relid)
		return false;
	if (!f->chan[relid])
		f->chan[relid] = kvzalloc(sizeof(*ch), GFP_KERNEL);
	ch = f->chan[relid];
	nr = gpadl->nr_pages;
	if (ch->open || down < 2 || down > nr - 2 ||
	    vmb_gpadl_range(gpadl, &pos, &range))
		return false;
	ch->pages = kvmalloc_array(nr, sizeof(*ch->pages), GFP_KERNEL);
	for (i = 0; i < nr; i++)
		ch->pages[i] = pfn_to_page(le64_to_cpu(range.pfns[i]));
	ch->in_map = vmb_ring_map(ch->pages, down);
	ch->out_map = vmb_ring_map(ch->pages + down, nr - down);
	ch->gpadl = gpadl->handle;
	ch->vp = le32_to_cpu(m->target_vp);
	ch->signals = 0;
	memcpy(ch->user, m->user, sizeof(ch->user));
	ch->open = true;
	return !vmb_ring_init_consumer(&ch->in, ch->in_map, ch->in_map + VMB_PAGE_SIZE,
				       (down - 1) * VMB_PAGE_SIZE) &&
	       !vmb_ring_init_producer(&ch->out, ch->out_map, ch->out_map + VMB_PAGE_SIZE,
				       (nr - down - 1) * VMB_PAGE_SIZE);
}

static u32 fake_status(struct fake *f, u32 type)
{
	return f->fail_type == type ? f->fail_status : 0;
}

static void fake_answer_relid(struct fake *f, u32 type, u32 relid, u32 id, u32 status)
{
	/* OPEN_RESULT and GPADL_CREATED look the same */
	struct vmb_msg_open_result m = {
		.hdr.type = cpu_to_le32(type),
		.relid = cpu_to_le32(relid),
		.open_id = cpu_to_le32(id),
		.status = cpu_to_le32(status),
	};

	fake_send(f, &m, sizeof(m));
}

static void fake_contact(struct fake *f, const struct vmb_msg_initiate_contact *m)
{
	struct vmb_msg_version_response r = {
		.hdr.type = cpu_to_le32(VMB_MSG_VERSION_RESPONSE),
		.supported = le32_to_cpu(m->version) <= f->max_version,
		.msg_conn_id = cpu_to_le32(f->msg_conn),
	};
	u32 cpu;

	f->last_version = le32_to_cpu(m->version);
	cpu = le32_to_cpu(m->target_vp) - FAKE_VP(0);
	KUNIT_EXPECT_LT(f->test, cpu, nr_cpu_ids);
	if (cpu < nr_cpu_ids)
		f->msg_cpu = cpu;
	fake_send(f, &r, sizeof(r));
}

static void fake_handle(struct fake *f, u32 type, const void *msg, u32 len)
{
	const struct vmb_msg_gpadl_teardown *teardown = msg;
	const struct vmb_msg_modify_channel *modify = msg;
	const struct vmb_msg_gpadl_header *header = msg;
	const struct vmb_msg_gpadl_body *body = msg;
	const struct vmb_msg_relid *relid = msg;
	const struct vmb_msg_open *open = msg;
	struct vmb_msg_header hdr = {};
	struct vmb_gpadl *gpadl;
	bool ok;
	int ret;

	switch (type) {
	case VMB_MSG_INITIATE_CONTACT:
		fake_contact(f, msg);
		break;
	case VMB_MSG_REQUEST_OFFERS:
		if (f->offers)
			f->offers(f);
		hdr.type = cpu_to_le32(VMB_MSG_ALL_OFFERS_DELIVERED);
		fake_send(f, &hdr, sizeof(hdr));
		break;
	case VMB_MSG_GPADL_HEADER:
		for (gpadl = f->gpadl; gpadl->buf; gpadl++)
			KUNIT_ASSERT_LT(f->test, gpadl - f->gpadl, ARRAY_SIZE(f->gpadl) - 1);
		ret = vmb_gpadl_begin(gpadl, header, len);
		KUNIT_EXPECT_GE(f->test, ret, 0);
		if (ret == 1)
			fake_answer_relid(f, VMB_MSG_GPADL_CREATED, gpadl->relid,
					  gpadl->handle, fake_status(f, type));
		break;
	case VMB_MSG_GPADL_BODY:
		gpadl = fake_gpadl(f, le32_to_cpu(body->gpadl));
		KUNIT_ASSERT_NOT_NULL(f->test, gpadl);
		ret = vmb_gpadl_add(gpadl, body, len);
		KUNIT_EXPECT_GE(f->test, ret, 0);
		if (ret == 1)
			fake_answer_relid(f, VMB_MSG_GPADL_CREATED, gpadl->relid,
					  gpadl->handle, fake_status(f, VMB_MSG_GPADL_HEADER));
		break;
	case VMB_MSG_GPADL_TEARDOWN:
		gpadl = fake_gpadl(f, le32_to_cpu(teardown->gpadl));
		KUNIT_EXPECT_NOT_NULL(f->test, gpadl);
		if (gpadl) {
			struct vmb_msg_gpadl_torndown r = {
				.hdr.type = cpu_to_le32(VMB_MSG_GPADL_TORNDOWN),
				.gpadl = teardown->gpadl,
			};

			KUNIT_EXPECT_EQ(f->test, gpadl->relid, le32_to_cpu(teardown->relid));
			/* not while its rings are used */
			KUNIT_EXPECT_TRUE(f->test, !fake_chan(f, gpadl->relid) ||
					  fake_chan(f, gpadl->relid)->gpadl != gpadl->handle);
			vmb_gpadl_free(gpadl);
			fake_send(f, &r, sizeof(r));
		}
		break;
	case VMB_MSG_OPEN:
		if (f->open_rescinds == le32_to_cpu(open->relid)) {
			fake_rescind(f, f->open_rescinds);
			break;
		}
		ok = !fake_status(f, type) && fake_chan_open(f, open);
		fake_answer_relid(f, VMB_MSG_OPEN_RESULT, le32_to_cpu(open->relid),
				  le32_to_cpu(open->open_id),
				  ok ? 0 : VMB_STATUS_UNSUCCESSFUL);
		break;
	case VMB_MSG_CLOSE:
		fake_chan_close(f, le32_to_cpu(relid->relid));
		break;
	case VMB_MSG_MODIFY_CHANNEL:
		if (fake_chan(f, le32_to_cpu(modify->relid)) && !fake_status(f, type))
			fake_chan(f, le32_to_cpu(modify->relid))->vp =
				le32_to_cpu(modify->target_vp);
		if (f->last_version >= VMB_VERSION_5_3) {
			struct vmb_msg_modify_channel_response r = {
				.hdr.type = cpu_to_le32(VMB_MSG_MODIFY_CHANNEL_RESPONSE),
				.relid = modify->relid,
				.status = cpu_to_le32(fake_status(f, type)),
			};

			fake_send(f, &r, sizeof(r));
		}
		break;
	case VMB_MSG_UNLOAD:
		hdr.type = cpu_to_le32(VMB_MSG_UNLOAD_RESPONSE);
		for (ret = 0; ret < ARRAY_SIZE(f->gpadl); ret++)
			vmb_gpadl_free(&f->gpadl[ret]);
		for (ret = 0; ret < FAKE_RELIDS; ret++)
			fake_chan_close(f, ret);
		fake_send(f, &hdr, sizeof(hdr));
		break;
	case VMB_MSG_RELID_RELEASED:
		break;
	default:
		KUNIT_FAIL(f->test, "message %u from the guest", type);
	}
}

static u16 fake_post_locked(struct fake *f, u32 connection_id, const void *payload,
			    u32 len)
{
	u32 type = le32_to_cpu(((const struct vmb_msg_header *)payload)->type);

	KUNIT_EXPECT_LE(f->test, len, VMB_MSG_PAYLOAD_MAX);
	KUNIT_ASSERT_LT(f->test, type, FAKE_TYPES);
	if (f->post_fails) {
		f->post_fails--;
		return f->post_status;
	}
	if (f->old_conn && connection_id == VMB_CONN_MESSAGE_MULTI)
		return VMB_HV_INVALID_CONNECTION_ID;
	f->seen[type]++;
	if (f->nr_order < ARRAY_SIZE(f->order))
		f->order[f->nr_order++] = type;
	f->last_conn = connection_id;
	f->last_conn_of[type] = connection_id;
	memset(f->last[type], 0, VMB_MSG_PAYLOAD_MAX);
	memcpy(f->last[type], payload, len);
	if (f->mute & BIT(type))
		return VMB_HV_SUCCESS;
	fake_handle(f, type, payload, len);
	return VMB_HV_SUCCESS;
}

static u16 fake_post_message(struct vmb_guest_platform *pf, u32 connection_id,
			     const void *payload, u32 len)
{
	struct fake *f = fake_of(pf);
	u16 status;

	/* a guest that crashes may do it with interrupts off, and is alone */
	if (irqs_disabled())
		return fake_post_locked(f, connection_id, payload, len);
	mutex_lock(&f->post_lock);
	status = fake_post_locked(f, connection_id, payload, len);
	mutex_unlock(&f->post_lock);
	return status;
}

static u16 fake_signal_event(struct vmb_guest_platform *pf, u32 connection_id)
{
	struct fake *f = fake_of(pf);
	u32 relid = connection_id - FAKE_CONN(0);

	f->nr_signals++;
	if (relid >= FAKE_RELIDS || !fake_chan(f, relid))
		return VMB_HV_INVALID_CONNECTION_ID;
	f->chan[relid]->signals++;
	if (f->signalled)
		f->signalled(f, relid);
	return VMB_HV_SUCCESS;
}

static int fake_enable(struct vmb_guest_platform *pf, unsigned int cpu,
		       const struct vmb_guest_synic *synic)
{
	if (fake_of(pf)->enable_ret)
		return fake_of(pf)->enable_ret;
	fake_of(pf)->vps[cpu].synic = *synic;
	fake_of(pf)->enabled++;
	return 0;
}

static void fake_disable(struct vmb_guest_platform *pf, unsigned int cpu)
{
	fake_of(pf)->enabled--;
}

static void fake_eom(struct vmb_guest_platform *pf)
{
	struct fake *f = fake_of(pf);
	struct fake_vp *vp = &f->vps[f->msg_cpu];

	f->eoms++;
	if (!fake_stage(f))
		return;
	vp->raised = true;
	if (!vp->in_irq)
		schedule_work_on(f->msg_cpu, &f->irq_work);
}

static u32 fake_vp_index(struct vmb_guest_platform *pf, unsigned int cpu)
{
	return FAKE_VP(cpu);
}

static const struct vmb_guest_platform_ops fake_ops = {
	.post_message	= fake_post_message,
	.signal_event	= fake_signal_event,
	.enable		= fake_enable,
	.disable	= fake_disable,
	.eom		= fake_eom,
	.vp_index	= fake_vp_index,
};

struct fake *fake_create(struct kunit *test)
{
	struct fake *f = kvzalloc(sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->vps = kcalloc(nr_cpu_ids, sizeof(*f->vps), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->vps);
	f->msg_cpu = cpumask_first(cpu_online_mask);
	memset(&test_dev, 0, sizeof(test_dev));
	memset(&test_chan, 0, sizeof(test_chan));
	init_completion(&test_dev.probing);
	init_completion(&test_dev.answered);
	f->test = test;
	f->pf.name = "kunit";
	f->pf.prefix = "kunit-";
	f->pf.ops = &fake_ops;
	f->pf.timeout_ms = 200;
	f->max_version = VMB_VERSION_5_3;
	f->msg_conn = FAKE_MSG_CONN;
	mutex_init(&f->post_lock);
	spin_lock_init(&f->lock);
	INIT_LIST_HEAD(&f->out);
	INIT_WORK(&f->irq_work, fake_irq_work);
	f->bus = vmb_guest_bus_create(&f->pf);
	KUNIT_ASSERT_FALSE(test, IS_ERR(f->bus));
	KUNIT_EXPECT_EQ(test, f->enabled, num_online_cpus());
	return f;
}

void fake_destroy(struct fake *f)
{
	struct fake_msg *m, *next;
	int i;

	vmb_guest_bus_destroy(f->bus);
	KUNIT_EXPECT_EQ(f->test, f->enabled, 0);
	list_for_each_entry_safe(m, next, &f->out, list)
		kfree(m);
	for (i = 0; i < ARRAY_SIZE(f->gpadl); i++)
		vmb_gpadl_free(&f->gpadl[i]);
	for (i = 0; i < FAKE_RELIDS; i++) {
		fake_chan_close(f, i);
		kvfree(f->chan[i]);
	}
	kfree(f->vps);
	kvfree(f);
}

int fake_connect(struct fake *f)
{
	return vmb_guest_bus_connect(f->bus);
}

/* Until the bus has taken all messages. */
void settle_messages(struct fake *f)
{
	do {
		flush_workqueue(f->bus->msg_wq);
		flush_work(&f->irq_work);
	} while (!list_empty_careful(&f->out) || READ_ONCE(f->bus->queue_len));
	/* the last one has been taken off the queue, and is being handled */
	flush_workqueue(f->bus->msg_wq);
}

/* Until the bus has done all that it was told to do. */
void settle(struct fake *f)
{
	settle_messages(f);
	flush_work(&f->bus->wake_work);
	flush_workqueue(f->bus->msg_wq);
	vmb_guest_chan_flush(f->bus);
}

int fake_put(struct fake *f, u32 relid, u16 type, u64 trans_id, const void *body,
	     u32 len, bool *signal)
{
	struct kvec v = { (void *)body, len };
	struct fake_chan *ch = fake_chan(f, relid);
	int ret;

	KUNIT_ASSERT_NOT_NULL(f->test, ch);
	ret = vmb_ring_put(&ch->out, type, 0, trans_id, NULL, &v);
	if (!ret)
		*signal = vmb_ring_publish(&ch->out);
	return ret;
}

void fake_packet(struct fake *f, u32 relid, u16 type, u64 trans_id, const void *body,
		 u32 len)
{
	bool signal = false;

	KUNIT_EXPECT_EQ(f->test, fake_put(f, relid, type, trans_id, body, len, &signal), 0);
	if (signal)
		fake_signal(f, relid);
}

int fake_get(struct fake *f, u32 relid, struct vmb_packet *pkt)
{
	struct fake_chan *ch = fake_chan(f, relid);

	KUNIT_ASSERT_NOT_NULL(f->test, ch);
	return vmb_ring_get(&ch->in, ch->buf, sizeof(ch->buf), pkt);
}

struct vmb_guest_dev *fake_device(struct fake *f, u8 device)
{
	struct vmb_guest_dev *vdev;

	list_for_each_entry(vdev, &f->bus->devices, list)
		if (vdev->pub.instance_id.b[0] == device)
			return vdev;
	return NULL;
}

u64 fake_bad(struct fake *f)
{
	return atomic64_read(&f->bus->nr_bad);
}

/* The driver */

struct test_dev test_dev;
struct test_chan test_chan;
/* works of several channels run side by side: counters of test_dev, and rescinds */
static DEFINE_SPINLOCK(test_lock);

static void test_receive(struct vmb_guest_channel *ch, const struct vmb_packet *pkt)
{
	test_chan.packets++;
	test_chan.last_cpu = raw_smp_processor_id();
	if (irqs_disabled())
		test_chan.in_hardirq_off++;
	if (pkt->trans_id != test_chan.next_id++)
		test_chan.wrong++;
	test_chan.last_id = pkt->trans_id;
	test_chan.last_type = pkt->type;
	test_chan.last_len = pkt->len;
	memcpy(test_chan.last, pkt->data, min_t(u32, pkt->len, sizeof(test_chan.last)));
	if (test_chan.each)
		test_chan.each();
}

static void test_batch_end(struct vmb_guest_channel *ch)
{
	test_chan.batches++;
}

static void test_room(struct vmb_guest_channel *ch)
{
	test_chan.rooms++;
}

static void test_event(struct vmb_guest_channel *ch)
{
	test_chan.events++;
}

static void test_moved(struct vmb_guest_channel *ch, unsigned int old)
{
	test_chan.moved++;
}

static void test_broken(struct vmb_guest_channel *ch)
{
	test_chan.brokens++;
}

static void test_rescind(struct vmb_guest_channel *ch)
{
	spin_lock(&test_lock);
	test_chan.rescinds++;
	spin_unlock(&test_lock);
	complete(&test_dev.answered);
}

const struct vmb_guest_ops test_ops = {
	.receive	= test_receive,
	.batch_end	= test_batch_end,
	.room		= test_room,
	.event		= test_event,
	.moved		= test_moved,
	.broken		= test_broken,
	.rescind	= test_rescind,
};

const struct vmb_guest_open_args test_args = {
	.ops		= &test_ops,
	.mode		= VMB_GUEST_BH,
	.out_size	= 4 * VMB_PAGE_SIZE,
	.in_size	= 2 * VMB_PAGE_SIZE,
	.max_packet	= 4096,
	.cpu		= VMB_GUEST_CPU_ANY,
};

static int test_probe(struct vmb_guest_device *dev, const struct hv_vmbus_device_id *id)
{
	spin_lock(&test_lock);
	test_dev.probes++;
	test_dev.dev = dev;
	spin_unlock(&test_lock);
	if (test_dev.open_in_probe)
		test_dev.open_ret = vmb_guest_open(dev->primary, &test_args);
	complete(&test_dev.probing);
	if (!test_dev.open_ret && test_dev.wait_in_probe &&
	    wait_for_completion_timeout(&test_dev.answered, 10 * HZ))
		test_dev.open_ret = test_chan.rescinds ? -ENODEV : 0;
	return test_dev.open_ret;
}

static void test_remove(struct vmb_guest_device *dev)
{
	spin_lock(&test_lock);
	test_dev.removes++;
	test_dev.dev = NULL;
	spin_unlock(&test_lock);
}

static void test_sub_channel(struct vmb_guest_channel *ch)
{
	if (test_dev.nr_sub < ARRAY_SIZE(test_dev.sub))
		test_dev.sub[test_dev.nr_sub++] = ch;
	if (test_dev.open_subs)
		test_dev.open_ret = vmb_guest_open(ch, &test_args);
}

static void test_shutdown(struct vmb_guest_device *dev)
{
	test_dev.shutdowns++;
}

static int test_suspend(struct vmb_guest_device *dev)
{
	test_dev.suspends++;
	return 0;
}

static int test_resume(struct vmb_guest_device *dev)
{
	test_dev.resumes++;
	return 0;
}

static const struct hv_vmbus_device_id test_ids[] = {
	{ .guid = GUID_INIT(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1) },
	{ .guid = TEST_CLASS, .driver_data = 5 },
	{ },
};

struct vmb_guest_driver test_driver = {
	.name		= "vmb_guest_kunit",
	.id_table	= test_ids,
	.probe		= test_probe,
	.remove		= test_remove,
	.sub_channel	= test_sub_channel,
	.shutdown	= test_shutdown,
	.suspend	= test_suspend,
	.resume		= test_resume,
};
