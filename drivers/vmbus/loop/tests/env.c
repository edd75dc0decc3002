// SPDX-License-Identifier: GPL-2.0-only
/*
 * Directories and files, as a program would make and write them, and the bus of a
 * partition that is made so.
 */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/slab.h>

#include "env.h"

int env_mkdir(const char *name)
{
	struct dentry *dentry;
	struct path path;
	int ret;

	dentry = kern_path_create(AT_FDCWD, name, &path, LOOKUP_DIRECTORY);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	ret = vfs_mkdir(mnt_idmap(path.mnt), d_inode(path.dentry), dentry, 0755);
	done_path_create(&path, dentry);
	return ret;
}

int env_rmdir(const char *name)
{
	const char *last = kbasename(name);
	struct dentry *dentry;
	struct inode *dir;
	struct path path;
	char *parent;
	int ret;

	parent = kstrndup(name, last - 1 - name, GFP_KERNEL);
	if (!parent)
		return -ENOMEM;
	ret = kern_path(parent, LOOKUP_DIRECTORY, &path);
	kfree(parent);
	if (ret)
		return ret;
	dir = d_inode(path.dentry);
	inode_lock_nested(dir, I_MUTEX_PARENT);
	dentry = lookup_one_len(last, path.dentry, strlen(last));
	ret = PTR_ERR_OR_ZERO(dentry);
	if (!ret) {
		ret = vfs_rmdir(mnt_idmap(path.mnt), dir, dentry);
		dput(dentry);
	}
	inode_unlock(dir);
	path_put(&path);
	return ret;
}

int env_write(const char *name, const char *text)
{
	struct file *file = filp_open(name, O_WRONLY, 0);
	loff_t pos = 0;
	ssize_t ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = kernel_write(file, text, strlen(text), &pos);
	/* what was written to an attribute takes effect here at the latest */
	filp_close(file, NULL);
	return min_t(ssize_t, ret, 0);
}

bool env_there(const char *path)
{
	struct path p;

	if (kern_path(path, 0, &p))
		return false;
	path_put(&p);
	return true;
}

int env_loop(struct vmb_loop **loop)
{
	struct vmb_loop *made = vmb_loop_create(ENV_PARTITION, 0);

	*loop = IS_ERR(made) ? NULL : made;
	return IS_ERR(made) ? PTR_ERR(made) : vmb_guest_bus_connect(made->guest);
}
