// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/visibility.h>
#include <linux/slab.h>

#include "bits.h"

/**
 * vhd_bits_init() - begin without any
 * @bits: of an image
 * @img: the image
 */
void vhd_bits_init(struct vhd_disk_bits *bits, const struct vhd_image *img)
{
	xa_init_flags(&bits->chunks, XA_FLAGS_LOCK_IRQ);
	bits->nr = 0;
	bits->sectors = VHD_BITS_SECTORS;
	if (img->blocks)
		bits->sectors = min_t(u64, VHD_BITS_SECTORS,
				      vhd_block_size(img) / img->sector_size);
	bits->top_first = img->format == VHD_FORMAT_VHD;
}
EXPORT_SYMBOL_IF_KUNIT(vhd_bits_init);

/**
 * vhd_bits_exit() - forget what was not written
 * @bits: of an image nobody uses
 */
void vhd_bits_exit(struct vhd_disk_bits *bits)
{
	struct vhd_bits_chunk *chunk;
	unsigned long index;

	xa_for_each(&bits->chunks, index, chunk)
		kfree(chunk);
	xa_destroy(&bits->chunks);
}
EXPORT_SYMBOL_IF_KUNIT(vhd_bits_exit);

/* Returns NULL, the chunk that is there already, or an error. */
static struct vhd_bits_chunk *bits_add(struct vhd_disk_bits *bits, unsigned long index,
				       struct vhd_bits_chunk *fresh)
{
	struct vhd_bits_chunk *chunk = ERR_PTR(-EBUSY);

	xa_lock_irq(&bits->chunks);
	if (bits->nr < VHD_BITS_MAX) {
		/* counted first: the lock may be let go of for memory */
		bits->nr++;
		chunk = __xa_cmpxchg(&bits->chunks, index, NULL, fresh, GFP_NOIO);
		if (chunk)
			bits->nr--;
		if (xa_is_err(chunk))
			chunk = ERR_PTR(xa_err(chunk));
	}
	xa_unlock_irq(&bits->chunks);
	return chunk;
}

/**
 * vhd_bits_get() - have room for bits that a write will set
 * @bits: of an image
 * @sector: of the disk
 * @nowait: only if it is there already
 *
 * Context: may sleep, unless @nowait.
 * Return: the chunk, until vhd_bits_set() or vhd_bits_put(); -EAGAIN if @nowait and it is
 * not there; -EBUSY when there are %VHD_BITS_MAX others; or -ENOMEM.
 */
struct vhd_bits_chunk *vhd_bits_get(struct vhd_disk_bits *bits, u64 sector, bool nowait)
{
	unsigned long index = sector / bits->sectors, flags;
	struct vhd_bits_chunk *chunk, *fresh;

	for (;;) {
		xa_lock_irqsave(&bits->chunks, flags);
		chunk = xa_load(&bits->chunks, index);
		if (chunk)
			chunk->busy++;
		xa_unlock_irqrestore(&bits->chunks, flags);
		if (chunk)
			return chunk;
		if (nowait)
			return ERR_PTR(-EAGAIN);
		fresh = kzalloc(sizeof(*fresh), GFP_NOIO);
		if (!fresh)
			return ERR_PTR(-ENOMEM);
		fresh->busy = 1;
		chunk = bits_add(bits, index, fresh);
		if (!chunk)
			return fresh;
		kfree(fresh);
		if (IS_ERR(chunk))
			return chunk;
		/* somebody else was faster, or has taken it away again */
	}
}
EXPORT_SYMBOL_IF_KUNIT(vhd_bits_get);

static void bits_or(const struct vhd_disk_bits *bits, u8 *bytes, u32 first, u32 count)
{
	u32 i;

	for (i = first; count; count--, i++)
		bytes[i / 8] |= bits->top_first ? 0x80 >> i % 8 : 1 << i % 8;
}

/**
 * vhd_bits_set() - a write has ended
 * @bits: of an image
 * @chunk: from vhd_bits_get() for the same @sector; not the caller's any more
 * @sector: of the disk
 * @count: sectors that were written, all in the chunk
 *
 * Context: any.
 */
void vhd_bits_set(struct vhd_disk_bits *bits, struct vhd_bits_chunk *chunk, u64 sector, u32 count)
{
	unsigned long flags;

	xa_lock_irqsave(&bits->chunks, flags);
	bits_or(bits, chunk->fresh, sector % bits->sectors, count);
	chunk->busy--;
	xa_unlock_irqrestore(&bits->chunks, flags);
}
EXPORT_SYMBOL_IF_KUNIT(vhd_bits_set);

/**
 * vhd_bits_put() - a write has failed
 * @bits: of an image
 * @chunk: from vhd_bits_get(); not the caller's any more
 *
 * An empty chunk stays until the next flush.
 *
 * Context: any.
 */
void vhd_bits_put(struct vhd_disk_bits *bits, struct vhd_bits_chunk *chunk)
{
	unsigned long flags;

	xa_lock_irqsave(&bits->chunks, flags);
	chunk->busy--;
	xa_unlock_irqrestore(&bits->chunks, flags);
}
EXPORT_SYMBOL_IF_KUNIT(vhd_bits_put);

/**
 * vhd_bits_peek() - which bits are set
 * @bits: of an image
 * @sector: the first, a multiple of eight
 * @buf: gets @bytes; ordered as in the file
 * @bytes: sectors / 8, none of them in the next chunk
 *
 * Who reads the file's bits has to do so after this: bits go from here only when
 * they are there.
 *
 * Context: any.
 */
void vhd_bits_peek(struct vhd_disk_bits *bits, u64 sector, u8 *buf, u32 bytes)
{
	u32 first = sector % bits->sectors / 8, i;
	struct vhd_bits_chunk *chunk;
	unsigned long flags;

	memset(buf, 0, bytes);
	xa_lock_irqsave(&bits->chunks, flags);
	chunk = xa_load(&bits->chunks, sector / bits->sectors);
	for (i = 0; chunk && i < bytes; i++)
		buf[i] = chunk->fresh[first + i] | chunk->ripe[first + i];
	xa_unlock_irqrestore(&bits->chunks, flags);
}
EXPORT_SYMBOL_IF_KUNIT(vhd_bits_peek);

/* All fresh bits become ripe, or the other way round. */
static void bits_move(struct vhd_disk_bits *bits, bool ripen)
{
	struct vhd_bits_chunk *chunk;
	unsigned long index, flags;
	u32 i;

	xa_for_each(&bits->chunks, index, chunk) {
		u8 *from = ripen ? chunk->fresh : chunk->ripe;
		u8 *to = ripen ? chunk->ripe : chunk->fresh;

		xa_lock_irqsave(&bits->chunks, flags);
		for (i = 0; i < VHD_BITS_BYTES; i++)
			to[i] |= from[i];
		memset(from, 0, VHD_BITS_BYTES);
		xa_unlock_irqrestore(&bits->chunks, flags);
	}
}

/**
 * vhd_bits_ripen() - a flush of the data begins
 * @bits: of an image; one caller at a time, here and below
 *
 * Context: may sleep.
 */
void vhd_bits_ripen(struct vhd_disk_bits *bits)
{
	bits_move(bits, true);
}
EXPORT_SYMBOL_IF_KUNIT(vhd_bits_ripen);

/**
 * vhd_bits_unripen() - the flush has failed
 * @bits: of an image
 *
 * Context: may sleep.
 */
void vhd_bits_unripen(struct vhd_disk_bits *bits)
{
	bits_move(bits, false);
}
EXPORT_SYMBOL_IF_KUNIT(vhd_bits_unripen);

/**
 * vhd_bits_next() - the next chunk whose ripe bits go to the file
 * @bits: of an image
 * @index: from 0 on; is set to its number
 *
 * Only the caller of this takes chunks away, so it may use what it gets.
 *
 * Return: the chunk, or NULL.
 */
struct vhd_bits_chunk *vhd_bits_next(struct vhd_disk_bits *bits, unsigned long *index)
{
	return xa_find(&bits->chunks, index, ULONG_MAX, XA_PRESENT);
}
EXPORT_SYMBOL_IF_KUNIT(vhd_bits_next);

/**
 * vhd_bits_done() - a chunk's ripe bits are in the file
 * @bits: of an image
 * @index: of the chunk, which may be gone afterwards
 *
 * Context: may sleep.
 */
void vhd_bits_done(struct vhd_disk_bits *bits, unsigned long index)
{
	struct vhd_bits_chunk *chunk;
	unsigned long flags;

	xa_lock_irqsave(&bits->chunks, flags);
	chunk = xa_load(&bits->chunks, index);
	memset(chunk->ripe, 0, VHD_BITS_BYTES);
	if (chunk->busy || memchr_inv(chunk->fresh, 0, VHD_BITS_BYTES)) {
		chunk = NULL;
	} else {
		__xa_erase(&bits->chunks, index);
		bits->nr--;
	}
	xa_unlock_irqrestore(&bits->chunks, flags);
	kfree(chunk);
}
EXPORT_SYMBOL_IF_KUNIT(vhd_bits_done);
