// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device that is made up, both ends.
 */
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "device.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

#define DEV_CLASS	GUID_INIT(0x1009, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
#define DEV_MAX_IOV	18

struct host_side hs;
struct guest_side gs;

static u8 pattern(u64 id, u32 i)
{
	return id * 31 + (id >> 8) + i;
}

static void fill(u8 *buf, u64 id, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		buf[i] = pattern(id, i);
}

static bool good(const u8 *buf, u64 id, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		if (buf[i] != pattern(id, i))
			return false;
	return true;
}

/* The service */

struct host_chan {
	struct list_head list;
	struct vmb_channel *ch;
	u64 next;
	/* @held */
	spinlock_t lock;
	struct list_head held;
	atomic_t inflight;
	struct completion drained;
};

struct host_req {
	struct vmb_completion c;
	struct host_chan *hc;
	u8 body[DEV_BODY];
};

static LIST_HEAD(host_chans);
/* @host_chans */
static DEFINE_MUTEX(host_chans_lock);

static void host_done(struct vmb_completion *c)
{
	struct host_req *req = container_of(c, struct host_req, c);
	struct host_chan *hc = req->hc;

	kfree(req);
	if (atomic_dec_and_test(&hc->inflight))
		complete(&hc->drained);
}

static int host_open(struct vmb_channel *ch, const u8 *user)
{
	struct host_chan *hc = kzalloc(sizeof(*hc), GFP_KERNEL);

	if (!hc)
		return -ENOMEM;
	hc->ch = ch;
	spin_lock_init(&hc->lock);
	INIT_LIST_HEAD(&hc->held);
	init_completion(&hc->drained);
	atomic_set(&hc->inflight, 1);
	ch->drv = hc;
	mutex_lock(&host_chans_lock);
	list_add_tail(&hc->list, &host_chans);
	mutex_unlock(&host_chans_lock);
	atomic_inc(&hs.opens);
	if (!ch->index && hs.subs)
		return vmb_host_device_subchannels(ch->dev, hs.subs);
	return 0;
}

static void host_answer_held(struct host_chan *hc)
{
	struct host_req *req, *next;
	LIST_HEAD(held);

	spin_lock(&hc->lock);
	list_splice_init(&hc->held, &held);
	spin_unlock(&hc->lock);
	list_for_each_entry_safe(req, next, &held, c.list) {
		list_del(&req->c.list);
		vmb_host_complete(hc->ch, &req->c);
	}
}

static void host_close(struct vmb_channel *ch)
{
	struct host_chan *hc = ch->drv;

	mutex_lock(&host_chans_lock);
	list_del(&hc->list);
	mutex_unlock(&host_chans_lock);
	host_answer_held(hc);
	if (!atomic_dec_and_test(&hc->inflight))
		wait_for_completion(&hc->drained);
	kfree(hc);
	atomic_inc(&hs.closes);
}

static bool host_busy(struct vmb_channel *ch)
{
	struct host_chan *hc = ch->drv;

	return atomic_read(&hc->inflight) > 1;
}

/* The memory has the pattern, and gets its complement. */
static bool host_memory(struct host_chan *hc, const struct vmb_packet *pkt)
{
	struct iovec iov[DEV_MAX_IOV];
	struct iov_iter iter;
	bool ok = false;
	ssize_t len, i;
	u8 *buf;

	atomic_inc(&hs.iters);
	len = vmb_host_iter(hc->ch, pkt, iov, ARRAY_SIZE(iov), false, &iter);
	if (len <= 0)
		return false;
	buf = kvmalloc(len, GFP_KERNEL);
	if (!buf)
		return false;
	if (copy_from_iter(buf, len, &iter) == len && good(buf, pkt->trans_id, len)) {
		for (i = 0; i < len; i++)
			buf[i] = ~buf[i];
		ok = vmb_host_iter(hc->ch, pkt, iov, ARRAY_SIZE(iov), true, &iter) == len &&
		     copy_to_iter(buf, len, &iter) == len;
	}
	kvfree(buf);
	return ok;
}

static int host_poll(struct vmb_channel *ch, int budget)
{
	struct host_chan *hc = ch->drv;
	struct vmb_packet pkt;
	struct host_req *req;
	int n;

	for (n = 0; n < budget && !READ_ONCE(hs.stall); n++) {
		req = kzalloc(sizeof(*req), GFP_KERNEL);
		if (!req || vmb_host_next(ch, &pkt)) {
			kfree(req);
			break;
		}
		if (atomic_inc_return(&hs.packets) == READ_ONCE(hs.pause)) {
			complete(&hs.paused);
			wait_for_completion(&hs.go);
		}
		if (pkt.trans_id != hc->next++ || pkt.len != DEV_BODY ||
		    !good(pkt.data, pkt.trans_id, pkt.len) ||
		    (pkt.nr_ranges && !host_memory(hc, &pkt)))
			atomic_inc(&hs.wrong);
		req->hc = hc;
		req->c.trans_id = pkt.trans_id;
		req->c.data = req->body;
		req->c.len = sizeof(req->body);
		req->c.done = host_done;
		memcpy(req->body, pkt.data, min_t(u32, pkt.len, DEV_BODY));
		atomic_inc(&hc->inflight);
		if (READ_ONCE(hs.hold)) {
			spin_lock(&hc->lock);
			list_add_tail(&req->c.list, &hc->held);
			spin_unlock(&hc->lock);
		} else {
			vmb_host_complete(ch, &req->c);
		}
	}
	return n;
}

/* The service takes packets again, and answers what it kept. */
void host_kick_all(void)
{
	struct host_chan *hc;

	WRITE_ONCE(hs.stall, false);
	WRITE_ONCE(hs.hold, false);
	mutex_lock(&host_chans_lock);
	list_for_each_entry(hc, &host_chans, list) {
		host_answer_held(hc);
		vmb_host_kick(hc->ch);
	}
	mutex_unlock(&host_chans_lock);
}

/* A packet to the guest on the primary channel of a device. */
int host_send(unsigned int nr, u64 seq)
{
	struct host_chan *hc;
	u8 body[DEV_BODY];
	int ret = -ENOTCONN;

	fill(body, seq, sizeof(body));
	mutex_lock(&host_chans_lock);
	list_for_each_entry(hc, &host_chans, list)
		if (hc->ch->dev == hs.dev[nr] && !hc->ch->index)
			ret = vmb_host_send(hc->ch, seq, body, sizeof(body));
	mutex_unlock(&host_chans_lock);
	return ret;
}

static void host_release(struct config_item *item)
{
	kfree(container_of(to_config_group(item), struct vmb_host_device, group));
}

static struct configfs_item_operations host_item_ops = {
	.release = host_release,
};

static const struct config_item_type host_type = {
	.ct_owner	= THIS_MODULE,
	.ct_item_ops	= &host_item_ops,
};

static struct vmb_host_device *host_make(struct vmb_partition *partition, const char *name)
{
	struct vmb_host_device *dev;
	unsigned int nr;

	if (kstrtouint(name, 10, &nr) || nr >= DEV_MAX)
		return ERR_PTR(-EINVAL);
	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	dev->instance_id.b[0] = nr;
	dev->instance_id.b[15] = 0x10;
	dev->offer_flags = VMB_OFFER_ENUMERATE_DEVICE_INTERFACE;
	config_group_init_type_name(&dev->group, name, &host_type);
	hs.dev[nr] = dev;
	return dev;
}

static void host_drop(struct vmb_host_device *dev)
{
	hs.dev[dev->instance_id.b[0]] = NULL;
	config_item_put(&dev->group.cg_item);
}

static const struct vmb_host_driver host_driver = {
	.name		= "kunit",
	.owner		= THIS_MODULE,
	.class_id	= DEV_CLASS,
	.make		= host_make,
	.drop		= host_drop,
	.open		= host_open,
	.close		= host_close,
	.busy		= host_busy,
	.poll		= host_poll,
};

/* The driver */

static struct guest_chan *guest_chan_of(struct vmb_guest_channel *ch)
{
	return &gs.chan[ch->dev->instance_id.b[0] % DEV_MAX][ch->index % DEV_CHANNELS];
}

static void guest_receive(struct vmb_guest_channel *ch, const struct vmb_packet *pkt)
{
	struct guest_chan *c = ch->drv;
	atomic_t *count = pkt->type == VMB_PKT_COMPLETION ? &c->answers : &c->inband;

	/* answers come in the order of the packets, and so do packets */
	if (pkt->trans_id != atomic_read(count) || pkt->len != DEV_BODY ||
	    !good(pkt->data, pkt->trans_id, pkt->len))
		atomic_inc(&c->wrong);
	atomic_inc(count);
}

static void guest_room(struct vmb_guest_channel *ch)
{
	complete(&((struct guest_chan *)ch->drv)->room);
}

static void guest_broken(struct vmb_guest_channel *ch)
{
	struct guest_chan *c = ch->drv;

	atomic_inc(&c->brokens);
	complete(&c->room);
}

static void guest_rescind(struct vmb_guest_channel *ch)
{
	struct guest_chan *c = ch->drv;

	atomic_inc(&c->rescinds);
	complete(&c->room);
}

static const struct vmb_guest_ops guest_ops = {
	.receive	= guest_receive,
	.room		= guest_room,
	.broken		= guest_broken,
	.rescind	= guest_rescind,
};

int chan_open(struct vmb_guest_channel *ch)
{
	const struct vmb_guest_open_args args = {
		.ops		= &guest_ops,
		.mode		= gs.mode,
		.out_size	= gs.ring,
		.in_size	= gs.ring,
		.max_packet	= 1024,
		.cpu		= VMB_GUEST_CPU_ANY,
	};
	struct guest_chan *c = guest_chan_of(ch);
	int ret;

	c->sent = 0;
	atomic_set(&c->answers, 0);
	atomic_set(&c->inband, 0);
	atomic_set(&c->rescinds, 0);
	init_completion(&c->room);
	ch->drv = c;
	ret = vmb_guest_open(ch, &args);
	if (ret)
		return ret;
	/* pairs with the acquire in chan_opened() */
	smp_store_release(&c->ch, ch);
	return 0;
}

/* Wait until the driver, in a thread of its own, has opened it. */
bool chan_opened(struct guest_chan *c)
{
	/* pairs with the release in chan_open() */
	return env_wait(smp_load_acquire(&c->ch));
}

void chan_close(struct guest_chan *c)
{
	vmb_guest_close(c->ch);
	WRITE_ONCE(c->ch, NULL);
}

int chan_try(struct guest_chan *c, struct page *page, u32 len)
{
	u8 buf[VMB_GUEST_GPA_BYTES(1, 1)] __aligned(8), body[DEV_BODY];
	struct vmb_guest_packet p = {
		.type		= page ? VMB_PKT_GPA_DIRECT : VMB_PKT_INBAND,
		.flags		= VMB_PKT_COMPLETION_REQUESTED,
		.trans_id	= c->sent,
		.body		= { body, sizeof(body) },
	};
	struct vmb_guest_gpa gpa;
	__le64 *pfn;
	int ret;

	fill(body, c->sent, sizeof(body));
	if (page) {
		fill(page_address(page), c->sent, len);
		vmb_guest_gpa_init(&gpa, buf, sizeof(buf));
		pfn = vmb_guest_gpa_add(&gpa, 0, len);
		*pfn = cpu_to_le64(vmb_guest_pfn(c->ch->dev, page));
		p.gpa = &gpa;
	}
	ret = vmb_guest_send(c->ch, &p);
	if (!ret)
		c->sent++;
	return ret;
}

u64 chan_send(struct guest_chan *c, u64 n)
{
	u64 i;
	int ret;

	for (i = 0; i < n; i++) {
		while ((ret = chan_try(c, NULL, 0)) == -EAGAIN)
			if (atomic_read(&c->rescinds) ||
			    !wait_for_completion_timeout(&c->room, 10 * HZ))
				return i;
		if (ret)
			break;
	}
	return i;
}

bool chan_answered(struct guest_chan *c)
{
	return env_wait(atomic_read(&c->answers) == c->sent);
}

static int guest_probe(struct vmb_guest_device *dev, const struct hv_vmbus_device_id *id)
{
	int ret = chan_open(dev->primary);

	if (!ret)
		atomic_inc(&gs.probes);
	return ret;
}

static void guest_remove(struct vmb_guest_device *dev)
{
	struct guest_chan *c = gs.chan[dev->instance_id.b[0] % DEV_MAX];
	int i;

	if (READ_ONCE(gs.block_remove))
		wait_for_completion(&gs.go);
	for (i = DEV_CHANNELS - 1; i >= 0; i--)
		if (c[i].ch)
			chan_close(&c[i]);
	atomic_inc(&gs.removes);
}

static void guest_sub_channel(struct vmb_guest_channel *ch)
{
	chan_open(ch);
}

static const struct hv_vmbus_device_id guest_ids[] = {
	{ .guid = DEV_CLASS },
	{ },
};

static struct vmb_guest_driver guest_driver = {
	.name		= "vmb_loop_kunit",
	.id_table	= guest_ids,
	.probe		= guest_probe,
	.remove		= guest_remove,
	.sub_channel	= guest_sub_channel,
};

/* Both */

static struct vmb_loop *loop;
static char withdraw_ms[16];

int dev_init(struct kunit *test)
{
	int i, ret;

	memset(&hs, 0, sizeof(hs));
	memset(&gs, 0, sizeof(gs));
	init_completion(&hs.paused);
	init_completion(&hs.go);
	init_completion(&gs.go);
	gs.mode = VMB_GUEST_BH;
	gs.ring = 4 * VMB_PAGE_SIZE;
	loop = NULL;
	for (i = 0; i < DEV_MAX * DEV_CHANNELS; i++)
		init_completion(&gs.chan[i / DEV_CHANNELS][i % DEV_CHANNELS].room);
	ret = file_read(ENV_WITHDRAW_MS, withdraw_ms, sizeof(withdraw_ms));
	ret = ret ?: env_write(ENV_WITHDRAW_MS, "0");
	ret = ret ?: vmb_host_driver_register(&host_driver);
	if (ret)
		return ret;
	ret = vmb_guest_driver_register(&guest_driver);
	if (ret)
		goto unregister;
	ret = env_mkdir(ENV_DIR);
	if (!ret)
		return 0;
	vmb_guest_driver_unregister(&guest_driver);
unregister:
	vmb_host_driver_unregister(&host_driver);
	return ret;
}

void dev_stop(struct kunit *test)
{
	if (loop)
		vmb_loop_destroy(loop);
	loop = NULL;
}

void dev_exit(struct kunit *test)
{
	char path[64];
	int i;

	/* what a test that failed left */
	gs.block_remove = false;
	complete_all(&gs.go);
	complete_all(&hs.go);
	host_kick_all();
	dev_stop(test);
	for (i = 0; i < DEV_MAX; i++) {
		if (!hs.dev[i])
			continue;
		snprintf(path, sizeof(path), ENV_DIR "/kunit.%d", i);
		KUNIT_EXPECT_EQ(test, env_rmdir(path), 0);
	}
	KUNIT_EXPECT_EQ(test, env_rmdir(ENV_DIR), 0);
	vmb_guest_driver_unregister(&guest_driver);
	vmb_host_driver_unregister(&host_driver);
	KUNIT_EXPECT_EQ(test, env_write(ENV_WITHDRAW_MS, withdraw_ms), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&hs.opens), atomic_read(&hs.closes));
	KUNIT_EXPECT_EQ(test, atomic_read(&gs.probes), atomic_read(&gs.removes));
	KUNIT_EXPECT_EQ(test, atomic_read(&hs.wrong), 0);
}

struct vmb_loop *dev_start(struct kunit *test, u32 max_version)
{
	loop = vmb_loop_create(ENV_PARTITION, max_version);
	if (IS_ERR(loop)) {
		KUNIT_FAIL(test, "no loop: error %ld", PTR_ERR(loop));
		loop = NULL;
		KUNIT_ASSERT_NOT_NULL(test, loop);
	}
	return loop;
}

void dev_connect(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, vmb_guest_bus_connect(dev_start(test, 0)->guest), 0);
}

void dev_add(struct kunit *test, unsigned int nr)
{
	char path[64];

	snprintf(path, sizeof(path), ENV_DIR "/kunit.%u", nr);
	KUNIT_ASSERT_EQ(test, env_mkdir(path), 0);
	KUNIT_ASSERT_NOT_NULL(test, hs.dev[nr]);
	KUNIT_ASSERT_EQ(test, vmb_host_device_offer(hs.dev[nr]), 0);
}
