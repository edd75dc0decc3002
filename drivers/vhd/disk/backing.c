// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files. What describes an image is read through the page cache, so the part of
 * it that is in use is what is in memory, and reclaim takes it back as it takes
 * back pages of any file.
 */
#define pr_fmt(fmt) "vhd: " fmt

#include <linux/blkdev.h>
#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/uio.h>
#include <uapi/linux/magic.h>

#include "../image.h"
#include "backing.h"

/* So much at a time is written directly at most. */
#define BOUNCE_BYTES	4096U

/* Protects the list: who uses which file. */
static DEFINE_MUTEX(backings_lock);
static LIST_HEAD(backings);

static int backing_read(void *file, u64 pos, void *buf, size_t len)
{
	return vhd_backing_peek(file, pos, buf, len, false);
}

/*
 * What is in one folio of the page cache, as filemap_read() would find it, but with fewer
 * instructions: each request asks for a few bytes of a table.
 */
static bool peek_cached(struct vhd_backing *b, u64 pos, void *buf, size_t len)
{
	struct folio *folio = filemap_get_folio(b->file->f_mapping, pos >> PAGE_SHIFT);
	size_t offset;
	bool found;

	if (IS_ERR(folio))
		return false;
	offset = offset_in_folio(folio, pos);
	/* the size after it was found to be up to date, as filemap_read() has it */
	found = folio_test_uptodate(folio) && !folio_contain_hwpoisoned_page(folio) &&
		len <= folio_size(folio) - offset &&
		vhd_inside(pos, len, i_size_read(file_inode(b->file)));
	if (found) {
		memcpy_from_folio(buf, folio, offset, len);
		folio_mark_accessed(folio);
	}
	folio_put(folio);
	return found;
}

/**
 * vhd_backing_peek() - read what describes an image
 * @b: the file
 * @pos: byte in it
 * @buf: gets @len bytes
 * @len: how many
 * @nowait: only what is in memory
 *
 * Context: may sleep, but does not wait for a device if @nowait.
 * Return: 0, -EAGAIN if @nowait and it is not in memory, -EUCLEAN behind the
 * file's end, or what the file says.
 */
int vhd_backing_peek(struct vhd_backing *b, u64 pos, void *buf, size_t len, bool nowait)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct iov_iter iter;
	struct kiocb iocb;
	ssize_t n;

	if (peek_cached(b, pos, buf, len))
		return 0;
	init_sync_kiocb(&iocb, b->file);
	iocb.ki_pos = pos;
	if (nowait && b->nowait)
		iocb.ki_flags |= IOCB_NOWAIT;
	else if (nowait && !b->in_memory)
		return -EAGAIN;
	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, len);
	while (iov_iter_count(&iter)) {
		n = b->file->f_op->read_iter(&iocb, &iter);
		if (n < 0)
			return n;
		/* what is partly in memory ends early */
		if (!n)
			return nowait ? -EAGAIN : -EUCLEAN;
	}
	return 0;
}

/**
 * vhd_backing_in_memory() - is writing there a matter of copying only?
 * @b: the file
 * @pos: byte in it
 * @len: how many
 *
 * Context: any.
 * Return: true if the file is in memory, and has pages for all of the bytes; one that is
 * punched out meanwhile may be missed.
 */
bool vhd_backing_in_memory(struct vhd_backing *b, u64 pos, u64 len)
{
	u64 end = pos + len;
	struct folio *folio;

	if (!b->in_memory)
		return false;
	while (pos < end) {
		folio = filemap_get_folio(b->file->f_mapping, pos >> PAGE_SHIFT);
		if (IS_ERR(folio))
			return false;
		pos = folio_pos(folio) + folio_size(folio);
		folio_put(folio);
	}
	return true;
}

/**
 * vhd_backing_rw() - read or write data, and wait for it
 * @b: the file
 * @rw: ITER_SOURCE to write, ITER_DEST to read
 * @pos: byte in it
 * @len: how many
 * @iter: to where or from where, and goes on behind them
 * @fua: what is written is to be on stable storage
 *
 * Directly, if the file can do that.
 *
 * Context: may sleep.
 * Return: 0; -EIO behind the file's end; or what the file says.
 */
int vhd_backing_rw(struct vhd_backing *b, int rw, u64 pos, u64 len, struct iov_iter *iter,
		   bool fua)
{
	struct iov_iter part;
	struct kiocb iocb;
	ssize_t n;

	while (len) {
		part = *iter;
		iov_iter_truncate(&part, len);
		init_sync_kiocb(&iocb, b->file);
		iocb.ki_pos = pos;
		if (b->direct)
			iocb.ki_flags |= IOCB_DIRECT;
		if (fua)
			iocb.ki_flags |= IOCB_DSYNC;
		if (rw == ITER_SOURCE) {
			iocb.ki_flags |= IOCB_WRITE;
			file_start_write(b->file);
			n = b->file->f_op->write_iter(&iocb, &part);
			file_end_write(b->file);
		} else {
			n = b->file->f_op->read_iter(&iocb, &part);
		}
		if (n < 0)
			return n;
		if (!n)
			return -EIO;
		iov_iter_advance(iter, n);
		pos += n;
		len -= n;
	}
	return 0;
}

/* One part of a few sectors, all of it or an error. */
static int direct_part(struct vhd_backing *b, int rw, u64 pos, void *buf, size_t len)
{
	struct iov_iter iter;
	struct bio_vec bvec;
	struct kiocb iocb;
	ssize_t n;

	bvec_set_virt(&bvec, buf, len);
	iov_iter_bvec(&iter, rw, &bvec, 1, len);
	init_sync_kiocb(&iocb, b->file);
	iocb.ki_pos = pos;
	iocb.ki_flags |= IOCB_DIRECT;
	if (rw == ITER_SOURCE)
		n = b->file->f_op->write_iter(&iocb, &iter);
	else
		n = b->file->f_op->read_iter(&iocb, &iter);
	if (n < 0)
		return n;
	/* a read may end at the file's end */
	if (n < len && rw == ITER_DEST)
		memset(buf + n, 0, len - n);
	else if (n < len)
		return -EIO;
	return 0;
}

/* Whole sectors, the rest of which is read first. Nothing else writes them. */
static int write_sectors(struct vhd_backing *b, u64 pos, const void *buf, size_t len)
{
	u32 head, part, span;
	void *bounce;
	int ret = 0;

	bounce = kmalloc(BOUNCE_BYTES, GFP_NOIO);
	if (!bounce)
		return -ENOMEM;
	for (; len && !ret; pos += part, buf += part, len -= part) {
		head = pos % VHD_SECTOR;
		part = min_t(size_t, len, BOUNCE_BYTES - head);
		span = ALIGN(head + part, VHD_SECTOR);
		if (part < span)
			ret = direct_part(b, ITER_DEST, pos - head, bounce, span);
		if (ret)
			break;
		memcpy(bounce + head, buf, part);
		ret = direct_part(b, ITER_SOURCE, pos - head, bounce, span);
	}
	kfree(bounce);
	return ret;
}

static int write_cached(struct vhd_backing *b, u64 pos, const void *buf, size_t len)
{
	struct kvec vec = { .iov_base = (void *)buf, .iov_len = len };
	struct iov_iter iter;
	struct kiocb iocb;
	ssize_t n = 1;

	init_sync_kiocb(&iocb, b->file);
	iocb.ki_pos = pos;
	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, len);
	while (iov_iter_count(&iter) && n > 0)
		n = b->file->f_op->write_iter(&iocb, &iter);
	return n < 0 ? n : n ? 0 : -EIO;
}

static int backing_write(void *file, u64 pos, const void *buf, size_t len)
{
	struct vhd_backing *b = file;
	int ret;

	/*
	 * What an entry of a table leads to has to be seen before the entry is:
	 * the file's size, above all. Pairs with smp_rmb() in layer.c.
	 */
	smp_wmb();
	file_start_write(b->file);
	ret = b->by_sector ? write_sectors(b, pos, buf, len) : write_cached(b, pos, buf, len);
	file_end_write(b->file);
	return ret;
}

static int backing_zero(void *file, u64 pos, u64 len)
{
	struct vhd_backing *b = file;
	void *zeros;
	u64 part;
	int ret;

	ret = vfs_fallocate(b->file, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, pos, len);
	if (ret != -EOPNOTSUPP)
		return ret;
	zeros = kzalloc(BOUNCE_BYTES, GFP_KERNEL);
	if (!zeros)
		return -ENOMEM;
	for (ret = 0; len && !ret; pos += part, len -= part) {
		part = min_t(u64, len, BOUNCE_BYTES);
		ret = backing_write(file, pos, zeros, part);
	}
	kfree(zeros);
	return ret;
}

static int backing_resize(void *file, u64 size)
{
	struct vhd_backing *b = file;
	struct iattr attr = {
		.ia_valid = ATTR_SIZE | ATTR_FILE,
		.ia_size = size,
		.ia_file = b->file,
	};
	struct dentry *dentry = b->file->f_path.dentry;
	int ret;

	/* vfs_truncate() would take this writer for a stranger */
	file_start_write(b->file);
	inode_lock(d_inode(dentry));
	ret = notify_change(file_mnt_idmap(b->file), dentry, &attr, NULL);
	inode_unlock(d_inode(dentry));
	file_end_write(b->file);
	return ret;
}

static int backing_flush(void *file)
{
	struct vhd_backing *b = file;

	return vfs_fsync(b->file, 0);
}

/**
 * vhd_backing_same() - are these two one file?
 * @a: one
 * @b: the other
 *
 * Return: true if so.
 */
bool vhd_backing_same(const struct vhd_backing *a, const struct vhd_backing *b)
{
	return file_inode(a->file) == file_inode(b->file);
}

static struct vhd_backing *backing_other(const struct vhd_backing *b)
{
	struct vhd_backing *other;

	lockdep_assert_held(&backings_lock);
	list_for_each_entry(other, &backings, link)
		if (vhd_backing_same(b, other))
			return other;
	return NULL;
}

static int backing_claim(struct vhd_backing *b, struct vhd_error *err)
{
	struct inode *inode = file_inode(b->file);
	const struct vhd_backing *other = backing_other(b);

	if (other && (b->writable || other->writable))
		return vhd_fail(err, -EBUSY, "another disk %s the file",
				other->writable ? "writes" : "reads");
	if (b->writable) {
		/*
		 * From the one writer, which is @b->file, to what keeps others from
		 * becoming one: they get ETXTBSY, as for a program that runs.
		 */
		if (atomic_cmpxchg(&inode->i_writecount, 1, -1) != 1)
			return vhd_fail(err, -ETXTBSY, "somebody has the file open for writing");
	} else if (deny_write_access(b->file)) {
		return vhd_fail(err, -ETXTBSY, "somebody has the file open for writing");
	}
	/* memory for the file must not be had by writing to the disk in it */
	b->gfp = other ? other->gfp : mapping_gfp_mask(inode->i_mapping);
	mapping_set_gfp_mask(inode->i_mapping, b->gfp & ~(__GFP_IO | __GFP_FS));
	list_add(&b->link, &backings);
	return 0;
}

static struct file *backing_file(const char *path, bool writable, struct vhd_error *err)
{
	int mask = MAY_READ | (writable ? MAY_WRITE : 0);
	struct file *file;
	struct path p;
	int ret;

	ret = kern_path(path, LOOKUP_FOLLOW, &p);
	if (ret) {
		vhd_fail(err, ret, "there is no such file: error %d", -ret);
		return NULL;
	}
	/* what opening a device does, a path in an image may not ask for */
	if (!d_is_reg(p.dentry))
		ret = vhd_fail(err, -EINVAL, "it is not a regular file");
	if (!ret) {
		ret = inode_permission(mnt_idmap(p.mnt), d_inode(p.dentry), mask);
		if (ret)
			vhd_fail(err, ret, "it may not be %s: error %d",
				 writable ? "written" : "read", -ret);
	}
	file = NULL;
	if (!ret) {
		file = dentry_open(&p, (writable ? O_RDWR : O_RDONLY) | O_LARGEFILE | O_NOATIME,
				   current_cred());
		if (IS_ERR(file)) {
			ret = PTR_ERR(file);
			file = NULL;
			if (ret == -ETXTBSY)
				vhd_fail(err, ret, "it is in use, by a disk or as a program");
			else
				vhd_fail(err, ret, "it cannot be opened: error %d", -ret);
		}
	}
	path_put(&p);
	return file;
}

/* The file is open, and claimed. */
static void backing_ready(struct vhd_backing *b)
{
	/* entries of tables are read here and there */
	spin_lock(&b->file->f_lock);
	b->file->f_mode |= FMODE_RANDOM;
	spin_unlock(&b->file->f_lock);
	b->nowait = b->file->f_mode & FMODE_NOWAIT;
	b->in_memory = shmem_mapping(b->file->f_mapping);
	b->io.read = backing_read;
	b->io.write = b->writable ? backing_write : NULL;
	b->io.zero = b->writable ? backing_zero : NULL;
	b->io.resize = b->writable ? backing_resize : NULL;
	b->io.flush = b->writable ? backing_flush : NULL;
	b->io.file = b;
}

/**
 * vhd_backing_open() - open an image's file
 * @b: zeroed; is filled in
 * @path: absolute
 * @writable: to write it, too
 * @err: set on failure
 *
 * Nobody can open it for writing until it is closed; who writes it already is
 * a reason to refuse it.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for what is no regular file; -ETXTBSY when a program, and
 * -EBUSY when another disk uses it in a way that does not go together with
 * this; or what opening it says.
 */
int vhd_backing_open(struct vhd_backing *b, const char *path, bool writable,
		     struct vhd_error *err)
{
	int ret;

	b->path = kstrdup(path, GFP_KERNEL);
	if (!b->path)
		return vhd_fail(err, -ENOMEM, "no memory for a path");
	b->file = backing_file(path, writable, err);
	ret = b->file ? 0 : err->code;
	if (!ret && (!b->file->f_op->read_iter || (writable && !b->file->f_op->write_iter)))
		ret = vhd_fail(err, -EINVAL, "its file system does not let the kernel use it");
	b->writable = writable;
	if (!ret) {
		mutex_lock(&backings_lock);
		ret = backing_claim(b, err);
		mutex_unlock(&backings_lock);
	}
	if (ret) {
		if (b->file)
			fput(b->file);
		b->file = NULL;
		kfree(b->path);
		b->path = NULL;
		return ret;
	}
	backing_ready(b);
	b->io.size = i_size_read(file_inode(b->file));
	return 0;
}

/**
 * vhd_backing_take() - a file that is only read is to be written
 * @b: nobody uses it meanwhile
 * @err: set on failure
 *
 * The file is the same, whatever its path leads to by now.
 *
 * Context: may sleep.
 * Return: 0; -EBUSY when another disk reads it; or another negative errno. Then it is
 * as it was.
 */
int vhd_backing_take(struct vhd_backing *b, struct vhd_error *err)
{
	struct inode *inode = file_inode(b->file);
	struct file *file = NULL, *old = NULL;
	int ret = 0;

	if (!b->file->f_op->write_iter)
		return vhd_fail(err, -EINVAL, "its file system does not let the kernel write it");
	if (inode_permission(file_mnt_idmap(b->file), inode, MAY_WRITE))
		return vhd_fail(err, -EACCES, "it may not be written");
	mutex_lock(&backings_lock);
	list_del(&b->link);
	if (backing_other(b)) {
		ret = vhd_fail(err, -EBUSY, "another disk reads the file");
	} else if (b->unguarded) {
		ret = vhd_fail(err, -ETXTBSY, "somebody else may have it open for writing");
	} else if (!(b->file->f_mode & FMODE_WRITE)) {
		/* nobody is kept from writing it for a moment, but is noticed */
		allow_write_access(b->file);
		file = dentry_open(&b->file->f_path, O_RDWR | O_LARGEFILE | O_NOATIME,
				   current_cred());
		if (IS_ERR(file)) {
			ret = vhd_fail(err, PTR_ERR(file), "it cannot be written: error %ld",
				       -PTR_ERR(file));
		} else if (atomic_cmpxchg(&inode->i_writecount, 1, -1) != 1) {
			ret = vhd_fail(err, -ETXTBSY, "somebody has the file open for writing");
			__fput_sync(file);
		}
		if (!ret) {
			old = b->file;
			b->file = file;
		} else if (deny_write_access(b->file)) {
			b->unguarded = true;
			pr_warn("%s: somebody has just begun to write to it: it may be damaged\n",
				b->path);
		}
	}
	if (!ret)
		b->writable = true;
	list_add(&b->link, &backings);
	mutex_unlock(&backings_lock);
	if (old)
		fput(old);
	if (!ret)
		backing_ready(b);
	return ret;
}

/**
 * vhd_backing_close() - let go of a file
 * @b: may not be open
 *
 * Context: may sleep.
 */
void vhd_backing_close(struct vhd_backing *b)
{
	if (!b->file)
		return;
	mutex_lock(&backings_lock);
	list_del(&b->link);
	if (!backing_other(b))
		mapping_set_gfp_mask(b->file->f_mapping, b->gfp);
	/* fput() takes one writer away */
	if (b->file->f_mode & FMODE_WRITE)
		atomic_add(2, &file_inode(b->file)->i_writecount);
	else if (!b->unguarded)
		allow_write_access(b->file);
	mutex_unlock(&backings_lock);
	fput(b->file);
	b->file = NULL;
	kfree(b->path);
	b->path = NULL;
}

/**
 * vhd_backing_settle() - the file is not written any more
 * @b: open for writing
 *
 * From now on others may read it as well, as if it had been opened to be read.
 *
 * Context: may sleep.
 */
void vhd_backing_settle(struct vhd_backing *b)
{
	mutex_lock(&backings_lock);
	b->writable = false;
	mutex_unlock(&backings_lock);
	backing_ready(b);
}

static bool on_btrfs(struct vhd_backing *b)
{
	return file_inode(b->file)->i_sb->s_magic == BTRFS_SUPER_MAGIC;
}

/*
 * Does the file system sum up what it writes? A guest may change its memory meanwhile, as
 * it may with any disk, and what does not have its sum is never read again.
 */
static bool summed_up(struct vhd_backing *b)
{
	return on_btrfs(b) && mapping_stable_writes(b->file->f_mapping);
}

/* What a position in the file, and a length, have to be a multiple of; 0: never */
static u32 direct_alignment(struct vhd_backing *b)
{
	struct super_block *sb = file_inode(b->file)->i_sb;
	struct kstat stat;

	if (!(b->file->f_mode & FMODE_CAN_ODIRECT) || summed_up(b))
		return 0;
	/* which does not say so, and copies what is shorter by the page cache */
	if (on_btrfs(b))
		return sb->s_blocksize;
	if (!vfs_getattr(&b->file->f_path, &stat, STATX_DIOALIGN, 0) &&
	    stat.result_mask & STATX_DIOALIGN)
		return stat.dio_offset_align;
	return sb->s_bdev ? bdev_logical_block_size(sb->s_bdev) : VHD_SECTOR;
}

/**
 * vhd_backing_direct() - find out whether data can be read and written directly
 * @b: the file
 * @sector_size: of the disk: what is asked for is a multiple
 * @mixed: data may be anywhere where a sector may, beside structures
 *
 * Otherwise it is copied to and from the page cache.
 *
 * Context: may sleep.
 */
void vhd_backing_direct(struct vhd_backing *b, u32 sector_size, bool mixed)
{
	u32 align = direct_alignment(b);

	b->direct = align && align <= (mixed ? VHD_SECTOR : sector_size);
	b->by_sector = b->direct && mixed;
	if (b->direct)
		return;
	if (align)
		pr_info("%s: direct I/O needs multiples of %u bytes: data is copied by the page cache\n",
			b->path, align);
	else if (summed_up(b))
		pr_info("%s: its file system sums data up: data is copied by the page cache (chattr +C before it is written has it direct)\n",
			b->path);
	else
		pr_info("%s: its file system has no direct I/O: data is copied by the page cache\n",
			b->path);
}
