// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ring buffers. What is ordered against what:
 *
 *   producer                              consumer
 *   --------                              --------
 *   put: write the packet                 get: read the write index   (B)
 *   publish: write the write index (A)    get: copy the packet
 *            full barrier          (C)    release: write the read index (D)
 *            read interrupt_mask                   full barrier         (F)
 *            read barrier          (G)             read pending_send_sz
 *            read the read index                   read barrier         (I)
 *   put: read the read index       (E)             read the write index
 *   wait_space: write pending_send_sz     unmask: write interrupt_mask
 *            full barrier          (H)            full barrier          (J)
 *            read the read index                  read the write index
 *
 * A release pairs with B acquire: the packet is complete before it is seen.
 * D release pairs with E acquire: the packet has been copied out before it is
 * overwritten.
 * C pairs with F and J: a consumer that finds the ring empty after F or J, and
 * goes to sleep, has let the producer see either its read index or its cleared
 * mask, so that the producer signals.
 * H pairs with F: a producer that finds no space after H, and goes to sleep,
 * has let the consumer see pending_send_sz, so that the consumer signals.
 * G pairs with F, which is in front of J's store: a producer that sees the
 * mask cleared sees the read index that was released before.
 * I pairs with A: a consumer that sees pending_send_sz sees the write index
 * that was published before it was set.
 *
 * The virt_ forms are real barriers in a kernel built for one CPU too: the
 * peer runs on another one.
 */
#include <linux/align.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/prefetch.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <asm/barrier.h>
#include <asm/byteorder.h>
#include <vmb/proto/ring.h>
#include <vmb/ring.h>

/* One word always stays free: a full ring would look like an empty one. */
#define VMB_RING_GAP		8U

/*
 * How far ahead of a packet its successors' lines are asked for, and the line.
 * Where the next packet starts is only known when the length of this one has
 * arrived, and stores leave in order: without it each end would wait for one
 * line at a time to come from the other CPU.
 */
#define VMB_RING_AHEAD		512U
#define VMB_RING_LINE		64U

/* The longest packet its 16-bit length can describe, without trailer */
#define VMB_RING_MAX_PKT	(U16_MAX * 8U)

static bool vmb_ring_index_ok(const struct vmb_ring *ring, u32 index)
{
	return index < ring->size && !(index % 8);
}

/* Bytes from @from to @to in the direction of travel; 0 when they are equal. */
static u32 vmb_ring_distance(const struct vmb_ring *ring, u32 from, u32 to)
{
	return to >= from ? to - from : ring->size - from + to;
}

static u32 vmb_ring_advance(const struct vmb_ring *ring, u32 index, u32 len)
{
	index += len;
	return index >= ring->size ? index - ring->size : index;
}

static int vmb_ring_init(struct vmb_ring *ring, void *hdr, void *data, u32 size,
			 bool producer)
{
	u32 write_index, read_index;

	if (size < VMB_RING_MIN_DATA || size > VMB_RING_MAX_DATA ||
	    size % VMB_PAGE_SIZE)
		return -EINVAL;

	ring->hdr = hdr;
	ring->data = data;
	ring->size = size;

	write_index = le32_to_cpu(READ_ONCE(ring->hdr->write_index));
	read_index = le32_to_cpu(READ_ONCE(ring->hdr->read_index));
	if (!vmb_ring_index_ok(ring, write_index) ||
	    !vmb_ring_index_ok(ring, read_index))
		return -EINVAL;

	ring->index = producer ? write_index : read_index;
	ring->published = ring->index;
	/*
	 * Not the peer's index: the packets behind it are not ordered by the
	 * read above. The consumer starts from "empty" and the producer from
	 * "full", so that both read it properly before they use it.
	 */
	ring->peer = ring->index;
	if (producer)
		ring->peer = vmb_ring_advance(ring, ring->index, VMB_RING_GAP);
	return 0;
}

/**
 * vmb_ring_init_producer() - become the producer of a ring
 * @ring: set up; belongs to the caller
 * @hdr: the shared header page, mapped as long as @ring is used
 * @data: the shared data area, mapped twice in a row
 * @size: bytes of the data area, once
 *
 * Goes on from the indices in the header: whoever creates the ring zeroes them
 * (the guest, before it opens the channel). Announces that this end sets
 * pending_send_sz, and that it does not wait.
 *
 * Context: any; the caller serialises all calls on @ring.
 * Return: 0, or -EINVAL when @size is not a multiple of the page size in
 * %VMB_RING_MIN_DATA to %VMB_RING_MAX_DATA or an index is not a multiple of 8
 * below @size.
 * See Documentation/protocol/ring.rst, "Header".
 */
int vmb_ring_init_producer(struct vmb_ring *ring, void *hdr, void *data, u32 size)
{
	u32 features;
	int ret;

	ret = vmb_ring_init(ring, hdr, data, size, true);
	if (ret)
		return ret;

	WRITE_ONCE(ring->hdr->pending_send_sz, 0);
	features = le32_to_cpu(READ_ONCE(ring->hdr->feature_bits));
	features |= VMB_RING_FEAT_PENDING_SEND_SZ;
	WRITE_ONCE(ring->hdr->feature_bits, cpu_to_le32(features));
	return 0;
}
EXPORT_SYMBOL_GPL(vmb_ring_init_producer);

/**
 * vmb_ring_init_consumer() - become the consumer of a ring
 * @ring: set up; belongs to the caller
 * @hdr: the shared header page, mapped as long as @ring is used
 * @data: the shared data area, mapped twice in a row
 * @size: bytes of the data area, once
 *
 * Goes on from the indices in the header, and starts with signals not masked.
 *
 * Context: any; the caller serialises all calls on @ring.
 * Return: 0, or -EINVAL as vmb_ring_init_producer().
 * See Documentation/protocol/ring.rst, "Header".
 */
int vmb_ring_init_consumer(struct vmb_ring *ring, void *hdr, void *data, u32 size)
{
	int ret;

	ret = vmb_ring_init(ring, hdr, data, size, false);
	if (ret)
		return ret;

	WRITE_ONCE(ring->hdr->interrupt_mask, 0);
	return 0;
}
EXPORT_SYMBOL_GPL(vmb_ring_init_consumer);

/**
 * vmb_ring_pkt_size() - bytes a packet takes in a ring
 * @head_len: bytes between descriptor and payload, a multiple of 8
 * @body_len: bytes of payload
 *
 * Context: any.
 * Return: descriptor, head, payload, padding and trailer; %U32_MAX when that
 * is no u32.
 */
u32 vmb_ring_pkt_size(u32 head_len, u32 body_len)
{
	u64 len = sizeof(struct vmb_pkt_desc) + (u64)head_len + body_len;

	len = ALIGN(len, 8) + VMB_PKT_TRAILER;
	return len > U32_MAX ? U32_MAX : len;
}
EXPORT_SYMBOL_GPL(vmb_ring_pkt_size);

/* Free bytes by the peer's index as last read; the gap is not among them. */
static u32 vmb_ring_free_cached(const struct vmb_ring *ring)
{
	return ring->size - vmb_ring_distance(ring, ring->peer, ring->index) -
	       VMB_RING_GAP;
}

/* Read the consumer's index again. False when it is nonsense. */
static bool vmb_ring_read_consumer(struct vmb_ring *ring)
{
	/* E: pairs with D, the packets up to it have been copied out */
	u32 peer = le32_to_cpu(virt_load_acquire(&ring->hdr->read_index));

	if (!vmb_ring_index_ok(ring, peer))
		return false;
	ring->peer = peer;
	return true;
}

/**
 * vmb_ring_put() - write one packet
 * @ring: the producer's end
 * @type: &enum vmb_pkt_type
 * @flags: %VMB_PKT_COMPLETION_REQUESTED or 0
 * @trans_id: cookie for the completion
 * @head: what comes between descriptor and payload (the rest of a GPA-direct
 *	or transfer-page head), or NULL; its length is a multiple of 8
 * @body: payload, or NULL; padded with zeroes to a multiple of 8
 *
 * The consumer does not see the packet before vmb_ring_publish(). Several
 * packets may be put before one publish.
 *
 * Context: any; the caller serialises all calls on @ring.
 * Return: 0, -EAGAIN when there is no space now, -EMSGSIZE when the packet
 * cannot be described or never fits this ring, -EINVAL when @head is not a
 * multiple of 8, -EPROTO when the consumer's index is nonsense: the ring is
 * unusable then. Nothing is written after an error.
 * See Documentation/protocol/ring.rst, "Packets".
 */
int vmb_ring_put(struct vmb_ring *ring, u16 type, u16 flags, u64 trans_id,
		 const struct kvec *head, const struct kvec *body)
{
	size_t head_len = head ? head->iov_len : 0;
	size_t body_len = body ? body->iov_len : 0;
	u8 *start = ring->data + ring->index, *p = start;
	struct vmb_pkt_desc desc;
	u32 total, used, ahead;
	__le64 trailer;

	if (head_len % 8)
		return -EINVAL;
	if (head_len > VMB_RING_MAX_PKT || body_len > VMB_RING_MAX_PKT)
		return -EMSGSIZE;
	total = vmb_ring_pkt_size(head_len, body_len);
	if (total - VMB_PKT_TRAILER > VMB_RING_MAX_PKT ||
	    total > ring->size - VMB_RING_GAP)
		return -EMSGSIZE;

	if (total > vmb_ring_free_cached(ring)) {
		if (!vmb_ring_read_consumer(ring))
			return -EPROTO;
		if (total > vmb_ring_free_cached(ring))
			return -EAGAIN;
	}

	/* only what is free: the consumer may be reading the rest */
	if (vmb_ring_free_cached(ring) >= total + VMB_RING_AHEAD)
		for (ahead = 0; ahead < total; ahead += VMB_RING_LINE)
			prefetchw(start + VMB_RING_AHEAD + ahead);

	desc.type = cpu_to_le16(type);
	desc.offset8 = cpu_to_le16((sizeof(desc) + head_len) / 8);
	desc.len8 = cpu_to_le16((total - VMB_PKT_TRAILER) / 8);
	desc.flags = cpu_to_le16(flags);
	desc.trans_id = cpu_to_le64(trans_id);
	trailer = cpu_to_le64((u64)ring->index << 32);

	memcpy(p, &desc, sizeof(desc));
	p += sizeof(desc);
	if (head_len)
		memcpy(p, head->iov_base, head_len);
	p += head_len;
	if (body_len)
		memcpy(p, body->iov_base, body_len);
	p += body_len;
	used = p - start;
	memset(p, 0, total - VMB_PKT_TRAILER - used);
	memcpy(start + total - VMB_PKT_TRAILER, &trailer, sizeof(trailer));

	ring->index = vmb_ring_advance(ring, ring->index, total);
	return 0;
}
EXPORT_SYMBOL_GPL(vmb_ring_put);

/**
 * vmb_ring_publish() - show the consumer all packets put so far
 * @ring: the producer's end
 *
 * Context: any; the caller serialises all calls on @ring.
 * Return: true when the consumer has to be signalled: it does not mask signals
 * and had read all that was published before, so it may be asleep. False too
 * when nothing was put.
 * See Documentation/protocol/ring.rst, "Signals to the consumer".
 */
bool vmb_ring_publish(struct vmb_ring *ring)
{
	u32 old = ring->published;

	if (ring->index == old)
		return false;

	/* A: pairs with B, the packets are complete before they are seen */
	virt_store_release(&ring->hdr->write_index, cpu_to_le32(ring->index));
	ring->published = ring->index;

	/* C: pairs with F and J, against a consumer that goes to sleep */
	virt_mb();
	if (READ_ONCE(ring->hdr->interrupt_mask))
		return false;

	/* G: pairs with F, an index at least as new as the mask */
	virt_rmb();
	return le32_to_cpu(READ_ONCE(ring->hdr->read_index)) == old;
}
EXPORT_SYMBOL_GPL(vmb_ring_publish);

/**
 * vmb_ring_space() - bytes that can be put now
 * @ring: the producer's end
 *
 * Reads the consumer's index. A packet fits when vmb_ring_pkt_size() of it is
 * not more than this; the word that always stays free is not counted.
 *
 * Context: any; the caller serialises all calls on @ring.
 * Return: bytes, 0 also when the consumer's index is nonsense.
 */
u32 vmb_ring_space(struct vmb_ring *ring)
{
	if (!vmb_ring_read_consumer(ring))
		return 0;
	return vmb_ring_free_cached(ring);
}
EXPORT_SYMBOL_GPL(vmb_ring_space);

/**
 * vmb_ring_drained() - has the consumer taken all that was published?
 * @ring: the producer's end
 *
 * Context: any; the caller serialises all calls on @ring.
 * Return: false also when the consumer's index is nonsense.
 */
bool vmb_ring_drained(struct vmb_ring *ring)
{
	return vmb_ring_read_consumer(ring) && ring->peer == ring->published;
}
EXPORT_SYMBOL_GPL(vmb_ring_drained);

/**
 * vmb_ring_wait_space() - ask for a signal when there is space
 * @ring: the producer's end; all packets put are published, because the
 *	consumer counts from the published index
 * @len: bytes wanted, from vmb_ring_pkt_size()
 *
 * Call again for another length. The wait goes on until vmb_ring_end_wait().
 * Only a consumer that honours pending_send_sz will signal.
 *
 * Context: any; the caller serialises all calls on @ring.
 * Return: true when the space is there already and no signal may come, or the
 * consumer's index is nonsense, which vmb_ring_put() will tell. False: a
 * signal will come when there is space.
 * See Documentation/protocol/ring.rst, "Signals to the producer".
 */
bool vmb_ring_wait_space(struct vmb_ring *ring, u32 len)
{
	WARN_ON_ONCE(ring->index != ring->published);

	WRITE_ONCE(ring->hdr->pending_send_sz, cpu_to_le32(len));
	/* H: pairs with F, against a consumer that makes space meanwhile */
	virt_mb();
	if (!vmb_ring_read_consumer(ring))
		return true;
	return vmb_ring_free_cached(ring) >= len;
}
EXPORT_SYMBOL_GPL(vmb_ring_wait_space);

/**
 * vmb_ring_end_wait() - no signal for space is wanted any more
 * @ring: the producer's end
 *
 * A signal that is under way may still come.
 *
 * Context: any; the caller serialises all calls on @ring.
 */
void vmb_ring_end_wait(struct vmb_ring *ring)
{
	/* no barrier: a consumer that misses it signals once too often */
	WRITE_ONCE(ring->hdr->pending_send_sz, 0);
}
EXPORT_SYMBOL_GPL(vmb_ring_end_wait);

/* Read the producer's index again. False when it is nonsense. */
static bool vmb_ring_read_producer(struct vmb_ring *ring)
{
	/* B: pairs with A, the packets up to it are complete */
	u32 peer = le32_to_cpu(virt_load_acquire(&ring->hdr->write_index));

	if (!vmb_ring_index_ok(ring, peer))
		return false;
	ring->peer = peer;
	return true;
}

/**
 * vmb_ring_get() - copy the next packet out and parse it
 * @ring: the consumer's end
 * @buf: private memory for the packet, aligned to 8 bytes
 * @buf_len: bytes of @buf
 * @pkt: filled in; its pointers point into @buf
 *
 * Reads the producer's index only when all packets up to the last one read
 * have been got. The producer may not reuse the space before
 * vmb_ring_release(). A consumer may go to sleep when this returns -EAGAIN
 * after the last release, with signals not masked; see vmb_ring_unmask().
 *
 * Context: any; the caller serialises all calls on @ring.
 * Return: 0, -EAGAIN when there is no packet, -EMSGSIZE when it is longer than
 * @buf (it stays the next one; %U16_MAX words are always enough), -EBADMSG
 * when the packet or the producer's index is malformed: the packet stays, and
 * the ring is unusable.
 * See Documentation/protocol/ring.rst, "Packets".
 */
int vmb_ring_get(struct vmb_ring *ring, void *buf, u32 buf_len,
		 struct vmb_packet *pkt)
{
	const u8 *start = ring->data + ring->index;
	union {
		struct vmb_pkt_desc desc;
		u64 words[2];
	} first;
	u32 avail, len, offset, ahead;
	int ret;

	avail = vmb_ring_distance(ring, ring->index, ring->peer);
	if (!avail) {
		if (!vmb_ring_read_producer(ring))
			return -EBADMSG;
		avail = vmb_ring_distance(ring, ring->index, ring->peer);
		if (!avail)
			return -EAGAIN;
		for (ahead = 0; ahead < min(avail, VMB_RING_AHEAD); ahead += VMB_RING_LINE)
			prefetch(start + ahead);
	}
	if (avail < sizeof(first) + VMB_PKT_TRAILER)
		return -EBADMSG;

	/*
	 * The lengths are read once, checked and kept: what is copied behind
	 * them may change until it is copied, they may not.
	 */
	first.words[0] = READ_ONCE(*(const u64 *)start);
	first.words[1] = READ_ONCE(*(const u64 *)(start + 8));
	len = le16_to_cpu(first.desc.len8) * 8U;
	offset = le16_to_cpu(first.desc.offset8) * 8U;
	if (offset < sizeof(first) || offset > len ||
	    len + VMB_PKT_TRAILER > avail)
		return -EBADMSG;
	if (len > buf_len)
		return -EMSGSIZE;

	/* only what is published: the producer may be writing the rest */
	for (ahead = VMB_RING_AHEAD;
	     ahead < min(avail, VMB_RING_AHEAD + len + VMB_PKT_TRAILER);
	     ahead += VMB_RING_LINE)
		prefetch(start + ahead);

	memcpy(buf, &first, sizeof(first));
	memcpy(buf + sizeof(first), start + sizeof(first), len - sizeof(first));
	/* nothing below may be turned into another read of the shared area */
	barrier();

	ret = vmb_packet_parse(pkt, buf, len);
	if (ret)
		return ret;
	ring->index = vmb_ring_advance(ring, ring->index, len + VMB_PKT_TRAILER);
	return 0;
}
EXPORT_SYMBOL_GPL(vmb_ring_get);

/**
 * vmb_ring_release() - give the space of all packets got back to the producer
 * @ring: the consumer's end
 *
 * Context: any; the caller serialises all calls on @ring.
 * Return: true when the producer has to be signalled: it waits for more space
 * than there was, and now there is more than that. False too when nothing was
 * got.
 * See Documentation/protocol/ring.rst, "Signals to the producer".
 */
bool vmb_ring_release(struct vmb_ring *ring)
{
	u32 released, pending, write_index, space;

	released = vmb_ring_unreleased(ring);
	if (!released)
		return false;

	/* D: pairs with E, all packets have been copied before it is seen */
	virt_store_release(&ring->hdr->read_index, cpu_to_le32(ring->index));
	ring->published = ring->index;

	/*
	 * F: pairs with H, against a producer that begins to wait, and with C:
	 * a consumer that finds nothing more from here on may go to sleep.
	 */
	virt_mb();
	if (!(le32_to_cpu(READ_ONCE(ring->hdr->feature_bits)) &
	      VMB_RING_FEAT_PENDING_SEND_SZ))
		return false;
	pending = le32_to_cpu(READ_ONCE(ring->hdr->pending_send_sz));
	if (!pending)
		return false;

	/* I: pairs with A, an index at least as new as pending_send_sz */
	virt_rmb();
	write_index = le32_to_cpu(READ_ONCE(ring->hdr->write_index));
	if (!vmb_ring_index_ok(ring, write_index))
		return false;

	/*
	 * Bytes not in use, the gap included, as inbox guests count. Only the
	 * release that crosses the mark signals: the producer either saw the
	 * space of the ones before it, or was signalled by one of them.
	 */
	space = ring->size - vmb_ring_distance(ring, ring->index, write_index);
	return space > pending && space <= (u64)pending + released;
}
EXPORT_SYMBOL_GPL(vmb_ring_release);

/**
 * vmb_ring_unreleased() - bytes got that the producer cannot use yet
 * @ring: the consumer's end
 *
 * For a consumer that gets packets for long, and has to decide when to release.
 *
 * Context: any; the caller serialises all calls on @ring.
 * Return: what vmb_ring_release() would give back.
 */
u32 vmb_ring_unreleased(const struct vmb_ring *ring)
{
	return vmb_ring_distance(ring, ring->published, ring->index);
}
EXPORT_SYMBOL_GPL(vmb_ring_unreleased);

/**
 * vmb_ring_readable() - is there something to get?
 * @ring: the consumer's end
 *
 * Reads the producer's index only when there is nothing up to the last one.
 *
 * Context: any; the caller serialises all calls on @ring.
 * Return: true when vmb_ring_get() will not return -EAGAIN; this includes an
 * index that is nonsense, which it will tell.
 */
bool vmb_ring_readable(struct vmb_ring *ring)
{
	if (ring->index != ring->peer)
		return true;
	return !vmb_ring_read_producer(ring) || ring->index != ring->peer;
}
EXPORT_SYMBOL_GPL(vmb_ring_readable);

/**
 * vmb_ring_mask() - ask the producer not to signal
 * @ring: the consumer's end
 *
 * A signal that is under way may still come.
 *
 * Context: any; the caller serialises all calls on @ring.
 * See Documentation/protocol/ring.rst, "Signals to the consumer".
 */
void vmb_ring_mask(struct vmb_ring *ring)
{
	/* no barrier: a producer that misses it signals once too often */
	WRITE_ONCE(ring->hdr->interrupt_mask, cpu_to_le32(1));
}
EXPORT_SYMBOL_GPL(vmb_ring_mask);

/**
 * vmb_ring_unmask() - ask the producer to signal again
 * @ring: the consumer's end; all packets got are released
 *
 * Context: any; the caller serialises all calls on @ring.
 * Return: true when there is something to get, for which no signal may come.
 * False: the next packet will be signalled, and the consumer may go to sleep.
 * See Documentation/protocol/ring.rst, "Signals to the consumer".
 */
bool vmb_ring_unmask(struct vmb_ring *ring)
{
	/*
	 * A plain store is enough in front: the full barrier F of the last
	 * release already lies between its read index and this.
	 */
	WRITE_ONCE(ring->hdr->interrupt_mask, 0);
	/* J: pairs with C, against a producer that still saw the mask */
	virt_mb();
	return vmb_ring_readable(ring);
}
EXPORT_SYMBOL_GPL(vmb_ring_unmask);
