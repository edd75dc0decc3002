// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels of IDE disks, as vmb_guest finds them. Each belongs to a disk of
 * vsc_ide, which opens and closes it as it sees fit.
 */
#define pr_fmt(fmt) "vsc_ide: " fmt

#include <linux/module.h>
#include <linux/slab.h>

#include "vmb.h"

static void chan_receive(struct vmb_guest_channel *ch, const struct vmb_packet *pkt)
{
	struct vsc_ide_chan *chan = ch->drv;
	enum vsc_ide_outcome outcome;
	u32 moved;

	switch (pkt->type) {
	case VMB_PKT_COMPLETION:
		break;
	case VMB_PKT_INBAND:
		/*
		 * ENUMERATE_BUS and the like: what a disk of the registers is,
		 * and how large, the registers say.
		 */
		return;
	default:
		vsc_ide_disk_lost(chan->link.disk, "a packet makes no sense");
		return;
	}
	if (pkt->trans_id & VSC_IDE_CONTROL_ID) {
		if (!vsc_ide_control_answer(chan, pkt))
			vsc_ide_disk_lost(chan->link.disk, "an answer to nothing");
		return;
	}
	outcome = vsc_ide_wire_outcome(&chan->wire, pkt->data, pkt->len, &moved);
	vsc_ide_io_answer(&chan->link, pkt->trans_id, outcome, moved);
}

/* Maybe with the disk's lock held: see vsc_ide_link_ops.put. */
static void chan_broken(struct vmb_guest_channel *ch)
{
	struct vsc_ide_chan *chan = ch->drv;

	vsc_ide_control_close(chan);
	vsc_ide_disk_lost(chan->link.disk, "the host broke the ring");
}

static void chan_rescind(struct vmb_guest_channel *ch)
{
	struct vsc_ide_chan *chan = ch->drv;

	/* the work may have to wait for nothing that will not come any more */
	vsc_ide_control_close(chan);
	vsc_ide_disk_dead(&chan->link, "the host has taken it away");
}

static const struct vmb_guest_ops chan_ops = {
	.receive	= chan_receive,
	.broken		= chan_broken,
	.rescind	= chan_rescind,
};

static void link_close(struct vsc_ide_link *link)
{
	struct vsc_ide_chan *chan = vsc_ide_chan_of(link);

	vsc_ide_control_close(chan);
	vmb_guest_close(chan->dev->primary);
}

static int link_open(struct vsc_ide_link *link)
{
	struct vsc_ide_chan *chan = vsc_ide_chan_of(link);
	struct vmb_stor_properties user = {};
	struct vmb_guest_open_args args = {
		.ops = &chan_ops,
		.mode = VMB_GUEST_ISR,
		.out_size = VSC_IDE_OUT_BYTES,
		.in_size = VSC_IDE_IN_BYTES,
		.max_packet = VSC_IDE_MAX_PACKET,
		.cpu = VMB_GUEST_CPU_ANY,
		.user = &user,
		.user_len = sizeof(user),
	};
	int ret;

	vsc_ide_control_open(chan);
	ret = vmb_guest_open(chan->dev->primary, &args);
	if (ret)
		return ret;
	ret = vsc_ide_control_handshake(chan);
	if (ret)
		link_close(link);
	return ret;
}

static int link_exec(struct vsc_ide_link *link, const struct vsc_ide_srb *srb, void *buf,
		     u32 *moved)
{
	return vsc_ide_control_exec(vsc_ide_chan_of(link), srb, buf, moved);
}

static int link_put(struct vsc_ide_link *link, const struct vsc_ide_request *req)
{
	struct vsc_ide_chan *chan = vsc_ide_chan_of(link);
	struct vmb_guest_packet out = {
		.type = VMB_PKT_INBAND,
		.flags = VMB_PKT_COMPLETION_REQUESTED,
		.trans_id = req->id,
		.body = { .iov_base = &chan->pkt, .iov_len = chan->wire.packet_bytes },
	};
	struct vmb_guest_gpa gpa;
	int ret;

	ret = vsc_ide_wire_srb(&chan->pkt, &chan->wire, &link->addr, &req->srb);
	if (ret)
		return ret;
	if (req->srb.bytes) {
		vmb_guest_gpa_init(&gpa, chan->pages, sizeof(chan->pages));
		ret = vsc_wire_pages(&gpa, req->sgl, req->nents, req->srb.bytes,
				     vmb_guest_pfn, chan->dev);
		if (ret)
			return ret;
		out.type = VMB_PKT_GPA_DIRECT;
		out.gpa = &gpa;
	}
	ret = vmb_guest_put(chan->dev->primary, &out);
	return ret == -EPROTO ? -ENOTCONN : ret;
}

static void link_publish(struct vsc_ide_link *link)
{
	vmb_guest_publish_poll(vsc_ide_chan_of(link)->dev->primary);
}

static const struct vsc_ide_link_ops link_ops = {
	.open		= link_open,
	.close		= link_close,
	.exec		= link_exec,
	.put		= link_put,
	.publish	= link_publish,
};

static int chan_probe(struct vmb_guest_device *dev, const struct hv_vmbus_device_id *id)
{
	struct vsc_ide_chan *chan;
	int ret;

	chan = kzalloc(sizeof(*chan), GFP_KERNEL);
	if (!chan)
		return -ENOMEM;
	chan->dev = dev;
	chan->link.ops = &link_ops;
	vsc_ide_control_init(chan);
	if (!vsc_ide_wire_offer(dev->user, &dev->instance_id, &chan->link.addr)) {
		dev_warn(&dev->dev, "the offer does not say for which disk it is\n");
		ret = -ENODEV;
		goto free;
	}
	dev->primary->drv = chan;
	dev_set_drvdata(&dev->dev, chan);
	/* the disk takes it from here, now or when it comes */
	ret = vsc_ide_disk_link(&chan->link);
	if (ret)
		goto forget;
	return 0;

forget:
	dev_set_drvdata(&dev->dev, NULL);
free:
	kfree(chan);
	return ret;
}

static void chan_remove(struct vmb_guest_device *dev)
{
	struct vsc_ide_chan *chan = dev_get_drvdata(&dev->dev);

	vsc_ide_disk_unlink(&chan->link);
	dev_set_drvdata(&dev->dev, NULL);
	kfree(chan);
}

static void chan_shutdown(struct vmb_guest_device *dev)
{
	struct vsc_ide_chan *chan = dev_get_drvdata(&dev->dev);

	vsc_ide_disk_unlink(&chan->link);
}

static int chan_suspend(struct vmb_guest_device *dev)
{
	struct vsc_ide_chan *chan = dev_get_drvdata(&dev->dev);

	vsc_ide_disk_unlink(&chan->link);
	return 0;
}

static int chan_resume(struct vmb_guest_device *dev)
{
	struct vsc_ide_chan *chan = dev_get_drvdata(&dev->dev);

	chan->link.tried = false;
	chan->link.dead = false;
	return vsc_ide_disk_link(&chan->link);
}

static const struct hv_vmbus_device_id chan_ids[] = {
	{ .guid = VMB_STOR_IDE_CLASS },
	{}
};
MODULE_DEVICE_TABLE(vmbus, chan_ids);

static struct vmb_guest_driver chan_driver = {
	.name		= "vsc_ide",
	.id_table	= chan_ids,
	.probe		= chan_probe,
	.remove		= chan_remove,
	.shutdown	= chan_shutdown,
	.suspend	= chan_suspend,
	.resume		= chan_resume,
};

module_vmb_guest_driver(chan_driver);
